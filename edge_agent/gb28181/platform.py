"""Runs an agent's GB/T 28181 platform in a thread and event loop of its own, for use by other threads."""  # noqa: A005 - in a package

import asyncio
import logging
import os
import secrets
import socket
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Final, Protocol, TypeVar

from edge_agent.clock import Backoff, Clock
from edge_agent.credentials.camera_password import Unlock
from edge_agent.credentials.device_accounts import DeviceAccounts
from edge_agent.errors import EdgeError
from edge_agent.gb28181.beijing_time import BeijingTime
from edge_agent.gb28181.connections import ConnectionLimits, open_sockets
from edge_agent.gb28181.devices.device_views import DeviceView, DeviceViews
from edge_agent.gb28181.devices.events import (
    CatalogMissed,
    CatalogTaken,
    Event,
    Forget,
    Keep,
    Knocked,
    Offline,
    Online,
    SubscriptionGivenUp,
    TurnedAway,
)
from edge_agent.gb28181.devices.settings import Device, Settings, World
from edge_agent.gb28181.devices.unregistered import UnknownDevice
from edge_agent.gb28181.endpoint import Endpoint
from edge_agent.gb28181.registration_file import RegistrationFile
from edge_agent.gb28181.sessions.invite import DeviceRoute, Invitation
from edge_agent.gb28181.shell import OwnAddress, Shell
from edge_agent.host_port import host_port
from provisioning.contracts.causes import gb28181
from provisioning.contracts.causes.catalogue import english
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import CodedCause
from provisioning.sip.edition import Version
from provisioning.sip.moment import Now

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_ANSWER_S: Final = 10.0
"""Seconds that a command may take: the loop is never busy for so long."""


class Commands(Protocol):
    """Commands to the endpoint. `Signalling.call` runs them in the right thread."""

    def route(self, device_id: str) -> DeviceRoute | None:
        """Returns the route to a device; None: it is not registered."""

    def version(self, device_id: str) -> Version:
        """Returns the edition of GB/T 28181 that a device speaks."""

    def query_records(self, device_id: str, channel_id: str, span_ms: tuple[int, int], now: Now) -> int:
        """Queries a channel's recordings; returns the number of the answer (`RecordsTaken`). Raises ProtocolError."""

    def invite_turn_s(self, now: Now) -> float:
        """Takes a turn for an INVITE, returns its monotonic second: after a restart all cameras want theirs at once."""

    def invite(self, invitation: Invitation, now: Now) -> int:
        """Invites a device to send media; returns the session's number (`Dialogs.invite`). Raises ProtocolError."""

    def hang_up(self, session: int, now: Now) -> None:
        """Ends a session: its media is not wanted any more."""

    def picture(self, session: int, now: Now) -> None:
        """Notes that the session's receiver has a usable picture."""

    def late_media(self, session: int, now: Now) -> None:
        """Notes that RTP came to the session's port after its end."""


class Signalling(Protocol):
    """Reaches the platform from any thread but its own."""

    def call(self, command: Callable[[Commands, Now], _T]) -> _T:
        """Runs a command in the platform's thread, and sends what follows from it. Raises what the command raises.

        Raises:
            NotServing: no device can be reached.
        """


class NotServing(EdgeError):
    """No device can be reached: the port cannot be opened, or the agent stops."""

    def __init__(self, reason: CodedCause) -> None:
        super().__init__(english(reason))
        self.reason = reason


class Listener(Protocol):
    """Receives the events of sessions and devices. Called in the platform's thread, and must return at once."""

    def heard(self, event: Event) -> None:
        """Takes every event, in its order."""


