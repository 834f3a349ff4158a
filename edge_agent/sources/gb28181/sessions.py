"""Opens media of registered devices: a camera's own thread asks, the platform's thread signals to the device.

```
camera's thread ── open ─▶ port open ─▶ INVITE ─▶ 200 ─▶ Media: a bound socket, who sends, what to expect
                                                           │ the camera reads; `ended` says what became of the session
                ◀── leave ── BYE, answered ◀───────────────┘ the port is held until nothing can come late
```
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeAlias, TypeVar

from edge_agent.clock import Clock
from edge_agent.errors import Ended, NoPicture, Silent, SourceError, Unreachable
from edge_agent.gb28181.devices.events import Event, Keep, Online, RecordsTaken, TurnedAway
from edge_agent.gb28181.endpoint import NotThereError
from edge_agent.gb28181.manscdp.records import DeviceRecording
from edge_agent.gb28181.media.sdp import Transport
from edge_agent.gb28181.platform import Commands, NotServing, Signalling
from edge_agent.gb28181.sessions.invite import (
    Accepted,
    Cause,
    ChannelFree,
    DeviceRoute,
    Invitation,
    PortFree,
    SessionEnded,
    SessionEvent,
    Span,
)
from edge_agent.sources.gb28181.invite_mapping import agreed, refused, turned_away, wanted
from edge_agent.sources.gb28181.media_socket import Media
from edge_agent.sources.gb28181.ports import HeldPorts, MediaPorts, NoPortError
from edge_agent.sources.gb28181.record_query import RecordingLists
from provisioning.contracts.causes import gb28181
from provisioning.contracts.config.processes import Gb28181Source
from provisioning.sip.errors import ProtocolError
from provisioning.sip.moment import Now

_T = TypeVar("_T")
_Key: TypeAlias = tuple[str, str, int, bool]
"""Device, channel, stream, and True for recordings: of each there is one session at a time."""
_STOPS: Final = gb28181.PLATFORM_STOPS()
_LOOK_S: Final = 1.0
_AWAY_S: Final = 1.0
"""A reader asks twice a second whether its session is over; after a longer pause its taker has held it up."""


@dataclass(frozen=True, slots=True)
class SessionTimeouts:
    """Time-outs of the steps of a session, in seconds."""

    online_s: float = 20.0
    """Seconds to wait for a device that is not registered."""
    answer_s: float = 20.0
    """The dialog gives up after 10 s and a CANCEL of 5; this is for a platform that hangs."""
    gap_s: float = 2.0
    """Between the end of a session and the next INVITE: devices answer 486 before."""
    records_s: float = 620.0
    """Seconds to wait for a list of recordings: the query ends after ten minutes."""
    drain_s: float = 3.0
    """A recording is at its end; what is on the way still counts, until nothing usable has come for so long."""
    begin_s: float = 10.0
    """Such a silence for a recording of which nothing has come yet: its receiver may only just have begun."""


@dataclass(slots=True)
class _Call:
    """State of one session, written by the platform's thread, read by the camera's."""

    moved: threading.Condition
    """Wakes the one camera that waits for the session."""
    accepted: Accepted | None = None
    ended: SessionEnded | None = None
    ended_s: float = 0.0
    is_channel_free: bool = False
    is_port_free: bool = False
    is_left: bool = False
    pictured_s: float | None = None
    """Monotonic second of the newest usable picture."""
    asked_s: float | None = None
    """Monotonic second in which its reader last asked for its end."""
    resumed_s: float = 0.0
    """Monotonic second from which it is read again: nothing is read while a picture's taker is slow."""
    quiet_from_s: float | None = None
    """Monotonic second from which the device may be invited again, and what it sends is late: the BYE was heard, and a
    moment has passed."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that the device accepted."""

    media: Media
    picture: Callable[[], None]
    """To be called for each usable picture."""
    cause: Callable[[], Cause | None]
    """Returns why the session ended; None while it lasts."""


