"""A platform as a script of texts: written for these tests alone, so that a device is not checked against its twin."""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from provisioning.demo.simulators.gb28181.counts import Counts
from provisioning.demo.simulators.gb28181.device import SimulatedDevice
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.line import Effect, Send
from provisioning.demo.simulators.gb28181.moments import Instant

PLATFORM_ID = "34020000002000000001"
DEVICE_ID = "34020000001180000001"
CHANNEL_ID = "34020000001310000001"
REALM = "3402000000"
PASSWORD = "Passw0rd-28181"
SERVER = ("192.0.2.1", 5060)
LOCAL = ("192.0.2.10", 5061)
WALL_S = 1_795_449_600.0
NONCE = "5f2c9b1e7a"


def header(text: str, name: str) -> str:
    """The first header of this name."""
    found = re.search(rf"^{name}:[ ]*(.*?)\r?$", text, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


def reply(request: str, status: int, *lines: str) -> bytes:
    """An answer with the headers of a request."""
    copied = [line for line in request.split("\r\n") if line.startswith(("Via:", "From:", "To:", "Call-ID:", "CSeq:"))]
    return "\r\n".join([f"SIP/2.0 {status} X", *copied, *lines, "Content-Length: 0", "", ""]).encode()


def challenge(request: str, *, nonce: str = NONCE, more: str = ", algorithm=MD5") -> bytes:
    """401."""
    return reply(request, 401, f'WWW-Authenticate: Digest realm="{REALM}", nonce="{nonce}"{more}')


def accept(request: str, *lines: str) -> bytes:
    """200 to a REGISTER, which grants what was asked."""
    return reply(request, 200, f"Expires: {header(request, 'Expires') or 3600}", *lines)


def response_of(password: str, uri: str, nonce: str = NONCE) -> str:
    """The digest without qop."""
    hashes = [hashlib.md5(t.encode()).hexdigest() for t in (f"{DEVICE_ID}:{REALM}:{password}", f"REGISTER:{uri}")]
    return hashlib.md5(f"{hashes[0]}:{nonce}:{hashes[1]}".encode()).hexdigest()


def request(
    method: str,
    user: str = DEVICE_ID,
    *,
    call_id: str = "call-1",
    cseq: int = 1,
    lines: Sequence[str] = (),
    body: str = "",
    tag: str = "",
    host: str = "192.0.2.10:5061",
) -> bytes:
    """A request of the platform."""
    data = body.encode("gb18030")
    head = [
        f"{method} sip:{user}@{host} SIP/2.0",
        f"Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK-{call_id}-{cseq}-{method}",
        f"From: <sip:{PLATFORM_ID}@{REALM}>;tag=plat",
        f"To: <sip:{user}@{REALM}>{tag}",
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} {method}",
        f"Contact: <sip:{PLATFORM_ID}@192.0.2.1:5060>",
        *lines,
        f"Content-Length: {len(data)}",
        "",
        "",
    ]
    return "\r\n".join(head).encode() + data


def query(command: str, target: str = DEVICE_ID, *, sn: int = 17, more: str = "", kind: str = "Query") -> bytes:
    """A MESSAGE with a query or control."""
    inner = f"<CmdType>{command}</CmdType>\n<SN>{sn}</SN>\n<DeviceID>{target}</DeviceID>\n{more}"
    body = f'<?xml version="1.0"?>\n<{kind}>\n{inner}</{kind}>'
    return request("MESSAGE", call_id=f"q-{command}-{sn}", body=body)


def control(more: str, target: str = DEVICE_ID, *, sn: int = 30) -> bytes:
    """A MESSAGE that tells the device to do something."""
    return query("DeviceControl", target, sn=sn, more=more, kind="Control")


def invite(
    *,
    call_id: str = "call-1",
    channel: str = CHANNEL_ID,
    name: str = "Play",
    span: tuple[int, int] = (0, 0),
    address: tuple[str, int] = ("192.0.2.1", 30000),
    media: str = "RTP/AVP",
    lines: Sequence[str] = (),
    y: str = "0200000001",
    cseq: int = 1,
    host: str = "192.0.2.10:5061",
) -> bytes:
    """An offer of a receiver."""
    body = [
        "v=0",
        f"o={PLATFORM_ID} 0 0 IN IP4 {address[0]}",
        f"s={name}",
        *([f"u={channel}:0"] if name != "Play" else []),
        f"c=IN IP4 {address[0]}",
        f"t={span[0]} {span[1]}",
        f"m=video {address[1]} {media} 96 98",
        "a=recvonly",
        "a=rtpmap:96 PS/90000",
        *lines,
        *([f"y={y}"] if y else []),
        "",
    ]
    headers = [f"Subject: {channel}:{y},{PLATFORM_ID}:0", "Content-Type: APPLICATION/SDP"]
    return request("INVITE", channel, call_id=call_id, cseq=cseq, lines=headers, body="\r\n".join(body), host=host)


class Desk:
    """One device and the platform's side of the table; time stands until it is moved."""

    def __init__(self, *faults: DeviceFault, **options: Any) -> None:
        profile = DeviceProfile(PLATFORM_ID, PASSWORD, faults=frozenset(faults), **options)
        self.counts = Counts()
        self.device = SimulatedDevice(profile, DEVICE_ID, SERVER, "0-t", self.counts)
        self.now = Instant(1000.0, WALL_S)
        self.effects: list[Effect] = []

    def connect(self) -> list[str]:
        """It has a socket. Returns what it says."""
        self.device.connected(LOCAL, self.now)
        return self.said()

    def tell(self, data: bytes) -> list[str]:
        """It hears this. Returns what it says."""
        self.device.receive(data, self.now)
        return self.said()

    def wait(self, seconds: float) -> list[str]:
        """Time passes, and the device is woken whenever it wants to be. Returns what it says."""
        until_s = self.now.mono_s + seconds
        while self.device.due_s <= until_s:
            self._at(max(self.device.due_s, self.now.mono_s))
            self.device.due(self.now)
        self._at(until_s)
        return self.said()

    def next(self, within_s: float = 1e5) -> list[str]:
        """Time passes until it says something. Returns that."""
        until_s = self.now.mono_s + within_s
        while self.device.due_s <= until_s:
            self._at(max(self.device.due_s, self.now.mono_s))
            self.device.due(self.now)
            if said := self.said():
                return said
        raise AssertionError(f"not a word in {within_s} s")

    def said(self) -> list[str]:
        """What it said since; other effects are kept in `effects`."""
        outbox = self.device.line.outbox
        texts = []
        while outbox:
            effect = outbox.popleft()
            if isinstance(effect, Send):
                texts.append(effect.data.decode("gb18030", "surrogateescape"))
            else:
                self.effects.append(effect)
        return texts

    def register(self) -> list[str]:
        """Through the challenge to the 200. Returns what it says then."""
        (first,) = self.connect()
        (second,) = self.tell(challenge(first))
        return self.tell(accept(second))

    def _at(self, mono_s: float) -> None:
        self.now = Instant(mono_s, self.now.wall_s + mono_s - self.now.mono_s)
