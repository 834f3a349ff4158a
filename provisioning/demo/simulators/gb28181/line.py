"""Signalling of one device: writes requests and answers, and repeats unanswered requests."""

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, NamedTuple

from provisioning.demo.simulators.gb28181 import sip_text
from provisioning.demo.simulators.gb28181.counts import Counts
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.moments import Instant
from provisioning.demo.simulators.gb28181.sdp import MediaOrder
from provisioning.demo.simulators.gb28181.sip_text import SipMessage

XML: Final = "Application/MANSCDP+xml"
_REASONS: Final = {
    100: "Trying",
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
}
_REMEMBERED: Final = 16
_DATAGRAM_PART: Final = 1000
_PRIVATE: Final = ("192.168.3.99", 5060)


class Send(NamedTuple):
    """Send these bytes to the platform, as one datagram or into the connection."""

    data: bytes


class MovePort(NamedTuple):
    """Continue from another local port."""


class OpenMedia(NamedTuple):
    """Open a socket for a session; then call `Device.media_opened` or `Device.media_failed`."""

    call_id: str
    order: MediaOrder


class StartMedia(NamedTuple):
    """Begin to send a session's media."""

    call_id: str


class CloseMedia(NamedTuple):
    """Stop sending after `after_s` seconds, and close the socket."""

    call_id: str
    after_s: float = 0.0


class SteerMedia(NamedTuple):
    """Change a playback: a field that is None stays as it is."""

    call_id: str
    scale: float | None = None
    position_s: float | None = None
    paused: bool | None = None


class KeyFrame(NamedTuple):
    """Send a keyframe as the next picture of a session."""

    call_id: str


class Upload(NamedTuple):
    """Upload a picture; then call `Device.uploaded`."""

    url: str
    session_id: str
    channel_id: str
    picture: bytes


Effect = Upload | Send | MovePort | OpenMedia | StartMedia | CloseMedia | SteerMedia | KeyFrame


T1_S: Final = 0.5
T2_S: Final = 4.0


class Purpose(Enum):
    """Purpose of a request."""

    REGISTER = auto()
    KEEPALIVE = auto()
    PART = auto()
    """One part of the answer to a query: the next waits for it."""
    NOTICE = auto()
    BYE = auto()
    INFO = auto()


@dataclass(slots=True)
class Leg:
    """One side's view of a dialog, or of a request outside one."""

    call_id: str
    local: str
    """The From header of requests, tag included."""
    remote: str
    target: str
    cseq: int = 0


class PendingRequest(NamedTuple):
    """A request that waits for its answer."""

    purpose: Purpose
    call_id: str


@dataclass(slots=True)
class _Pending:
    asked: PendingRequest
    data: bytes
    due_s: float
    interval_s: float
    gives_up_s: float


