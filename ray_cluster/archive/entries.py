"""Defines entries, which intake hands to the archiver, and the receipts for them."""

from dataclasses import dataclass

from provisioning.contracts import ids
from provisioning.contracts.query.archive import FoundAt
from provisioning.contracts.wire.messages import Machine, PictureState, Snapshot
from ray_cluster.inference.appearance import Appearance
from ray_cluster.inference.picture import DetectorRef


@dataclass(frozen=True, slots=True)
class Entry:
    """A checked snapshot on its way into the archive.

    Attributes:
        snapshot: the envelope. `agent_id` has been compared with the ACL-bound topic.
        message_sha256: hash of the whole message, hex.
        received_at_ms: time at which intake received it.
        picture: state of the picture in the archive; `jpeg` is empty unless it is kept.
        jpeg: the redacted picture.
        machines: those found by the parser, or by the edge where `found_at` says so.
        seen_by: the detector that found them; None for a withheld picture.
        appearances: one for each machine, in their order; empty if they were not embedded.
    """

    snapshot: Snapshot
    message_sha256: str
    received_at_ms: int
    picture: PictureState
    jpeg: bytes
    machines: tuple[Machine, ...]
    appearances: tuple[Appearance, ...] = ()
    seen_by: DetectorRef | None = None
    found_at: FoundAt = FoundAt.CLUSTER

    def __post_init__(self) -> None:
        if self.appearances and len(self.appearances) != len(self.machines):
            raise ValueError(f"{self.row_key}: {len(self.appearances)} appearances of {len(self.machines)} machines")
        if (self.picture is PictureState.KEPT) != bool(self.jpeg):
            raise ValueError(f"{self.row_key}: picture is {self.picture} with {len(self.jpeg)} bytes")

    @property
    def row_key(self) -> str:
        """Key of the archive row."""
        return ids.row_key(self.snapshot.agent_id, self.snapshot.observation_id)

    @property
    def sighting(self) -> "Sighting":
        """Key and capture time by which the archive looks the row up."""
        return Sighting(self.row_key, self.snapshot.captured_at_ms)


@dataclass(frozen=True, slots=True)
class Sighting:
    """Key of a row that may be in the archive already; its capture time gives the day to look in first."""

    row_key: str
    captured_at_ms: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """Receipt for a committed row.

    Attributes:
        row_key: its key.
        picture: the state in which it was archived, which an earlier message may have decided.
        commit_seq: its number in the commit order.
        fresh: true if this call committed it, false if it was in the archive already.
    """

    row_key: str
    picture: PictureState
    commit_seq: int
    fresh: bool
