"""Defines the stages behind intake: other deployments, or in a test a dict."""

from collections.abc import Sequence
from typing import Protocol

from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.inference.appearance import Appearance
from ray_cluster.inference.picture import Parsed, Photo, Sitter, Unreadable


class Stages(Protocol):
    """Stages that intake calls. All may raise `Retryable`, and are then called again with the same arguments.

    `StageFault` among them means that the arguments may be the cause: see `isolation`.
    """

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        """Look up rows that are archived already, by row key."""

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        """Detect the machines in each picture."""

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        """Return for each picture true if a face shows in it."""

    async def embed(self, requests: Sequence[Sitter]) -> list[tuple[Appearance, ...] | Unreadable]:
        """Compute the appearance of the machines in each picture, in their order."""

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        """Commit entries and return their receipts, in order."""
