"""Nobody wears out the acceptor of enrolment, of the desk and of devices: its bounds, over TLS.

client ──TLS──▶ Acceptor ──▶ 200
"""

import asyncio
import gc
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest
from aiohttp import web

from provisioning.net.http_acceptor import Acceptor, Bounds, bare, listen
from tests.support.pki import Pki
from tests.support.ports import free_port
from tests.support.waiting import LONG_S

HOST, ELSEWHERE = "127.0.0.1", "127.0.0.2"
BOUNDS = Bounds(connections=8, per_address=8, handshake_s=600.0, idle_s=600.0)
HURRIED = replace(BOUNDS, handshake_s=2.0, idle_s=2.0)
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Street:
    """An acceptor, and how one goes there."""

    def __init__(self, pki: Pki) -> None:
        identity = pki.issue("enrolment")
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(identity.cert_file, identity.key_file)
        self._trust = ssl.create_default_context(cafile=str(identity.ca_file))
        self._trust.check_hostname = False
        self.port = 0
        self.unwelcome: list[str] = []

    @asynccontextmanager
    async def open(self, bounds: Bounds = BOUNDS) -> AsyncIterator[None]:
        """Serves within."""
        self.port = free_port()
        self.unwelcome.clear()

        async def answer(_request: web.BaseRequest, _remote: str) -> web.StreamResponse:
            return bare(200)

        def unwelcome(_remote: str, cause: str) -> None:
            self.unwelcome.append(cause)

        acceptor = Acceptor(listen(HOST, self.port, 8), self._tls, answer, bounds, unwelcome=unwelcome)
        serving = asyncio.create_task(acceptor.run())
        try:
            yield
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    async def come(self, source: str = HOST) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """As far as the end of the handshake."""
        return await asyncio.open_connection(HOST, self.port, ssl=self._trust, local_addr=(source, 0))

    def shaken(self, address: tuple[str, int]) -> socket.socket:
        """The same, with nobody behind who reads: TLS gets no goodbye."""
        plain = socket.create_connection(address)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self._trust.wrap_bio(incoming, outgoing)
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                plain.sendall(outgoing.read())
                incoming.write(plain.recv(65536))
            else:
                plain.sendall(outgoing.read())
                return plain

    async def say(self, sent: bytes, source: str = HOST) -> bytes:
        """What comes back until the connection ends; nothing where it ends before."""
        with suppress(OSError):
            reader, writer = await self.come(source)
            writer.write(sent)
            try:
                return await reader.read()
            finally:
                writer.close()
        return b""


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Street:
    return Street(Pki(tmp_path_factory.mktemp("pki")))


def lives(story: Callable[[], Coroutine[None, None, None]]) -> None:
    """Nothing of it hangs."""
    asyncio.run(story())


def test_who_comes_beyond_the_number_waits_until_another_goes(street: Street) -> None:
    async def story() -> None:
        async with street.open(replace(BOUNDS, connections=1)):
            _, first = await street.come()
            second = asyncio.create_task(street.say(GET))
            assert await asyncio.wait({second}, timeout=0.3) == (set(), {second})
            first.close()
            assert (await second).startswith(b"HTTP/1.1 200 ")

    lives(story)


def test_one_address_has_its_share_alone(street: Street) -> None:
    async def story() -> None:
        async with street.open(replace(BOUNDS, per_address=1)):
            _, first = await street.come()
            assert await street.say(GET) == b""
            assert (await street.say(GET, ELSEWHERE)).startswith(b"HTTP/1.1 200 ")
            first.close()

    lives(story)


@pytest.mark.parametrize("sent", [b"", GET[:-2]], ids=["nothing", "half the headers"])
def test_a_slow_client_is_shown_the_door(street: Street, sent: bytes) -> None:
    async def story() -> None:
        async with street.open(HURRIED):
            assert b" 200 " not in await street.say(sent)
            reader, writer = await asyncio.open_connection(HOST, street.port)  # and begins no TLS
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()

    lives(story)


@pytest.mark.parametrize(
    "sent",
    [
        GET[:-2] + b"X: " + b"x" * 20_000 + b"\r\n\r\n",
        GET[:-2] + b"".join(b"X%d: x\r\n" % number for number in range(200)) + b"\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01 hello\r\n\r\n",
    ],
    ids=["a long header", "many headers", "a long path", "no HTTP"],
)
def test_headers_are_few_and_short(street: Street, sent: bytes) -> None:
    async def story() -> None:
        async with street.open():
            assert (await street.say(sent)).startswith(b"HTTP/1.0 400 ")
            assert street.unwelcome == ["this is no HTTP/1.1"]
            assert (await street.say(GET)).startswith(b"HTTP/1.1 200 ")

    lives(story)


def test_nothing_is_left_of_an_acceptor_that_is_closed(street: Street) -> None:
    async def story() -> None:
        async with street.open():
            reader, writer = await street.come()
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(HOST, street.port)

    lives(story)


def test_who_is_there_and_silent_when_it_is_closed_is_hung_up_on(street: Street) -> None:
    """At once in the handshake, after the goodbye's time else: what is left open would outlive the loop."""
    sockets = [socket.create_connection, street.shaken]

    async def story() -> None:
        async with street.open(replace(BOUNDS, goodbye_s=0.2)):
            here = [await asyncio.to_thread(come, (HOST, street.port)) for come in sockets]
            await asyncio.sleep(0.2)
        transports = [each for each in gc.get_objects() if isinstance(each, asyncio.Transport)]
        left = [each for each in transports if not each.is_closing()]
        assert street.port not in {each.get_extra_info("sockname")[1] for each in left}
        for each in here:
            each.settimeout(LONG_S)
            with suppress(ConnectionError):
                while each.recv(4096):
                    pass
            each.close()

    lives(story)
