"""Keeps the counts of machines of an archive directory, window by window.

counts/WINDOW: a line of JSON, then the numbers, compressed (`checked_files`).
"""

import threading
import zlib
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from pydantic import ValidationError

from provisioning.contracts.wire.messages import Count, Message
from ray_cluster.archive.summaries.checked_files import read_checked, write_checked
from ray_cluster.archive.summaries.machine_counts import CLASSES, WindowCounts, brought_up
from ray_cluster.archive.windows import span_ms

_CACHE_BYTES: Final = 64 * 1024**2
"""Numbers in memory: a month of hours with 500 sources is 22 to 43 MB."""
_PACK: Final = 1
"""Level of zlib, the fastest: upkeep packs a window anew after 50 commits."""


class CountsHead(Message):
    """First line of a file of counts. `width`: bytes of a number, little-endian."""

    version: Count
    rows: Count
    end_row_id: Count
    sources: tuple[str, ...]
    classes: tuple[str, ...]
    cells: Count
    width: Literal[1, 2, 4]


class CountsStore:
    """Reads and writes the counts of one archive directory. Any thread may read; one process writes."""

    def __init__(self, directory: Path, *, offset_minutes: int) -> None:
        self._folder = directory / "counts"
        self._offset_minutes = offset_minutes
        self._read: OrderedDict[str, tuple[tuple[int, int], WindowCounts]] = OrderedDict()
        """Window → which file it was read from, and its counts; the last one used is last."""
        self._bytes = 0
        self._reading = threading.Lock()

    def write(self, name: str, objects: Any) -> None:
        """Add the rows of a window's table that its counts lack. Raises `ArchiveFull`, `ArchiveWriteFailed`."""
        version = int(objects.version)
        objects.checkout(version)
        try:
            found = brought_up(self.of(name), objects, span_ms(name, self._offset_minutes))
        finally:
            objects.checkout_latest()
        write_checked(self._folder / name, _bytes_of(found))

    def of(self, name: str) -> WindowCounts | None:
        """Return the counts of a window; None if there are none, or they are damaged. Raises OSError."""
        path = self._folder / name
        try:
            found = path.stat()
        except FileNotFoundError:
            return None
        which = found.st_ino, found.st_mtime_ns
        with self._reading:
            known = self._read.get(name)
            if known is not None and known[0] == which:
                self._read.move_to_end(name)
                return known[1]
        content = read_checked(path)
        counts = None if content is None else _parsed(content)
        if counts is not None:
            self._keep(name, which, counts)
        return counts

    def drop(self, name: str) -> None:
        """Delete the counts of a window."""
        (self._folder / name).unlink(missing_ok=True)

    def _keep(self, name: str, which: tuple[int, int], counts: WindowCounts) -> None:
        with self._reading:
            if name in self._read:
                self._bytes -= self._read.pop(name)[1].machines.nbytes
            self._read[name] = which, counts
            self._bytes += counts.machines.nbytes
            while self._bytes > _CACHE_BYTES and len(self._read) > 1:
                self._bytes -= self._read.popitem(last=False)[1][1].machines.nbytes


def _bytes_of(counts: WindowCounts) -> bytes:
    machines = counts.machines.astype(np.min_scalar_type(counts.machines.max(initial=0)).newbyteorder("<"))
    head = CountsHead(
        version=counts.version,
        rows=counts.rows,
        end_row_id=counts.end_row_id,
        sources=counts.sources,
        classes=CLASSES,
        cells=machines.shape[1],
        width=machines.itemsize,
    )
    return head.model_dump_json().encode() + b"\n" + zlib.compress(machines.tobytes(), _PACK)


def _parsed(content: bytes) -> WindowCounts | None:
    """Parse a file; None if it is of another release."""
    line, _, packed = content.partition(b"\n")
    try:
        head = CountsHead.model_validate_json(line)
    except ValidationError:
        return None
    if head.classes != CLASSES:
        return None
    shape = len(head.sources), head.cells, len(CLASSES)
    machines = np.frombuffer(zlib.decompress(packed), np.dtype(f"<u{head.width}")).reshape(shape)
    return WindowCounts(head.version, head.rows, head.end_row_id, head.sources, machines)
