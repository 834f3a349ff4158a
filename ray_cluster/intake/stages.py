"""Defines the stages behind intake, a protocol each: Serve handles, calls in the same process, or in a test a dict.

All calls may raise `Retryable`, and are then made again with the same arguments. `StageFault` among them means that the
arguments may be the cause: see `isolation`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.inference.appearance import Appearance
from ray_cluster.inference.picture import Parsed, Photo, Sitter, Unreadable


class ParserStage(Protocol):
    """Detects the machines in pictures: the parser, near or far."""

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        """Detect the machines in each picture."""


class CanaryStage(Protocol):
    """Searches pictures for faces."""

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        """Return for each picture true if a face shows in it."""


class EmbedderStage(Protocol):
    """Computes the appearance of machines."""

    async def embed(self, requests: Sequence[Sitter]) -> list[tuple[Appearance, ...] | Unreadable]:
        """Compute the appearance of the machines in each picture, in their order."""


class ArchiverStage(Protocol):
    """Looks up and commits rows of the archive."""

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        """Look up rows that are archived already, by row key."""

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        """Commit entries and return their receipts, in order."""


@dataclass(frozen=True, slots=True)
class Stages:
    """Stages that one intake calls."""

    parser: ParserStage
    canary: CanaryStage
    embedder: EmbedderStage
    archiver: ArchiverStage
