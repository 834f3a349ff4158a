"""Talks to a desk agent on behalf of `ingest`: one query, or one upload that is answered while it goes on."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, TypeVar

import aiohttp

from edge_agent.desk.errors import DeskError
from edge_agent.desk.protocol import Problem, Progress, RecordingRef, Standing
from edge_agent.host_port import host_port
from provisioning.contracts.errors import ContractError
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import Message

_M = TypeVar("_M", bound=Message)

_CONNECT_S: Final = 10.0
_SILENCE_S: Final = 60.0
"""The agent reports progress twice a second; a disk or a queue may hold that up for a moment."""
_MAX_ANSWER_BYTES: Final = 64 * 1024
_GOODBYE_STEPS: Final = 100


@dataclass(frozen=True, slots=True)
class AgentAddress:
    """Address of the agent, and the trust and token to connect with."""

    host: str
    port: int
    tls: ssl.SSLContext
    token: str = field(repr=False)

    @property
    def name(self) -> str:
        """Names the agent in messages."""
        return f"desk agent {host_port(self.host, self.port)}"


class DeskClient:
    """Asks and sends over HTTPS.

    Its methods raise DeskError: a refusal's own code, or `unreachable`, `untrusted`, `lost`, `nonsense`.
    """

    def __init__(self, place: AgentAddress) -> None:
        self._place = place

    async def standing(self, recording: RecordingRef) -> Standing:
        """Asks how far a recording is."""
        async with self._session() as session, self._asked(session.get(self._target(recording))) as answer:
            text = await answer.content.read(_MAX_ANSWER_BYTES)
        return self._read(Standing, text)

    async def send(
        self,
        recording: RecordingRef,
        at_ms: int,
        chunks: Iterator[bytes],
        on_progress: Callable[[Progress], None],
        *,
        again: bool,
    ) -> Progress:
        """Sends a recording from `at_ms` on; returns its last progress. `on_progress` takes each before it."""
        target = f"{self._target(recording)}&at_ms={at_ms}&again={int(again)}"
        async with self._session() as session:
            request = session.post(target, data=_off_loop(chunks), expect100=True)
            async with self._asked(request) as answer:
                while line := await answer.content.readline():
                    progress = self._read(Progress, line)
                    if progress.end is not None:
                        return progress
                    on_progress(progress)
        raise DeskError("lost", f"{self._place.name}: the connection ended before the recording was in")

    # --- inside

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiohttp.ClientSession]:
        opened: list[socket.socket] = []

        def noted(info: aiohttp.AddrInfoType) -> socket.socket:
            opened.append(socket.socket(info[0], info[1], info[2]))
            return opened[-1]

        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._place.tls, force_close=True, socket_factory=noted),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S, sock_read=_SILENCE_S),
            headers={"Authorization": f"Bearer {self._place.token}"},
            auto_decompress=False,
            trust_env=False,
        )
        try:
            yield session
        finally:
            await session.close()
            await _closed(opened)

    def _target(self, recording: RecordingRef) -> str:
        place = host_port(self._place.host, self._place.port)
        query = f"started_at_ms={recording.started_at_ms}&key={recording.key}"
        return f"https://{place}/cameras/{recording.camera_id}/recordings?{query}"

    @asynccontextmanager
    async def _asked(self, request: "aiohttp.client._RequestContextManager") -> AsyncIterator[aiohttp.ClientResponse]:
        """Yields the response, if it is one to go on with; every failure on the way has a code."""
        trouble: DeskError
        try:
            async with request as answer:
                if answer.status != HTTPStatus.OK:
                    raise self._refusal(await answer.content.read(_MAX_ANSWER_BYTES))
                yield answer
                return
        except aiohttp.ClientConnectorCertificateError as error:
            trouble = DeskError("untrusted", f"{self._place.name}: {error.certificate_error}: is --ca the right file?")
        except aiohttp.ClientConnectorError as error:
            trouble = DeskError(
                "unreachable", f"{self._place.name}: {error.strerror}: is it running, and is the port right?"
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            trouble = DeskError("lost", f"{self._place.name}: the connection was lost ({type(error).__name__})")
        raise trouble  # outside the handlers: what aiohttp raises holds the request, and that the token

    def _refusal(self, text: bytes) -> DeskError:
        problem = self._read(Problem, text)
        return DeskError(problem.error, problem.detail)

    def _read(self, model: type[_M], text: bytes) -> _M:
        try:
            return codec.decode(model, text)
        except ContractError:
            raise DeskError("nonsense", f"{self._place.name}: its answer cannot be read: is it a desk agent?") from None


async def _off_loop(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Runs an iterator that blocks in a thread."""
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        yield chunk


async def _closed(sockets: list[socket.socket]) -> None:
    """Waits until the sockets are closed.

    Aiohttp leaves a TLS connection to say goodbye in its own time, which a loop that ends here does not give it.
    """
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
    for _ in range(_GOODBYE_STEPS):
        if all(each.fileno() < 0 for each in sockets):
            return
        await asyncio.sleep(0.01)
