"""A device that a test plays by hand, in texts of its own, and a platform on whose clock the test moves."""

import hashlib
import re
from collections.abc import Iterable
from itertools import count

from edge_agent.gb28181.devices.events import Event, Restored
from edge_agent.gb28181.devices.settings import Device, Settings, World
from edge_agent.gb28181.endpoint import Endpoint
from provisioning.net.digest import Account
from provisioning.sip.moment import Now
from provisioning.sip.peer import Peer
from tests.edge_agent.gb28181.beijing import Beijing

PLATFORM = "34020000002000000001"
REALM = "3402000000"
ID = "34020000001180000001"
OTHER = "34020000001180000002"
CHANNEL = "34020000001310000001"
PASSWORD = "Passw0rd-28181"
EPOCH_MS = 1_795_449_600_000
PEER = Peer("udp", "192.0.2.10", 5060)
OWN_HOST = "192.0.2.1"
TYPE = "Application/MANSCDP+xml"
_LIVES = count(1)
"""A device that starts again uses other branches."""


class Site:
    """One endpoint; whatever it sends and tells is taken after each step."""

    def __init__(
        self,
        *devices: Device,
        restored: Iterable[Restored] = (),
        send_date: bool = True,
        per_source: int = 1200,
        at_s: float = 1000.0,
    ) -> None:
        self.at_s = at_s
        self.password: str | None = PASSWORD
        numbers = count(1)
        settings = Settings(
            PLATFORM,
            REALM,
            5060,
            devices or (Device(ID), Device(OTHER)),
            send_date=send_date,
            per_source_per_minute=per_source,
        )
        world = World(
            token=lambda digits: f"{next(numbers):0{digits}x}",
            calendar=Beijing(),
            account=lambda device_id: None if self.password is None else Account(device_id, self.password),
            own_host=lambda _: OWN_HOST,
            key=b"k" * 32,
        )
        self.endpoint = Endpoint(settings, world, self.now, restored)
        self.out: list[tuple[str, Peer]] = []
        self.events: list[Event] = []
        self.closed: list[Peer] = []
        self._drain()

    @property
    def now(self) -> Now:
        return Now(self.at_s, EPOCH_MS + round(self.at_s * 1000))

    def hear(self, data: str | bytes, peer: Peer = PEER) -> list[str]:
        """Bytes from a device; what goes out at once."""
        raw = data if isinstance(data, bytes) else data.encode()
        if peer.transport == "udp":
            self.endpoint.receive_datagram(raw, peer, self.now)
        else:
            self.endpoint.receive_bytes(raw, peer, self.now)
        return self._drain()

    def connect(self, number: int, host: str = PEER.host) -> Peer:
        peer = Peer("tcp", host, 40000 + number, number)
        self.endpoint.connection_made(peer, self.now)
        return peer

    def hang_up(self, peer: Peer) -> None:
        self.endpoint.connection_lost(peer, self.now)
        self._drain()

    def pass_s(self, seconds: float) -> list[str]:
        """Let time pass, timer by timer; what goes out meanwhile."""
        until_s, out = self.at_s + seconds, []
        while (timer := self.endpoint.get_timer()) is not None and timer <= until_s:
            self.at_s = max(self.at_s, timer)
            self.endpoint.handle_timer(self.now)
            out += self._drain()
        self.at_s = until_s
        return out

    def told(self, *kinds: type) -> list[Event]:
        """Events of these kinds since the last time; the others are dropped."""
        events, self.events = self.events, []
        return [event for event in events if isinstance(event, kinds)]

    def tally(self, what: str) -> int:
        return self.endpoint.tallies().get(what, 0)

    def _drain(self) -> list[str]:
        out = [(data.decode(errors="surrogateescape"), peer) for data, peer in self.endpoint.data_to_send()]
        self.out += out
        self.closed += self.endpoint.hang_ups()
        self.events += list(iter(self.endpoint.next_event, None))
        return [text for text, _ in out]


