"""A superior platform of GB/T 28181 on loopback, UDP or TCP, in texts of its own: it imports no SIP of the project."""

import asyncio
import hashlib
import re
import secrets
import time
from collections import Counter
from itertools import count
from types import TracebackType
from typing import Self

from tests.support.ports import free_port
from tests.support.waiting import eventually

HOST = "127.0.0.1"
PASSWORD = "Up-28181-secret"
_ITEM = re.compile(r"<Item>(.*?)</Item>", re.DOTALL)


class PlatformAbove:
    """Lets one platform below register, asks it, and keeps what it tells."""

    def __init__(self, own_id: str, below_id: str, transport: str = "udp", password: str = PASSWORD) -> None:
        self.own_id, self.below_id, self.transport, self.password = own_id, below_id, transport, password
        self.port = 0
        self.algorithm = "MD5"
        self.answers = True
        """False: it is there and says nothing."""
        self.registrations = 0
        self.unregistrations = 0
        self.refused_logins = 0
        self.heard: Counter[str] = Counter()
        """Requests by method and CmdType."""
        self.bytes_in = self.bytes_out = self.datagrams_in = 0
        self.longest = 0
        """Bytes of the longest message."""
        self.items: dict[int, dict[str, str]] = {}
        """Items by SN and DeviceID."""
        self.sums: dict[int, int] = {}
        self.bodies: list[str] = []
        """What came that is no part of a catalogue."""
        self.responses: dict[str, str] = {}
        """Answers to our requests, by Call-ID."""
        self._nonces: set[str] = set()
        self._numbers = count(1)
        self._sns = count(100)
        self._udp: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._streams: set[asyncio.StreamWriter] = set()
        self._peer: tuple[str, int] | asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listens; the second time at the same port, which nobody else is lent meanwhile."""
        self.port = self.port or free_port()
        if self.transport == "udp":
            loop = asyncio.get_running_loop()
            self._udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), local_addr=(HOST, self.port))
        else:
            self._server = await asyncio.start_server(self._serve, HOST, self.port)

    async def stop(self) -> None:
        """Goes away without a word."""
        if self._udp is not None:
            self._udp.close()
        if self._server is not None:
            self._server.close()
            for stream in tuple(self._streams):
                stream.transport.abort()
        self._udp = self._server = self._peer = None

    # --- what it asks

    async def registered(self, times: int = 1) -> None:
        await eventually(lambda: self.registrations >= times, seen=lambda: (self.heard, self.refused_logins))

    async def catalog(self, device_id: str = "") -> tuple[dict[str, str], float]:
        """All items by their code, and the seconds from the query to the last."""
        sn, began_s = next(self._sns), time.monotonic()
        self.ask("MESSAGE", query("Catalog", device_id or self.below_id, sn))
        await eventually(
            lambda: sn in self.sums and len(self.items[sn]) >= self.sums[sn],
            "the whole catalogue",
            seen=lambda: len(self.items.get(sn, ())),
        )
        return self.items[sn], time.monotonic() - began_s

    async def answer(self, method: str, body: str = "", *more: str) -> str:
        """The answer to a request, its first line and headers."""
        call_id = self.ask(method, body, *more)
        return await eventually(lambda: self.responses.get(call_id, ""), f"an answer to {method}")

    def ask(self, method: str, body: str = "", *more: str, sender: str = "", call_id: str = "") -> str:
        """Sends a request; its Call-ID."""
        number, raw = next(self._numbers), body.encode("gb18030")
        call_id = call_id or f"above-{self.port}-{number}"
        sender = sender or self.own_id
        lines = [
            f"{method} sip:{self.below_id}@{self.below_id[:10]} SIP/2.0",
            f"Via: SIP/2.0/{self.transport.upper()} {HOST}:{self.port};rport;branch=z9hG4bK-{self.port}-{number}",
            f"From: <sip:{sender}@{self.own_id[:10]}>;tag=a{number}",
            f"To: <sip:{self.below_id}@{self.below_id[:10]}>",
            f"Call-ID: {call_id}",
            f"CSeq: {number} {method}",
            "Max-Forwards: 70",
            "Content-Type: Application/MANSCDP+xml",
            *more,
            f"Content-Length: {len(raw)}",
        ]
        self.send("\r\n".join([*lines, "", ""]).encode() + raw)
        return call_id

    def send(self, data: bytes) -> None:
        """Sends bytes to the platform below."""
        self.bytes_out += len(data)
        if isinstance(self._peer, asyncio.StreamWriter):
            self._peer.write(data)
        elif self._udp is not None and self._peer is not None:
            self._udp.sendto(data, self._peer)

    # --- what it hears

    def received(self, data: bytes, peer: tuple[str, int] | asyncio.StreamWriter) -> None:
        """Takes one whole message."""
        self.bytes_in += len(data)
        self.datagrams_in += 1
        self.longest = max(self.longest, len(data))
        head, _, raw = data.partition(b"\r\n\r\n")
        lines, body = head.decode().split("\r\n"), raw.decode("gb18030")
        if lines[0].startswith("SIP/2.0"):
            self.responses[_header(lines, "Call-ID")] = head.decode()
            return
        method = lines[0].partition(" ")[0]
        kind = re.findall(r"<CmdType>(.*?)</CmdType>", body)
        self.heard[" ".join([method, *kind])] += 1
        if not self.answers:
            return
        self._peer = peer
        if method == "REGISTER":
            self._register(lines)
        else:
            self._answer(lines, "200 OK")
            self._keep(body)

    def _keep(self, body: str) -> None:
        if "<Response>" not in body or "<CmdType>Catalog" not in body:
            self.bodies.append(body)
            return
        sn = int(re.findall(r"<SN>(\d+)</SN>", body)[0])
        self.sums[sn] = int(re.findall(r"<SumNum>(\d+)</SumNum>", body)[0])
        found = self.items.setdefault(sn, {})
        for item in _ITEM.findall(body):
            found[re.findall(r"<DeviceID>(.*?)</DeviceID>", item)[0]] = item

    def _register(self, lines: list[str]) -> None:
        asked = dict(re.findall(r'(\w+)="?([^",]*)"?', _header(lines, "Authorization").partition(" ")[2]))
        if asked.get("nonce") not in self._nonces:
            nonce = secrets.token_hex(8)
            self._nonces.add(nonce)
            challenge = f'Digest realm="{self.own_id[:10]}", nonce="{nonce}", qop="auth", algorithm={self.algorithm}'
            self._answer(lines, "401 Unauthorized", f"WWW-Authenticate: {challenge}")
            return
        self._nonces.discard(asked["nonce"])
        hashed = hashlib.sha256 if self.algorithm == "SHA-256" else hashlib.md5
        first = hashed(f"{self.below_id}:{self.own_id[:10]}:{self.password}".encode()).hexdigest()
        second = hashed(f"REGISTER:{asked['uri']}".encode()).hexdigest()
        text = f"{first}:{asked['nonce']}:{asked['nc']}:{asked['cnonce']}:auth:{second}"
        if asked["response"] != hashed(text.encode()).hexdigest():
            self.refused_logins += 1
            self._answer(lines, "403 Forbidden")
            return
        expires = _header(lines, "Expires")
        self.unregistrations += expires == "0"
        self.registrations += expires != "0"
        self._answer(lines, "200 OK", f"Expires: {expires}", "Date: 2031-01-01T00:00:00.000")

    def _answer(self, lines: list[str], status: str, *more: str) -> None:
        copied = [line for line in lines if line.partition(":")[0] in {"Via", "From", "Call-ID", "CSeq"}]
        to = _header(lines, "To")
        to = to if "tag=" in to else f"{to};tag=above"
        self.send("\r\n".join([f"SIP/2.0 {status}", *copied, f"To: {to}", *more, "Content-Length: 0", "", ""]).encode())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._streams.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(re.findall(rb"Content-Length: (\d+)", head)[0])
                self.received(head + await reader.readexactly(length), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            self._streams.discard(writer)
        finally:
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, above: PlatformAbove) -> None:
        self._above = above

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._above.received(data, addr)


def query(cmd_type: str, device_id: str, sn: int = 7, *, root: str = "Query", more: str = "") -> str:
    """A body, in the standard's order."""
    head = f"<CmdType>{cmd_type}</CmdType>\r\n<SN>{sn}</SN>\r\n<DeviceID>{device_id}</DeviceID>\r\n{more}"
    return f'<?xml version="1.0" encoding="GB2312"?>\r\n<{root}>\r\n{head}</{root}>\r\n'


def _header(lines: list[str], name: str) -> str:
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:")), "")
