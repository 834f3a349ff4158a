"""A superior that a test plays by hand against a link whose time and chance it holds; what goes out is read again."""

import re
from collections.abc import Callable
from itertools import count
from pathlib import Path

from center.cascade.nodes import CatalogNode, UpwardCatalog
from center.cascade.superior_link import LinkEvent, SuperiorLink
from provisioning.contracts.config.cascade import Superior
from provisioning.manscdp import charset
from provisioning.net import digest
from provisioning.net.digest import Account
from provisioning.sip import message as sip
from provisioning.sip.headers import Headers
from provisioning.sip.message import Request, Response
from provisioning.sip.moment import Now
from provisioning.sip.peer import Peer

SUPERIOR = "34020000002000000001"
OWN = "34020100002000000007"
GROUP = "34020100002150000001"
DISTRICT = "34020100002160000001"
PASSWORD = "Up-28181-secret"
EPOCH_MS = 1_795_449_600_000
PEER = Peer("udp", "192.0.2.50", 5060)


def settings(**changed: object) -> Superior:
    return Superior.model_validate(
        {"id": SUPERIOR, "host": "192.0.2.50", "own_id": OWN, "password_file": Path("/p"), "districts": ["north"]}
        | changed
    )


def camera(number: int, *, is_on: bool = True, name: str = "") -> CatalogNode:
    code = f"34020100001320{number:06d}"
    return CatalogNode(code, name or f"东门{number}号", DISTRICT, "340201", is_on=is_on)


def catalog(*cameras: CatalogNode) -> UpwardCatalog:
    group = CatalogNode(GROUP, "Wayside", OWN, "340201")
    district = CatalogNode(DISTRICT, "城北", GROUP, "340201", GROUP)
    return UpwardCatalog.of((group, district, *cameras))


def query(cmd_type: str, device_id: str = OWN, sn: int = 17, root: str = "Query", more: str = "") -> bytes:
    head = f"<CmdType>{cmd_type}</CmdType><SN>{sn}</SN><DeviceID>{device_id}</DeviceID>{more}"
    return f'<?xml version="1.0" encoding="GB2312"?>\r\n<{root}>\r\n{head}\r\n</{root}>\r\n'.encode()


class Above:
    """A link, and the superior that it speaks with."""

    def __init__(self, nodes: UpwardCatalog | None = None, *, password: str = PASSWORD, **changed: object) -> None:
        self.at_s = 1000.0
        numbers = count(1)
        self.token: Callable[[int], str] = lambda digits: f"{next(numbers):0{digits}x}"
        self.link = SuperiorLink(
            settings(**changed),
            Account(OWN, password),
            software="1.2",
            token=self.token,
            local_time=lambda at_ms: f"at {at_ms}",
        )
        self.algorithm = "MD5"
        self.expires = "3600"
        self.sent: list[sip.Message] = []
        """Messages that the link has sent and the superior has not read."""
        self.raw: list[bytes] = []
        self.events: list[LinkEvent] = []
        self._asked = count(1)
        self.link.publish(catalog(camera(1), camera(2)) if nodes is None else nodes, self.now)

    @property
    def now(self) -> Now:
        return Now(self.at_s, EPOCH_MS + round(self.at_s * 1000))

    def drain(self) -> None:
        for data in self.link.data_to_send():
            self.raw.append(data)
            self.sent.append(sip.parse(data))
        self.events += self.link.events()

    def take(self) -> list[sip.Message]:
        """Everything that was sent since the last time."""
        self.drain()
        sent, self.sent = self.sent, []
        return sent

    def requests(self) -> list[Request]:
        return [each for each in self.take() if isinstance(each, Request)]

    def request(self) -> Request:
        (only,) = self.requests()
        return only

    def connect(self) -> Request:
        """Connects; the REGISTER that follows."""
        self.link.connected(("192.0.2.9", 5099), self.now)
        return self.request()

    def answer(self, request: Request, status: int, *headers: tuple[str, str]) -> None:
        self.hear(sip.encode(sip.answer(request, status, PEER, to_tag="up", headers=headers)))

    def hear(self, data: bytes) -> None:
        self.link.receive(data, self.now)
        self.drain()

    def challenge(self, request: Request, nonce: str = "n1", *, more: str = "") -> Request:
        """Challenges a REGISTER; the REGISTER with the digest."""
        self.answer(request, 401, ("WWW-Authenticate", self.challenge_text(nonce) + more))
        return self.request()

    def challenge_text(self, nonce: str) -> str:
        return f'Digest realm="{SUPERIOR[:10]}", qop="auth", nonce="{nonce}", algorithm={self.algorithm}'

    def is_right(self, request: Request, password: str = PASSWORD) -> bool:
        claim = digest.parse(request.headers.get("Authorization") or "")
        return claim is not None and claim.response == digest.response(Account(OWN, password), claim, "REGISTER")

    def register(self) -> None:
        proved = self.challenge(self.connect())
        assert self.is_right(proved)
        self.answer(proved, 200, ("Expires", self.expires))
        assert self.link.registration.is_registered

    def ask(
        self,
        method: str,
        body: bytes = b"",
        *more: tuple[str, str],
        sender: str = SUPERIOR,
        call: str = "",
        to: str = "",
    ) -> Response:
        """Sends a request; the response to it. What else the link sends stays for `take`."""
        number = next(self._asked)
        fields = (
            ("Via", f"SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKup{number}"),
            ("From", f"<sip:{sender}@{SUPERIOR[:10]}>;tag=f{call or number}"),
            ("To", to or f"<sip:{OWN}@{OWN[:10]}>"),
            ("Call-ID", call or f"up-{number}"),
            ("CSeq", f"{number} {method}"),
            *more,
        )
        self.hear(sip.encode(Request(method, f"sip:{OWN}@192.0.2.9:5099", Headers(fields), body)))
        answers = [each for each in self.sent if isinstance(each, Response)]
        self.sent = [each for each in self.sent if not isinstance(each, Response)]
        return answers[-1]

    def pass_s(self, seconds: float, *, answered: int | None = None) -> list[Request]:
        """Lets time pass, timer by timer. `answered`: each of our requests gets this status at once."""
        until_s, out = self.at_s + seconds, []
        while True:
            while requests := self.requests():
                out += requests
                for request in requests if answered is not None else ():
                    self.answer(request, answered or 0)
            timer = self.link.get_timer()
            if timer is None or timer > until_s:
                break
            self.at_s = max(self.at_s, timer)
            self.link.handle_timer(self.now)
        self.at_s = until_s
        return out


def text(request: Request) -> str:
    return charset.decode(request.body)


def fields(request: Request, name: str) -> list[str]:
    return re.findall(rf"<{name}>(.*?)</{name}>", text(request))