class MediaSessions:
    """Thread-safe. `heard` is for the platform, `run` for a thread of its own, `open` for cameras."""

    def __init__(
        self,
        ports: MediaPorts,
        signalling: Signalling,
        clock: Clock,
        patience: SessionTimeouts | None = None,
    ) -> None:
        """Nothing is opened yet."""
        self._ports = ports
        self._signalling = signalling
        self._clock = clock
        self._patience = patience or SessionTimeouts()
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self._arrivals: dict[str, threading.Condition] = {}
        """Wakes a device's cameras. After a restart thousands come within a minute: each wakes only its own cameras."""
        self._turned_away: dict[str, TurnedAway] = {}
        """Last refused registration by device. Devices that were let in since are not here."""
        self._calls: dict[int, _Call] = {}
        self._last: dict[_Key, _Call] = {}
        self._held = HeldPorts()
        self._lists = RecordingLists(signalling, self._patience.records_s)

    # --- the platform's side

    def heard(self, event: Event) -> None:
        """Takes an event of a session, a query or a device."""
        match event:
            case RecordsTaken():
                self._lists.heard(event)
            case Accepted() | SessionEnded() | ChannelFree() | PortFree():
                self._note(event)
            case Online(registration):
                self._arrived(registration.device_id)
            case Keep(registration):
                with self._lock:
                    self._turned_away.pop(registration.device_id, None)
            case TurnedAway(device_id):
                with self._lock:
                    self._turned_away[device_id] = event
            case _:
                return

    def run(self, stop: threading.Event) -> None:
        """Checks the ports of ended sessions until `stop`; then ends every wait for a device."""
        self._open()
        try:
            while not self._clock.wait(stop, _LOOK_S):
                self.tick()
        finally:
            self.close()

    def _open(self) -> None:
        """Begins anew: `run` may be called again after a failure."""
        with self._lock:
            self._closed.clear()
            self._lists = RecordingLists(self._signalling, self._patience.records_s)

    def tick(self) -> None:
        """Sends one more BYE to each device that goes on sending to a session that is over."""
        with self._lock:
            late = self._held.late(self._clock.monotonic_s())
        for number in late:
            self._send_command(partial(_late_media, number))

    def close(self) -> None:
        """Ends every wait because the platform stops, and closes the held ports."""
        self._lists.close()
        with self._lock:
            self._closed.set()
            self._held.close()
            for moved in [*self._arrivals.values(), *(call.moved for call in self._calls.values())]:
                moved.notify_all()

    # --- a camera's side

    @contextmanager
    def open(self, camera_id: str, source: Gb28181Source, span: Span | None = None) -> Iterator[Session]:
        """Opens a channel's media, for as long as the context lasts; `span`: of its recordings.

        Raises:
            Silent: its device is not registered.
            WrongCredentials: the device refuses us, or gave another password than the configured one.
            LoginIgnored: the device heeds no challenge.
            NotFound: it has no such channel.
            Unreachable: it does not answer, or the channel is off.
            NoPicture: it cannot give them now, or not in this way; or there is no port here.
            Ended: the platform stops.
        """
        self._route(camera_id, source)
        key = (source.device_id, source.channel_id, source.stream, span is not None)
        self._wait_for_channel(camera_id, key)
        turn_s = self._call(camera_id, lambda commands, now: commands.invite_turn_s(now))
        self._pause(camera_id, turn_s - self._clock.monotonic_s())
        route, is_2022 = self._route(camera_id, source)
        invitation = wanted(source, route, span, is_2022=is_2022)
        sock = self._socket(camera_id, invitation.transport)
        try:
            if sock is not None:
                invitation = replace(invitation, port=sock.getsockname()[1])
            number = self._invite(camera_id, source, invitation)
        except BaseException:
            if sock is not None:
                sock.close()
            raise
        try:
            with self._lock:
                call = self._last[key] = self._call_of(number)
            accepted = self._answer(camera_id, source, call)
            media = agreed(invitation, sock, accepted, route, lambda: self._trouble(camera_id, source, call))
            if media.transport == "tcp_active" and media.remote is None:
                raise NoPicture(camera_id, gb28181.NO_MEDIA_PORT_NAMED(device=source.device_id))
            yield Session(
                media,
                picture=lambda: self._picture(number, call),
                cause=lambda: None if call.ended is None else call.ended.cause,
            )
        finally:
            self._leave(number, sock)

    def recordings(self, camera_id: str, source: Gb28181Source, span: Span) -> tuple[DeviceRecording, ...] | None:
        """Returns a channel's recordings of a span, by time; None where its device does not say.

        Raises:
            Silent: its device is not registered.
            Ended: the platform stops.
        """
        self._route(camera_id, source)
        try:
            found = self._lists.recordings(source.device_id, source.channel_id, span)
        except NotServing as error:
            raise Unreachable(camera_id, error.reason) from error
        except NotThereError as error:
            raise Silent(camera_id, gb28181.WENT_AWAY(device=source.device_id)) from error
        self._pause(camera_id, 0.0)
        return found

    # --- inside: on the way to a session

    def _route(self, camera_id: str, source: Gb28181Source) -> tuple[DeviceRoute, bool]:
        """Waits for the route to a registered device; returns it, and True if it speaks the edition of 2022.

        At the agent's start the platform begins in another thread at the same time: it is waited for as well.
        """
        ends_s = self._clock.monotonic_s() + self._patience.online_s
        while True:
            trouble = self._absence(camera_id, source)
            try:
                route = self._signalling.call(lambda commands, _: commands.route(source.device_id))
            except NotServing as error:
                trouble = Unreachable(camera_id, error.reason)
            else:
                if route is not None:
                    break
            left_s = ends_s - self._clock.monotonic_s()
            if left_s <= 0:
                raise trouble
            with self._lock:
                arrival = self._arrivals.setdefault(source.device_id, threading.Condition(self._lock))
                if not self._closed.is_set():
                    arrival.wait(min(_LOOK_S, left_s))
            self._pause(camera_id, 0.0)
        version = self._call(camera_id, lambda commands, _: commands.version(source.device_id))
        return route, version.is_2022

    def _absence(self, camera_id: str, source: Gb28181Source) -> SourceError:
        """Returns why the device is not registered, as far as it is known here."""
        with self._lock:
            refusal = self._turned_away.get(source.device_id)
        if refusal is not None:
            return turned_away(camera_id, refusal)
        return Silent(camera_id, gb28181.NOT_REGISTERED(device=source.device_id))

    def _wait_for_channel(self, camera_id: str, key: _Key) -> None:
        """Waits until the BYE of the last session is answered, and a moment longer."""
        with self._lock:
            last = self._last.get(key)
            if last is not None:
                last.moved.wait_for(lambda: last.is_channel_free or self._closed.is_set(), self._patience.answer_s)
            free_s = 0.0 if last is None or last.quiet_from_s is None else last.quiet_from_s
        self._pause(camera_id, free_s - self._clock.monotonic_s())

    def _pause(self, camera_id: str, seconds: float) -> None:
        if self._closed.wait(max(0.0, seconds)):
            raise Ended(camera_id, _STOPS)

    def _socket(self, camera_id: str, transport: Transport) -> socket.socket | None:
        try:
            if transport == "tcp_active":
                return None
            return self._ports.udp() if transport == "udp" else self._ports.tcp()
        except NoPortError as error:
            raise NoPicture(camera_id, error.reason) from error

    def _invite(self, camera_id: str, source: Gb28181Source, invitation: Invitation) -> int:
        try:
            return self._call(camera_id, lambda commands, now: commands.invite(invitation, now))
        except ProtocolError as error:
            raise NoPicture(camera_id, gb28181.NOT_ASKED(device=source.device_id, detail=error)) from error

    def _answer(self, camera_id: str, source: Gb28181Source, call: _Call) -> Accepted:
        with self._lock:
            call.moved.wait_for(
                lambda: call.accepted is not None or call.ended is not None or self._closed.is_set(),
                self._patience.answer_s,
            )
            accepted, ended, is_closed = call.accepted, call.ended, self._closed.is_set()
        if accepted is not None and ended is None:
            return accepted
        if ended is not None:
            raise refused(camera_id, source, ended)
        if is_closed:
            raise Ended(camera_id, _STOPS)
        raise Unreachable(camera_id, gb28181.PLATFORM_MUTE(device=source.device_id))

    # --- inside: in a session, and after it

    def _arrived(self, device_id: str) -> None:
        with self._lock:
            if (arrival := self._arrivals.get(device_id)) is not None:
                arrival.notify_all()

    def _call_of(self, number: int) -> _Call:
        """Returns the session's state. The lock is held. Its first event may have come before `invite` returned."""
        return self._calls.setdefault(number, _Call(threading.Condition(self._lock)))

    def _note(self, event: SessionEvent) -> None:
        with self._lock:
            call = self._call_of(event.session)
            match event:
                case Accepted():
                    call.accepted = event
                case SessionEnded():
                    call.ended, call.ended_s = event, self._clock.monotonic_s()
                case ChannelFree():
                    call.is_channel_free = True
                    call.quiet_from_s = self._clock.monotonic_s() + self._patience.gap_s
                    self._held.quiet_from(event.session, call.quiet_from_s)
                case PortFree():
                    call.is_port_free = True
                    self._tidy(event.session, call)
            call.moved.notify_all()

    def _picture(self, number: int, call: _Call) -> None:
        """Notes a picture, and reports the session's first one to the platform."""
        with self._lock:
            is_first, call.pictured_s = call.pictured_s is None, self._clock.monotonic_s()
        if is_first:
            self._send_command(lambda commands, now: commands.picture(number, now))

    def _trouble(self, camera_id: str, source: Gb28181Source, call: _Call) -> SourceError | None:
        now_s = self._clock.monotonic_s()
        with self._lock:
            if call.asked_s is not None and now_s - call.asked_s > _AWAY_S:
                call.resumed_s = now_s
            call.asked_s = now_s
            ended, ended_s, pictured_s, is_closed = call.ended, call.ended_s, call.pictured_s, self._closed.is_set()
            resumed_s = call.resumed_s
        if ended is None:
            return Ended(camera_id, _STOPS) if is_closed else None
        if ended.cause is Cause.OVER:
            patience = self._patience
            last_s = ended_s + patience.begin_s - patience.drain_s if pictured_s is None else max(ended_s, pictured_s)
            if now_s < max(last_s, resumed_s) + patience.drain_s and not is_closed:
                return None
        return refused(camera_id, source, ended)

    def _leave(self, number: int, sock: socket.socket | None) -> None:
        self._send_command(lambda commands, now: commands.hang_up(number, now))
        with self._lock:
            call = self._calls[number]
            call.is_left = True
            if sock is not None:
                self._held.hold(number, sock, call.quiet_from_s)
            if self._closed.is_set():
                self._held.close()
            self._tidy(number, call)

    def _tidy(self, number: int, call: _Call) -> None:
        """Forgets a session that is over on both sides. The lock is held."""
        if call.is_left and call.is_port_free:
            self._held.let_go(number)
            del self._calls[number]

    def _call(self, camera_id: str, command: Callable[[Commands, Now], _T]) -> _T:
        try:
            return self._signalling.call(command)
        except NotServing as error:
            raise Unreachable(camera_id, error.reason) from error

    def _send_command(self, command: Callable[[Commands, Now], None]) -> None:
        """Gives a command that a stopped platform need not get: it has hung up every session."""
        try:
            self._signalling.call(command)
        except NotServing:
            return


def _late_media(number: int, commands: Commands, now: Now) -> None:
    commands.late_media(number, now)
