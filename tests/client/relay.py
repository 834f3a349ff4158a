"""A line to a centre that a test cuts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Relay:
    """Carries bytes between whoever connects and the centre at `port`."""

    port: int
    is_cut: bool = False
    answered: bytes = b""
    """Bytes of answers that were carried."""
    refused: int = 0
    _lines: list[asyncio.StreamWriter] = field(default_factory=list)

    def cut(self) -> None:
        """Ends all connections behind what is on its way, and each new one at once until `mend`."""
        self.is_cut = True
        for line in self._lines:
            line.close()
        self._lines.clear()

    def mend(self) -> None:
        self.is_cut = False

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            self.refused += 1
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        self._lines += [writer, back]
        await asyncio.gather(self._carry(reader, back), self._carry(there, writer, is_answer=True))

    async def _carry(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, is_answer: bool = False
    ) -> None:
        try:
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
                if is_answer:
                    self.answered += data
        except ConnectionError:
            pass  # it was cut
        finally:
            target.close()


@asynccontextmanager
async def relay(url: str) -> AsyncIterator[tuple[str, Relay]]:
    """Serves a line to the centre at this address; gives the line's address."""
    line = Relay(int(url.rpartition(":")[2]))
    server = await asyncio.start_server(line.connected, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", line
        line.cut()