class Platform:
    """Thread-safe, but for `run`, which belongs to one thread."""

    def __init__(
        self,
        settings: processes.Gb28181,
        cameras: Mapping[str, processes.Gb28181Source],
        directory: Path,
        clock: Clock,
        *,
        unlock: Unlock | None = None,
    ) -> None:
        """`cameras`: by camera id. `directory`: of the registration file; it exists when `run` begins."""
        self.settings = settings
        self._directory = directory
        self._clock = clock
        devices = {
            source.device_id: Device(source.device_id, source.heartbeat_s, source.set_guard)
            for source in cameras.values()
        }
        self._settings = Settings(
            settings.platform_id,
            settings.domain,
            settings.port,
            tuple(devices.values()),
            send_date=settings.send_date,
            per_source_per_minute=settings.per_source_per_minute,
        )
        accounts = DeviceAccounts(cameras, unlock, self._no_password)
        self._own_address = OwnAddress(settings.host, settings.public_host, clock)
        self._world = World(
            token=_token,
            calendar=BeijingTime(),
            account=accounts.account,
            own_host=self._own_address.towards,
            key=secrets.token_bytes(32),
        )
        self._listeners: list[Listener] = []
        self._views = DeviceViews(devices, settings.platform_id)
        self._strangers: tuple[UnknownDevice, ...] = ()
        self._away: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._shell: Shell | None = None
        self._trouble = gb28181.PLATFORM_NOT_YET()

    # --- for any thread

    def devices(self) -> dict[str, DeviceView]:
        """Returns the state of every configured device, by device id."""
        return self._views.all()

    def device(self, device_id: str) -> DeviceView:
        """Returns the state of a configured device."""
        return self._views[device_id]

    def strangers(self) -> tuple[UnknownDevice, ...]:
        """Returns the devices that tried to register and are in no configuration."""
        return self._strangers

    @property
    def is_serving(self) -> bool:
        """True while devices can register."""
        with self._lock:
            return self._shell is not None

    def counts(self) -> dict[str, int]:
        """Counts messages by their result, and TCP connections beyond the limits."""
        with self._lock:
            shut_out = 0 if self._shell is None else self._shell.shut_out
        return self.call(lambda endpoint, _: endpoint.tallies()) | {"shut_out": shut_out}

    def call(self, command: Callable[[Endpoint, Now], _T]) -> _T:
        """Runs a command in the platform's thread, and sends what follows from it. Raises what the command raises.

        Raises:
            NotServing: the platform does not run, or does not answer.
        """
        future: Future[_T] = Future()
        with self._lock:
            loop, shell = self._loop, self._shell
            if loop is None or shell is None:
                raise NotServing(self._trouble)
            loop.call_soon_threadsafe(_answer, future, shell, command)
        try:
            return future.result(_ANSWER_S)
        except TimeoutError:
            future.cancel()
            raise NotServing(gb28181.PLATFORM_SILENT()) from None

    # --- before `run`

    def listen(self, listener: Listener) -> None:
        """Adds a listener for every event."""
        self._listeners.append(listener)

    # --- one thread

    def run(self, stop: threading.Event) -> None:
        """Serves until `stop`. Where the port cannot be opened, every camera reports it, and it is tried again."""
        backoff = Backoff(1.0, 30.0)
        while not stop.is_set():
            try:
                udp, listener = open_sockets(self.settings.host, self.settings.port)
            except OSError as error:
                self._cannot_listen(os.strerror(error.errno) if error.errno else type(error).__name__)
                self._clock.wait(stop, backoff.next_wait_s())
                continue
            with closing(udp), closing(listener), closing(RegistrationFile(self._directory, self._views)) as file:
                asyncio.run(self._serve(file, udp, listener, stop))

    async def _serve(
        self, file: RegistrationFile, udp: socket.socket, listener: socket.socket, stop: threading.Event
    ) -> None:
        now = Now(self._clock.monotonic_s(), self._clock.now_ms())
        restored = file.restored()
        endpoint = Endpoint(self._settings, self._world, now, restored)
        self._views.restore(file.seen(), restored, endpoint)

        def flush() -> None:
            self._strangers = endpoint.strangers()
            file.show_strangers(self._strangers)
            for seen in self._views.changed():
                file.show(seen)
            file.flush()

        def on_event(event: Event) -> None:
            _remember(file, event)
            self._handle_event(event)

        shell = Shell(endpoint, on_event, flush, self._clock, ConnectionLimits.of(len(self._settings.devices)))
        with self._lock:
            self._loop, self._shell = asyncio.get_running_loop(), shell
        _log.info("gb28181 server listens port=%d devices=%d", self.settings.port, len(self._settings.devices))
        try:
            await shell.serve(udp, listener, stop)
        finally:
            with self._lock:
                self._loop = self._shell = None
                self._trouble = gb28181.PLATFORM_ENDED()
            await asyncio.sleep(0)  # commands that were given before still get their answer

    def _handle_event(self, event: Event) -> None:
        self._views.apply(event, self._clock.now_ms())
        match event:
            case Online(registration):
                peer = registration.peer
                _log.info("device there device=%s from=%s over=%s", registration.device_id, peer.host, peer.transport)
            case Offline(device_id, why):
                _log.warning("device gone device=%s: %s", device_id, why.value)
            case TurnedAway(device_id, host, why):
                self._turned_away(device_id, host, why)
            case Knocked(stranger):
                self._turned_away(stranger.device_id, stranger.host, stranger.why)
            case CatalogMissed(device_id, outcome):
                _log.warning("device gave no list device=%s: %s", device_id, outcome.value)
            case SubscriptionGivenUp(device_id, topic):
                _log.warning("device falls over a subscription, which is given up device=%s topic=%s", device_id, topic)
        for listener in self._listeners:
            listener.heard(event)

    def _turned_away(self, device_id: str, host: str, why: str) -> None:
        """Logs the 1st, 10th, 100th refusal: a device tries every minute, and a robot more often."""
        self._away[why] += 1
        if str(self._away[why]).rstrip("0") == "1":
            _log.warning("device turned away device=%s from=%s count=%d: %s", device_id, host, self._away[why], why)

    def _no_password(self, device_id: str, why: str) -> None:
        self._handle_event(TurnedAway(device_id, "", why))

    def _cannot_listen(self, why: str) -> None:
        where = host_port(self.settings.host, self.settings.port)
        with self._lock:
            self._trouble = gb28181.PORT_TAKEN(place=where, error=why)
        _log.error("gb28181 server cannot listen port=%d: %s", self.settings.port, why)


def _remember(file: RegistrationFile, event: Event) -> None:
    match event:
        case Keep(registration):
            file.keep(registration)
        case Forget(device_id):
            file.forget(device_id)
        case CatalogTaken():
            file.keep_catalog(event.device_id, event.at_ms, event.items)


def _answer(future: "Future[_T]", shell: Shell, command: Callable[[Endpoint, Now], _T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(shell.run_command(command))
    except Exception as error:  # noqa: BLE001 - whatever the command raises is raised in the thread that gave it
        future.set_exception(error)


def _token(digits: int) -> str:
    return secrets.token_hex((digits + 1) // 2)[:digits]
