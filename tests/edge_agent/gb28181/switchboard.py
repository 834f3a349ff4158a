"""A platform in the test's own threads: `MediaSessions` on real dialogs and sockets, and a scripted device."""

import threading
from collections.abc import Callable
from typing import TypeVar

from edge_agent.clock import SystemClock
from edge_agent.gb28181.devices.events import RecordsTaken
from edge_agent.gb28181.manscdp.multipart import AnswerOutcome
from edge_agent.gb28181.manscdp.records import DeviceRecording, Records
from edge_agent.gb28181.platform import Commands, NotServing
from edge_agent.gb28181.sessions.dialogs import Dialogs
from edge_agent.gb28181.sessions.invite import DeviceRoute, Invitation
from edge_agent.sources.gb28181.ports import MediaPorts
from edge_agent.sources.gb28181.sessions import MediaSessions, SessionTimeouts
from provisioning.contracts.causes.gb28181 import PLATFORM_ENDED
from provisioning.contracts.config.processes import Gb28181Source
from provisioning.sip import message
from provisioning.sip.edition import Version
from provisioning.sip.moment import Now
from tests.edge_agent.gb28181.line import CHANNEL, DEVICE, EPOCH_MS, Line, answer
from tests.support.waiting import LONG_S

_T = TypeVar("_T")
Script = Callable[["Switchboard", message.Request], None]
QUICK = SessionTimeouts(online_s=0.3, answer_s=LONG_S, gap_s=0.05, records_s=LONG_S, drain_s=0.05, begin_s=0.15)


def accepting(body: bytes = b"", **statuses: int) -> Script:
    """A device that takes what it is asked, or answers a method with another status; 0: not at all."""

    def script(board: "Switchboard", request: message.Request) -> None:
        status = statuses.get(request.method, 200)
        if request.method != "ACK" and status:
            board.line.hear(answer(request, status, body if request.method == "INVITE" else b""))

    return script


class StoppableClock(SystemClock):
    """The real clock, until a test stops it."""

    stands_at_s: float | None = None

    def monotonic_s(self) -> float:
        return super().monotonic_s() if self.stands_at_s is None else self.stands_at_s


class Switchboard:
    """See the module. It stands for `Commands` and `Signalling` both."""

    def __init__(self, first_port: int, script: Script | None = None, *, ports: int = 8) -> None:
        self.line = Line()
        self.script = script or accepting()
        self.sent: list[message.Request] = []
        self.speaks = Version.V2016
        self.turn_s = 0.0
        self.refuses: Exception | None = None
        self.is_stopped = False
        self.is_there = True
        self.recorded: list[Records] = []
        self.asked: list[tuple[int, int]] = []
        self._answers: list[RecordsTaken] = []
        self._lock = threading.RLock()
        self._clock = StoppableClock()
        self.sessions = MediaSessions(
            MediaPorts(first_port, first_port + 2 * ports - 1, "127.0.0.1"),
            self,
            self._clock,
            patience=QUICK,
        )

    @property
    def dialogs(self) -> Dialogs:
        return self.line.dialogs

    # --- Signalling

    def call(self, command: Callable[[Commands, Now], _T]) -> _T:
        if self.is_stopped:
            raise NotServing(PLATFORM_ENDED())
        with self._lock:
            self.line.at_s = self._clock.monotonic_s()
            done = command(self, self.line.now)
            self._pump()
        return done

    def later(self, what: Callable[[Line], object]) -> None:
        """Something happens at the device."""
        with self._lock:
            self.line.at_s = self._clock.monotonic_s()
            what(self.line)
            self._pump()

    def pass_s(self, seconds: float) -> None:
        with self._lock:
            self.line.at_s = self._clock.monotonic_s() + seconds
            self.dialogs.handle_timer(self.line.now)
            self._pump()

    def skip_s(self, seconds: float) -> None:
        """So many seconds are over; from then on the clock stands."""
        self._clock.stands_at_s = self._clock.monotonic_s() + seconds

    def _pump(self) -> None:
        while requests := self.line.sent():
            self.sent += requests
            for request in requests:
                self.script(self, request)
        answers, self._answers = self._answers, []
        for event in (*self.line.events(), *answers):
            self.sessions.heard(event)

    # --- Commands

    def route(self, device_id: str) -> DeviceRoute | None:
        assert device_id == DEVICE
        return DeviceRoute(self.line.peer, "127.0.0.1", 5060) if self.line.peer is not None and self.is_there else None

    def version(self, device_id: str) -> Version:
        return self.speaks

    def invite_turn_s(self, now: Now) -> float:
        return now.monotonic_s + self.turn_s

    def query_records(self, device_id: str, channel_id: str, span_ms: tuple[int, int], now: Now) -> int:
        assert (device_id, channel_id) == (DEVICE, CHANNEL)
        if self.refuses is not None:
            raise self.refuses
        self.asked.append(span_ms)
        if self.recorded:
            self._answers.append(RecordsTaken(len(self.asked), device_id, channel_id, self.recorded.pop(0)))
        return len(self.asked)

    def invite(self, invitation: Invitation, now: Now) -> int:
        return self.dialogs.invite(invitation, now)

    def hang_up(self, session: int, now: Now) -> None:
        self.dialogs.hang_up(session, now)

    def picture(self, session: int, now: Now) -> None:
        self.dialogs.picture(session, now)

    def late_media(self, session: int, now: Now) -> None:
        self.dialogs.late_media(session, now)

    def methods(self) -> list[str]:
        return [request.method for request in self.sent]


def source(**options: object) -> Gb28181Source:
    """A channel's configuration; the password is never read."""
    return Gb28181Source.model_validate(
        {"device_id": DEVICE, "channel_id": CHANNEL, "username": DEVICE, "password_sealed": "ab" * 40, **options}
    )


def records(*spans_s: tuple[int, int], outcome: AnswerOutcome = AnswerOutcome.COMPLETE) -> Records:
    """Seconds since the epoch of these tests."""
    found = [DeviceRecording(EPOCH_MS + first * 1000, EPOCH_MS + last * 1000, CHANNEL) for first, last in spans_s]
    return Records(tuple(found), len(found), 0, outcome)
