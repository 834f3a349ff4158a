"""What stands behind intake, as it calls it: other deployments, or in a test a dict."""

from collections.abc import Sequence
from typing import Protocol

from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.inference.appearance import Appearance
from ray_cluster.inference.picture import Parsed, Photo, Sitter, Unreadable


class Stages(Protocol):
    """What intake calls. All may raise `Retryable`, and are then called again with the same arguments.

    `StageFault` among them says that the arguments may be the cause: see `isolation`.
    """

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        """Rows that are archived already, by row key."""

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        """Machines in each picture."""

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        """Whether a face shows in each picture."""

    async def embed(self, sitters: Sequence[Sitter]) -> list[tuple[Appearance, ...] | Unreadable]:
        """What the machines in each picture look like, in their order."""

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        """Receipts after the commit, in order."""
