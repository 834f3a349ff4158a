"""Opens the archiver of one partition."""

import time
from pathlib import Path
from typing import Final

from provisioning.retention.state import Clocks
from ray_cluster.archive.archiver import Archiver
from ray_cluster.archive.hold_store import HoldStore
from ray_cluster.archive.object_store.claim import claim_beside
from ray_cluster.archive.partitions.division import Partitions, Share
from ray_cluster.errors import ArchiveInUse

DIVIDED_S: Final = 600.0
"""Longest wait for the writer of partition 0 to divide the archive: it reads one column of every row."""
_POLL_S: Final = 0.5


def open_writer(
    directory: Path,
    number: int = 0,
    *,
    writers: int,
    retention_days: int,
    offset_minutes: int,
    now: Clocks,
    patience_s: float = DIVIDED_S,
) -> Archiver:
    """Open the archiver of partition `number` of an archive with so many writers.

    The writer of partition 0 divides the archive after it has taken its epoch: an archiver that wrote all of it has
    ended by then. The others wait for that. Packs of partition 0 were claimed before (`claim_packs`); those of another
    partition lie in the same store.

    Raises:
        StartFailed: the archive has more partitions than `writers`.
        StoreRefused: the store must not hold the packs of the partition.
        ArchiveInUse: the archive is not divided within `patience_s`, or as `Archiver`.
        ArchiveFull, ArchiveWriteFailed, ArchiveUnreadable: as `Archiver` and `Partitions`.
    """
    partitions = Partitions(directory)
    if number:
        _await_division(partitions, number, patience_s)
        claim_beside(partitions.folder(0), partitions.folder(number), number)
    archiver = Archiver(
        partitions.folder(number),
        retention_days=retention_days,
        offset_minutes=offset_minutes,
        now=now,
        share=Share(partitions, number) if writers > 1 else None,
    )
    if number:
        _take_over_holds(partitions.folder(0), partitions.folder(number))
    else:
        partitions.divide(writers)
    return archiver


def _take_over_holds(first: Path, own: Path) -> None:
    """Put the holds of cameras and a span in force in a partition that came after them: its late rows are held too."""
    area = HoldStore(own)
    known = {hold.name for hold in area.all()}
    for hold in HoldStore(first).all():
        if hold.camera_ids and hold.name not in known:
            area.write(hold)


def _await_division(partitions: Partitions, number: int, patience_s: float) -> None:
    until_s = time.monotonic() + patience_s
    while partitions.division().writers <= number:
        if time.monotonic() >= until_s:
            raise ArchiveInUse(f"{partitions.folder(0)}: not divided yet; start the writer of partition 0")
        time.sleep(_POLL_S)  # another process writes the file, and nothing tells of it
