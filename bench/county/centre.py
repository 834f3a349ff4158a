"""The real batcher and archiver behind the real intake; parsing answers at once, with three machines a picture."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from provisioning.contracts.wire.messages import Box, Machine, MachineClass
from provisioning.retention.clock import read_clocks
from ray_cluster.archive.archiver import Archiver
from ray_cluster.archive.commit_batcher import Batcher
from ray_cluster.archive.commit_metrics import CommitFigures
from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.inference.appearance import DIMENSIONS, Appearance
from ray_cluster.inference.picture import Parsed, Photo, Sitter, Unreadable

FLUSH_ROWS, FLUSH_S = 200, 0.2
"""As `wayside-cluster` has them."""
OBJECTS: Final = 3
_MACHINES: Final = tuple(
    Machine(cls=cls, score=0.8, box=Box(x0=100 * n, y0=100, x1=100 * n + 90, y1=200))
    for n, cls in enumerate((MachineClass.CAR, MachineClass.MOTORCYCLE, MachineClass.TRUCK))
)
_T = TypeVar("_T")


class Centre:
    """Every stage, for any number of intakes."""

    def __init__(self, directory: Path, now_ms: Callable[[], int], seed: int) -> None:
        self._thread = ThreadPoolExecutor(1, "archiver")
        self._archiver = Archiver(directory, retention_days=30, offset_minutes=480, now=read_clocks())
        self._chance = np.random.default_rng(seed)
        self.commits = CommitFigures(now_ms)
        self.batcher = Batcher(
            self.commits.around(
                lambda entries: self._in_thread(lambda: self._archiver.commit(entries, now_ms=now_ms()))
            ),
            lambda: self._in_thread(lambda: self._archiver.maintain(now=read_clocks())),
            flush_rows=FLUSH_ROWS,
            flush_s=FLUSH_S,
            max_rows=4 * FLUSH_ROWS,
        )

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        """See `ArchiverStage`."""
        return await self._in_thread(lambda: self._archiver.known(sightings))

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        """See `ParserStage`."""
        return [Parsed(_MACHINES, 0) for _ in photos]

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        """See `CanaryStage`."""
        return [False] * len(photos)

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        """See `ArchiverStage`."""
        return await self.batcher.submit(entries)

    async def embed(self, requests: Sequence[Sitter]) -> list[tuple[Appearance, ...] | Unreadable]:
        """See `EmbedderStage`: vectors of noise, which nothing compresses."""
        return [self.looks(len(request.machines)) for request in requests]

    def close(self) -> None:
        """The archiver's thread ends."""
        self._thread.shutdown()

    def looks(self, machines: int) -> tuple[Appearance, ...]:
        """Of so many machines."""
        vectors = self._chance.standard_normal((machines, DIMENSIONS), dtype=np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return tuple(Appearance(vector=vector) for vector in vectors)

    async def _in_thread(self, call: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
