"""Keeps the summaries of an archive directory, and decides by them which windows may have a machine of a search.

summaries/WINDOW: a line of JSON (`checked_files`). A summary names the version of the table that it describes. Without
one, or with another version, or where the file is damaged, the window may have anything: it is read.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from provisioning.contracts.query.search import Wanted
from ray_cluster.archive.lance_tables import newest_version
from ray_cluster.archive.schema import OBJECTS
from ray_cluster.archive.summaries.checked_files import read_checked, write_checked
from ray_cluster.archive.summaries.summary import Kind, WindowSummary, summarise

_MOST_READ: Final = 4096
"""Summaries in memory, of some 10 KB each with 500 sources: four times a month of hours."""
_SLACK: Final = 1e-9
"""Shares are compared in SQL with twelve decimals."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A summary in memory. `sources`: numbers that are the same in all summaries of a store."""

    version: int
    complete: bool
    rows: int
    first_ms: int
    last_ms: int
    kinds: tuple[Kind, ...]
    zones: frozenset[str]
    sources: NDArray[np.intp]
    looks: NDArray[np.uint64]
    machines: NDArray[np.int64]


class Summaries:
    """Reads and writes the summaries of one archive directory. Any thread may read; one process writes."""

    def __init__(self, directory: Path, tables: Any) -> None:
        self._folder = directory / "summaries"
        self._tables = tables
        self._read: dict[str, Loaded] = {}
        self._numbers: dict[str, int] = {}
        self._numbering = threading.Lock()

    def write(self, name: str, objects: Any) -> None:
        """Summarise a window at the newest version of its table. Raises `ArchiveFull`, `ArchiveWriteFailed`."""
        version = int(objects.version)
        objects.checkout(version)
        try:
            found = summarise(objects, version)
        finally:
            objects.checkout_latest()
        self.put(name, found)

    def put(self, name: str, summary: WindowSummary) -> None:
        """Replace the summary of a window. Raises as `write`."""
        write_checked(self._folder / name, summary.model_dump_json().encode())

    def of(self, name: str) -> Loaded | None:
        """Return the summary of a window; None if it has none for the newest version of its table. Raises OSError."""
        known = self._read.get(name)
        if known is None:
            known = self._load(name)
        if known is None:
            return None
        version = newest_version(self._tables, OBJECTS + name)
        if known.version != version:
            known = self._load(name)
        return known if known is not None and known.version == version else None

    def drop(self, name: str) -> None:
        """Delete the summary of a window."""
        self._read.pop(name, None)
        (self._folder / name).unlink(missing_ok=True)

    def sources(self) -> tuple[str, ...]:
        """List the sources of all summaries that were read, by number."""
        with self._numbering:
            return tuple(self._numbers)

    def sources_of(self, name: str, version: int) -> tuple[str, ...] | None:
        """List the sources of a window's machines, AGENT/CAMERA; None if no summary says those of this version.

        Raises:
            OSError: the summary, or the list of the table's versions, cannot be read.
        """
        summary = self.of(name)
        if summary is None or not summary.complete or summary.version != version:
            return None
        names = self.sources()
        return tuple(names[number] for number in summary.sources)

    def _load(self, name: str) -> Loaded | None:
        content = read_checked(self._folder / name)
        summary = None if content is None else _parsed(content)
        if summary is None:
            self._read.pop(name, None)
            return None
        found = self._loaded(summary)
        self._read[name] = found
        if len(self._read) > _MOST_READ:
            self._read.pop(next(iter(self._read)), None)
        return found

    def _loaded(self, summary: WindowSummary) -> Loaded:
        with self._numbering:
            numbers = [self._numbers.setdefault(source, len(self._numbers)) for source in summary.sources]
        return Loaded(
            version=summary.version,
            complete=summary.complete,
            rows=sum(summary.machines),
            first_ms=summary.first_ms,
            last_ms=summary.last_ms,
            kinds=summary.kinds,
            zones=frozenset(summary.zones),
            sources=np.array(numbers, np.intp),
            looks=np.array(summary.looks, np.uint64),
            machines=np.array(summary.machines, np.int64),
        )


@dataclass(frozen=True, slots=True)
class Estimate:
    """Machines of a window that match a search: never more than `most`; `likely` if kinds are the same everywhere."""

    most: int
    likely: int
    first_ms: int
    last_ms: int
    """Capture times of all machines of the window."""


class Pruner:
    """Excludes windows from one search by their summaries. Used by one thread."""

    def __init__(
        self, summaries: Summaries, wanted: Wanted, camera_ids: Sequence[str], sources: Sequence[tuple[str, str]]
    ) -> None:
        self._summaries = summaries
        self._wanted = wanted
        self._cameras = frozenset(camera_ids)
        self._sources = frozenset(f"{agent}/{camera}" for agent, camera in sources)
        self._asked = np.zeros(0, np.bool_)
        """True for the sources of the search, by number."""

    def estimate(self, name: str) -> Estimate | None:
        """Estimate the matching machines of a window; None without a summary.

        Raises:
            OSError: the summary, or the list of the table's versions, cannot be read.
        """
        summary = self._summaries.of(name)
        if summary is None or not summary.complete:
            return None
        of_kinds, bits = 0, 0
        if not self._wanted.zone or not summary.zones.isdisjoint(self._wanted.zone):
            for number, kind in enumerate(summary.kinds):
                if _may_fit(kind, self._wanted):
                    of_kinds += kind.machines
                    bits |= 1 << number
        there = (summary.looks & np.uint64(bits)) != 0
        if self._cameras or self._sources:
            there &= self._of(summary)
        of_sources = int(summary.machines[there].sum())
        return Estimate(
            most=min(of_kinds, of_sources),
            likely=of_kinds * of_sources // max(summary.rows, 1),
            first_ms=summary.first_ms,
            last_ms=summary.last_ms,
        )

    def excludes(self, name: str) -> bool:
        """Return True if surely no machine of a window matches. Raises as `estimate`."""
        found = self.estimate(name)
        return found is not None and not found.most

    def _of(self, summary: Loaded) -> NDArray[np.bool_]:
        if len(summary.sources) and int(summary.sources.max()) >= len(self._asked):
            self._asked = np.array([self._is_asked(source) for source in self._summaries.sources()], np.bool_)
        asked: NDArray[np.bool_] = self._asked[summary.sources]
        return asked

    def _is_asked(self, source: str) -> bool:
        return (not self._cameras or source.partition("/")[2] in self._cameras) and (
            not self._sources or source in self._sources
        )


def _may_fit(kind: Kind, wanted: Wanted) -> bool:
    """Return False if surely no machine of a kind is as wanted."""
    return (
        (not wanted.cls or kind.cls in wanted.cls)
        and (not wanted.colour or kind.colour in wanted.colour)
        and (wanted.min_side_px is None or kind.side_max >= wanted.min_side_px)
        and (wanted.max_side_px is None or kind.side_min <= wanted.max_side_px)
        and (wanted.min_share is None or (kind.share_max is not None and kind.share_max >= wanted.min_share - _SLACK))
        and (wanted.max_share is None or (kind.share_min is not None and kind.share_min <= wanted.max_share + _SLACK))
        and (wanted.heading_deg is None or kind.headed > 0)
    )


def _parsed(text: bytes) -> WindowSummary | None:
    """Parse a summary; None if it is of another release."""
    try:
        return WindowSummary.model_validate_json(text)
    except ValidationError:
        return None