class Scripted:
    """One device. Its texts are written here and nowhere else."""

    def __init__(self, site: Site, device_id: str = ID, peer: Peer = PEER) -> None:
        self.site = site
        self.device_id = device_id
        self.peer = peer
        self.password = PASSWORD
        self._cseq = count(1)
        self._life = next(_LIVES)

    def request(self, method: str, *more: str, body: str | bytes = "", uri: str | None = None) -> bytes:
        number = next(self._cseq)
        raw = body if isinstance(body, bytes) else body.encode()
        lines = [
            f"{method} {uri or f'sip:{PLATFORM}@{REALM}'} SIP/2.0",
            f"Via: SIP/2.0/{self.peer.transport.upper()} 192.168.1.64:5060;rport;branch=z9hG4bK-{self._life}-{number}",
            f"From: <sip:{self.device_id}@{REALM}>;tag=t{number}",
            f"To: <sip:{self.device_id if method == 'REGISTER' else PLATFORM}@{REALM}>",
            f"Call-ID: {method}-{number}-{self.device_id}",
            f"CSeq: {number} {method}",
            "Max-Forwards: 70",
            *more,
            f"Content-Length: {len(raw)}",
            "",
            "",
        ]
        return "\r\n".join(lines).encode() + raw

    def register(self, *more: str, expires: int | None = 3600, authorization: str = "") -> list[str]:
        contact = f"Contact: <sip:{self.device_id}@192.168.1.64:5060>"
        headers = [contact, *more]
        if expires is not None:
            headers.append(f"Expires: {expires}")
        if authorization:
            headers.append(f"Authorization: {authorization}")
        heard = self.site.hear(self.request("REGISTER", *headers), self.peer)
        return [text for text in heard if text.startswith("SIP/2.0")]

    def log_in(self, *more: str, expires: int | None = 3600) -> str:
        """Both requests; the answer to the second, or to the first where that is no challenge."""
        challenge = self.register(*more, expires=expires)[0]
        if status(challenge) != 401:
            return challenge
        return self.register(*more, expires=expires, authorization=self.digest(challenge))[0]

    def digest(self, challenge: str, *, qop: bool = False, uri: str = f"sip:{PLATFORM}@{REALM}") -> str:
        nonce = parameter(challenge, "nonce")
        first = md5(f"{self.device_id}:{REALM}:{self.password}")
        second = md5(f"REGISTER:{uri}")
        middle = f"{nonce}:00000001:0a4f113b:auth" if qop else nonce
        tail = ', qop=auth, nc=00000001, cnonce="0a4f113b"' if qop else ""
        return (
            f'Digest username="{self.device_id}", realm="{REALM}", nonce="{nonce}", uri="{uri}",'
            f' response="{md5(f"{first}:{middle}:{second}")}", algorithm=MD5{tail}'
        )

    def say(self, body: str | bytes, method: str = "MESSAGE", *more: str) -> list[str]:
        return self.site.hear(self.request(method, f"Content-Type: {TYPE}", *more, body=body), self.peer)

    def keep_alive(self) -> list[str]:
        return self.say(keepalive(self.device_id))

    def answer(self, request: str, status: int = 200, *more: str, to_tag: str = "d1", body: str = "") -> list[str]:
        """To a request of the platform."""
        copied = re.findall(r"^(?:Via|From|Call-ID|CSeq): .*$", request.replace("\r", ""), re.MULTILINE)
        to = re.findall(r"^To: .*$", request.replace("\r", ""), re.MULTILINE)[0]
        if "tag=" not in to:
            to += f";tag={to_tag}"
        head = [f"SIP/2.0 {status} Whatever", *copied, to, *more, f"Content-Length: {len(body)}", "", ""]
        return self.site.hear("\r\n".join(head) + body, self.peer)


def keepalive(device_id: str) -> str:
    return (
        '<?xml version="1.0" encoding="GB2312"?>\r\n<Notify>\r\n<CmdType>Keepalive</CmdType>\r\n<SN>43</SN>\r\n'
        f"<DeviceID>{device_id}</DeviceID>\r\n<Status>OK</Status>\r\n</Notify>\r\n"
    )


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def parameter(text: str, name: str) -> str:
    found = re.search(rf'{name}="?([^",\r\n]*)', text)
    assert found is not None, text
    return found[1]


def header(text: str, name: str) -> str | None:
    found = re.search(rf"^{name}: (.*)$", text.replace("\r", ""), re.MULTILINE)
    return None if found is None else found[1]


def status(text: str) -> int:
    return int(text.split()[1])


def cmd_type(text: str) -> str:
    found = re.search(r"<CmdType>(.*?)</CmdType>", text)
    return "" if found is None else found[1]


def sn(text: str) -> int:
    found = re.search(r"<SN>(\d+)</SN>", text)
    assert found is not None
    return int(found[1])
