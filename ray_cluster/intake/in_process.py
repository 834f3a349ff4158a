"""Calls stages in the intake's own process, with the errors that a call of another process has.

A picture is handed over by reference. A stage must not block the event loop: it works in threads of its own.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TypeVar

from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.errors import ClusterError, StageFault, Unavailable
from ray_cluster.inference.appearance import Appearance
from ray_cluster.inference.picture import Parsed, Photo, Sitter, Unreadable
from ray_cluster.intake.stages import ArchiverStage, CanaryStage, EmbedderStage, ParserStage

_T = TypeVar("_T")


class ParserInProcess:
    """Parser in this process."""

    def __init__(self, parser: ParserStage) -> None:
        self._parser = parser

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        return await answer_in_process(self._parser.parse(photos))


class CanaryInProcess:
    """Canary in this process."""

    def __init__(self, canary: CanaryStage) -> None:
        self._canary = canary

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        return await answer_in_process(self._canary.inspect(photos))


class EmbedderInProcess:
    """Embedder in this process."""

    def __init__(self, embedder: EmbedderStage) -> None:
        self._embedder = embedder

    async def embed(self, requests: Sequence[Sitter]) -> list[tuple[Appearance, ...] | Unreadable]:
        return await answer_in_process(self._embedder.embed(requests))


class ArchiverInProcess:
    """Archiver in this process."""

    def __init__(self, archiver: ArchiverStage) -> None:
        self._archiver = archiver

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        return await answer_in_process(self._archiver.known(sightings))

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        return await answer_in_process(self._archiver.archive(entries))


async def answer_in_process(call: Awaitable[_T]) -> _T:
    """Await a call of this process: any fault of the program is raised as `StageFault`, as over a handle.

    A stage that ends cancels its callers. That is `Unavailable`: to the caller it would look as if itself were to end,
    and its messages would neither be archived nor tried again.
    """
    try:
        return await call
    except ClusterError:
        raise
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise Unavailable("a stage in this process ended in the middle of the call") from error
    except Exception as error:  # raised again: whatever a stage raises is its fault, and the message may be the cause
        raise StageFault(f"fault in a deployment, please report it: {repr(error)[:300]}") from error
