"""Measures free space of the archive's disk, and the size of a day on the newest day that is over."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from provisioning.contracts.query.archive import StorageStatus
from ray_cluster.archive.schema import OBJECTS, SNAPSHOTS

_FRESH_S: Final = 3600.0
"""Age at which the size of a day is measured again: it hardly grows, and the measurement reads the size of every file,
100,000 packs for 20 million pictures."""


class Storage:
    """Measures the disk of one archive. Thread-safe: at worst two threads measure at once."""

    def __init__(self, directory: Path, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._monotonic_s = monotonic_s
        self._measured = ("", 0, 0.0)
        """Day, its bytes on disk, and the time of the measurement."""

    def measure(self, whole_days: tuple[str, ...]) -> StorageStatus:
        """Measure the disk. `whole_days`: days that are over, oldest first.

        Raises:
            OSError: the directory cannot be read.
        """
        usage = shutil.disk_usage(self._directory)
        if not whole_days:
            return StorageStatus(free_bytes=usage.free, total_bytes=usage.total)
        day, day_bytes, at_s = self._measured
        if day != whole_days[-1] or self._monotonic_s() - at_s > _FRESH_S:
            day = whole_days[-1]
            day_bytes = self._bytes_of(day)
            self._measured = (day, day_bytes, self._monotonic_s())
        return StorageStatus(free_bytes=usage.free, total_bytes=usage.total, day=day, day_bytes=day_bytes)

    def _bytes_of(self, day: str) -> int:
        folder = self._directory / "tables"
        tables = (path for table in (SNAPSHOTS, OBJECTS) for path in folder.glob(f"{table}{day}*.lance"))
        return sum(map(_size, (self._directory / "packs" / day, *tables)))


def _size(folder: Path) -> int:
    """Sum the bytes of a folder on disk. A file that retention or upkeep deletes meanwhile counts nothing."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(root) / name).stat().st_blocks * 512
            except FileNotFoundError:
                continue
    return total
