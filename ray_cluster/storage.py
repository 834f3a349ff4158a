"""What the archive's disk holds and has left: what a day takes is measured on the newest day that is over."""

import os
import shutil
from pathlib import Path

from provisioning.contracts.archive import StorageStatus
from ray_cluster.tables import OBJECTS, SNAPSHOTS


def storage(directory: Path, whole_days: tuple[str, ...]) -> StorageStatus:
    """Of the archive in `directory`; `whole_days` are those that are over, oldest first.

    Looks at every file of one day: a few thousand packs a million pictures.
    """
    try:
        free_bytes: int | None = shutil.disk_usage(directory).free
    except OSError:
        free_bytes = None
    if not whole_days:
        return StorageStatus(free_bytes=free_bytes)
    day = whole_days[-1]
    parts = [directory / "packs" / day, *(directory / f"{table}{day}.lance" for table in (SNAPSHOTS, OBJECTS))]
    return StorageStatus(free_bytes=free_bytes, day=day, day_bytes=sum(map(_size, parts)))


def _size(folder: Path) -> int:
    """Bytes on disk. A file that goes while it is looked at, as retention and upkeep make them go, counts nothing."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(root) / name).stat().st_blocks * 512
            except FileNotFoundError:
                continue
    return total
