"""Dialogs on a line that a test holds: what goes out is encoded and read again; time and chance are told."""

from collections.abc import Callable
from itertools import count

from edge_agent.gb28181.sessions.dialog_requests import DialogEnvironment
from edge_agent.gb28181.sessions.dialogs import Dialogs
from edge_agent.gb28181.sessions.invite import DeviceRoute, Invitation, SessionEvent, Span
from provisioning.net.digest import Account
from provisioning.sip import message as sip
from provisioning.sip.headers import Headers
from provisioning.sip.moment import Now
from provisioning.sip.peer import Peer
from tests.edge_agent.gb28181.corpus_file import CORPUS

PLATFORM = "34020000002000000001"
REALM = "3402000000"
DEVICE = "34020000001180000001"
CHANNEL = "34020000001320000001"
PEER = Peer("udp", "192.0.2.10", 5060)
TCP_PEER = Peer("tcp", "192.0.2.10", 5060, 7)
EPOCH_MS = 1_795_449_600_000
LIVE = Invitation(DEVICE, CHANNEL, "udp", "192.0.2.1", 30000)
PLAYBACK = Invitation(DEVICE, CHANNEL, "udp", "192.0.2.1", 30000, span=Span(EPOCH_MS, EPOCH_MS + 3_600_000))


def counted() -> Callable[[int], str]:
    """1, 2, 3 … in as many digits as are asked for."""
    numbers = count(1)
    return lambda digits: f"{next(numbers):0{digits}x}"


class Line:
    """One platform's dialogs, and a device that a test plays."""

    def __init__(self, peer: Peer | None = PEER, account: Account | None = None) -> None:
        self.peer = peer
        self.account = account
        self.at_s = 100.0
        self.dialogs = Dialogs(DialogEnvironment(PLATFORM, REALM, counted(), self._route, lambda _: self.account))

    @property
    def now(self) -> Now:
        return Now(self.at_s, EPOCH_MS + round(self.at_s * 1000))

    def invite(self, invitation: Invitation = LIVE) -> int:
        return self.dialogs.invite(invitation, self.now)

    def sent(self) -> list[sip.Request]:
        """What goes out now, as the device reads it."""
        messages = [sip.parse(sip.encode(request)) for request, peer in self._out()]
        return [message for message in messages if isinstance(message, sip.Request)]

    def sent_methods(self) -> list[str]:
        return [request.method for request in self.sent()]

    def events(self) -> list[SessionEvent]:
        return list(iter(self.dialogs.next_event, None))

    def hear(self, data: bytes, peer: Peer = PEER) -> sip.Response | None:
        """Bytes of a device; the answer to a request."""
        message = sip.parse(data)
        if isinstance(message, sip.Request):
            return self.dialogs.receive_request(message, peer, self.now)
        assert self.dialogs.receive_response(message, self.now)
        return None

    def hear_file(self, name: str) -> sip.Response | None:
        return self.hear((CORPUS / name).read_bytes())

    def pass_s(self, seconds: float) -> list[str]:
        """Let time pass, timer by timer; methods that go out meanwhile."""
        until_s, methods = self.at_s + seconds, self.sent_methods()
        while (timer := self.dialogs.get_timer()) is not None and timer <= until_s:
            self.at_s = timer
            self.dialogs.handle_timer(self.now)
            methods += self.sent_methods()
        self.at_s = until_s
        return methods

    def _out(self) -> list[tuple[sip.Request, Peer]]:
        out = self.dialogs.requests_to_send()
        assert all(peer == self.peer for _, peer in out)
        return out

    def _route(self, device_id: str) -> DeviceRoute | None:
        return None if self.peer is None or device_id != DEVICE else DeviceRoute(self.peer, "192.0.2.1", 5060)


def answer(request: sip.Request, status: int, body: bytes = b"", to_tag: str = "d1") -> bytes:
    """A device's plain answer."""
    contact = [("Contact", f"<sip:{CHANNEL}@192.168.1.64:5060>")]
    return sip.encode(sip.answer(request, status, PEER, to_tag=to_tag, headers=contact, body=body))


def playing() -> Line:
    """A session with a picture."""
    line = Line()
    line.invite()
    line.sent()
    line.hear_file("invite-200.sip")
    line.dialogs.picture(1, line.now)
    line.sent()
    line.events()
    return line


def line_headers(cseq: str = "1 INVITE") -> Headers:
    """Of the one session that a line has."""
    fields = (
        ("Via", "SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKx"),
        ("From", f"<sip:{CHANNEL}@3402000000>"),
        ("To", f"<sip:{PLATFORM}@3402000000>"),
        ("Call-ID", f"{1:032x}"),
        ("CSeq", cseq),
    )
    return Headers(fields)