@dataclass(slots=True)
class DeviceSignalling:
    """Signalling of one device. Effects are appended to `outbox`."""

    profile: DeviceProfile
    device_id: str
    counts: Counts
    token: Callable[[int], str]
    """Makes this many hex digits, never the same twice."""
    key: str
    """Start of every Call-ID, so that an answer finds its device on a shared socket."""
    server: tuple[str, int]
    """The platform's host and port."""
    local: tuple[str, int] = ("0.0.0.0", 0)  # noqa: S104 - nowhere, until there is a socket
    outbox: deque[Effect] = field(default_factory=deque)
    _pending: dict[tuple[str, int, str], _Pending] = field(default_factory=dict)
    _answered: OrderedDict[str, list[bytes]] = field(default_factory=OrderedDict)

    @property
    def address(self) -> str:
        """The device's own address of record."""
        return f"sip:{self.device_id}@{self.profile.domain}"

    @property
    def platform(self) -> str:
        """The platform's address of record."""
        return f"sip:{self.profile.platform_id}@{self.profile.domain}"

    @property
    def contact(self) -> str:
        """Contact address that the device sends."""
        host, port = _PRIVATE if self.profile.has(DeviceFault.CONTACT_PRIVATE) else self.local
        return f"<sip:{self.device_id}@{host}:{port}>"

    def emit(self, effect: Effect) -> None:
        """Appends an effect to the outbox."""
        self.outbox.append(effect)

    def new_leg(self) -> Leg:
        """Makes the leg of a request outside a dialog."""
        return Leg(
            f"{self.key}-{self.token(8)}@{self.local[0]}",
            f"<{self.address}>;tag={self.token(8)}",
            f"<{self.platform}>",
            self.platform,
        )

    def send_request(
        self,
        now: Instant,
        purpose: Purpose,
        method: str,
        leg: Leg,
        headers: list[tuple[str, str]] | None = None,
        body: bytes = b"",
    ) -> None:
        """Sends a request, and repeats it until it is answered (UDP)."""
        leg.cseq += 1
        protocol = "UDP" if self.profile.transport == "udp" or self.profile.has(DeviceFault.VIA_SAYS_UDP) else "TCP"
        host, port = self.local
        written = [
            ("Via", f"SIP/2.0/{protocol} {host}:{port};rport;branch=z9hG4bK{self.token(16)}"),
            ("From", leg.local),
            ("To", leg.remote if method != "REGISTER" else f"<{self.address}>"),
            ("Call-ID", leg.call_id),
            ("CSeq", f"{leg.cseq} {method}"),
            ("Max-Forwards", "70"),
            *(headers or []),
        ]
        if body:
            written.append(("Content-Type", XML))
        data = self._encode(f"{method} {leg.target} SIP/2.0", written, body)
        udp = self.profile.transport == "udp"
        gives_up_s = now.mono_s + self.profile.answer_s
        self._pending[leg.call_id, leg.cseq, method] = _Pending(
            PendingRequest(purpose, leg.call_id), data, now.mono_s + T1_S if udp else gives_up_s, T1_S, gives_up_s
        )
        self._send(data)
        if self.profile.has(DeviceFault.SENDS_TWICE):
            self._send(data)

    def reply(
        self,
        request: SipMessage,
        status: int,
        *,
        to_tag: str = "",
        headers: list[tuple[str, str]] | None = None,
        body: bytes = b"",
        content_type: str = XML,
    ) -> bytes:
        """Answers a request. Returns the bytes, for repetition."""
        to = request.get("to")
        written = [("Via", via) for via in request.all("via")] + [
            ("From", request.get("from")),
            ("To", f"{to};tag={to_tag}" if to_tag and not sip_text.parameter(to, "tag") else to),
            ("Call-ID", request.get("call-id")),
            ("CSeq", request.get("cseq")),
            *(headers or []),
        ]
        if body:
            written.append(("Content-Type", content_type))
        data = self._encode(f"SIP/2.0 {status} {_REASONS[status]}", written, body)
        if status >= 200:
            self._answered.setdefault(_transaction(request), []).append(data)
            while len(self._answered) > _REMEMBERED:
                self._answered.popitem(last=False)
        self._send(data)
        return data

    def repeats(self, request: SipMessage) -> bool:
        """True if this request was answered before; then the answers are sent again."""
        known = self._answered.get(_transaction(request))
        for data in known or ():
            self._send(data)
        return known is not None

    def answered(self, response: SipMessage) -> PendingRequest | None:
        """Returns the request of a final answer; None for a provisional, late or foreign one."""
        number, method = response.cseq
        key = response.get("call-id"), number, method
        if response.status < 200 or key not in self._pending:
            return None
        return self._pending.pop(key).asked

    @property
    def due_s(self) -> float:
        """Time of the next call of `due`."""
        return min((pending.due_s for pending in self._pending.values()), default=math.inf)

    def due(self, now: Instant) -> list[PendingRequest]:
        """Repeats requests that are due. Returns those that are given up."""
        given_up = []
        for key, pending in list(self._pending.items()):
            if now.mono_s < pending.due_s:
                continue
            if now.mono_s >= pending.gives_up_s:
                given_up.append(self._pending.pop(key).asked)
                continue
            pending.interval_s = min(pending.interval_s * 2, T2_S)
            pending.due_s = min(now.mono_s + pending.interval_s, pending.gives_up_s)
            self.counts.repeats += 1
            self._send(pending.data)
        return given_up

    def forget(self) -> None:
        """Drops all pending requests: the connection is gone."""
        self._pending.clear()

    def resend(self, data: bytes) -> None:
        """Sends an earlier message again."""
        self._send(data)

    def _encode(self, start: str, headers: list[tuple[str, str]], body: bytes) -> bytes:
        profile = self.profile
        if not profile.has(DeviceFault.NO_CONTENT_LENGTH):
            length = len(body)
            if body and profile.has(DeviceFault.LONG_CONTENT_LENGTH):
                length += 40
            elif profile.has(DeviceFault.ZERO_CONTENT_LENGTH):
                length = 0
            headers.append(("Content-Length", str(length)))
        return sip_text.encode(start, headers, body, compact=profile.has(DeviceFault.COMPACT_HEADERS))

    def _send(self, data: bytes) -> None:
        profile = self.profile
        if profile.has(DeviceFault.SPLIT_DATAGRAMS) and profile.transport == "udp" and len(data) > _DATAGRAM_PART:
            self.outbox.extend(Send(data[at : at + _DATAGRAM_PART]) for at in range(0, len(data), _DATAGRAM_PART))
        else:
            self.outbox.append(Send(data))
        if profile.has(DeviceFault.CRLF_PINGS):
            self.outbox.append(Send(b"\r\n\r\n"))


def _transaction(request: SipMessage) -> str:
    return f"{sip_text.parameter(request.get('via'), 'branch')} {request.get('cseq')} {request.get('call-id')}"
