"""Searches look-alikes in the windows of all partitions in parallel, newest first; the pages get better."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from provisioning.contracts.query.lookalike import LookalikeHit, LookalikePage, LookalikeRequest
from ray_cluster.archive.audit_log import Audit
from ray_cluster.archive.lance_tables import quoted, read_errors
from ray_cluster.archive.partitions.division import OpenPartitions
from ray_cluster.archive.partitions.open_tables import OpenTables
from ray_cluster.archive.schema import OBJECTS, object_row
from ray_cluster.archive.upkeep_status import read_status
from ray_cluster.archive.windows import WindowsOfDays, day_of, span_ms
from ray_cluster.errors import ArchiveUnreadable, NoVector
from ray_cluster.query.filters import checked_row_key
from ray_cluster.query.row_reader import by_key, pinned, records
from ray_cluster.query.sql import of_object_sources
from ray_cluster.query.standing_queries import Standing
from ray_cluster.query.vector_search import Found, Hits, Nearest, find

LOG = logging.getLogger(__name__)
PARALLEL_WINDOWS: Final = 4
"""Windows that are searched at once: Lance uses all cores for one search; more windows only hide reads of the disk."""
PAGES: Final = 32
"""Most pages of an answer before the last one: a month of hours is 720 windows, and each page carries all hits."""


class _Place(NamedTuple):
    """A window in its partition."""

    partition: OpenTables
    window: str


class Lookalike:
    """Searches one archive directory. Any thread may call it; `now_ms` is the clock of the audit lines."""

    def __init__(self, directory: Path, *, offset_minutes: int, now_ms: Callable[[], int]) -> None:
        self._offset_minutes = offset_minutes
        self._now_ms = now_ms
        self._audit = Audit(directory)
        self._partitions = OpenPartitions(directory, OpenTables)
        self.standing = Standing(self._partitions, self._audit, now_ms)
        """Standing queries on the same archive, with the same audit lines."""

    def search(self, request: LookalikeRequest) -> Iterator[LookalikePage]:
        """Yield pages with the best hits so far; the last one is `final`. No search begins before the audit line.

        Raises, before the first page:
            NoVector: a machine of the request has no vector or is not archived.
            BadRequest: a row key that cannot be one.
            ArchiveUnreadable, ArchiveWriteFailed: try again.
        """
        self._audit.write("lookalike", at_ms=self._now_ms(), **request.model_dump(mode="json"))
        with read_errors("tables"):
            touched = self._touched(request)
            vectors = [self._vector_of(machine.row_key, machine.index) for machine in request.machines]
        return self._pages(request, touched, vectors)

    def _touched(self, request: LookalikeRequest) -> list[_Place]:
        """List the windows of the span in all partitions, newest first."""
        found: list[_Place] = []
        for partition in self._partitions.all():
            windows = WindowsOfDays(partition.windows(), self._offset_minutes)
            found += [_Place(partition, name) for name in windows.touching(request.from_ms, request.to_ms)]
        return sorted(found, key=lambda place: place.window, reverse=True)

    def _pages(
        self, request: LookalikeRequest, windows: list[_Place], vectors: list[NDArray[np.float32]]
    ) -> Iterator[LookalikePage]:
        hits = [Hits(request.limit) for _ in vectors]
        failed: set[str] = set()
        recall = self._lowest_recall(windows)
        left = Counter(day_of(place.window) for place in windows)
        days = len(left)

        def page(days_done: int, *, final: bool) -> LookalikePage:
            best = _merged(hits, request)
            lost = {day_of(name.removeprefix(OBJECTS)) for each in hits for name in each.failed}
            return LookalikePage(
                hits=best,
                days_done=days_done,
                days=days,
                failed_days=tuple(sorted(failed | lost)),
                recall=recall,
                final=final,
            )

        with ThreadPoolExecutor(PARALLEL_WINDOWS, "lookalike") as pool:
            work: dict[Future[list[Found]], str] = {
                pool.submit(self._window, each, request, vectors): each.window for each in windows
            }
            try:
                for done, future in enumerate(as_completed(work), 1):
                    day = day_of(work[future])
                    try:
                        for each, found in zip(hits, future.result(), strict=False):
                            each.add(found)
                    except ArchiveUnreadable:
                        failed.add(day)
                    left[day] -= 1
                    # Not each of many windows yields a page, but the first one does.
                    has_page = -(-done * PAGES // len(windows)) > -(-(done - 1) * PAGES // len(windows))
                    if done < len(windows) and has_page:
                        yield page(sum(not each for each in left.values()), final=False)
            finally:
                # Once a caller has hung up, the remaining windows need no search.
                pool.shutdown(wait=False, cancel_futures=True)
        yield page(days, final=True)

    def _window(self, place: _Place, request: LookalikeRequest, vectors: list[NDArray[np.float32]]) -> list[Found]:
        """Search a window for each vector; nothing is found in one without vectors."""
        with read_errors(place.window):
            objects = pinned(place.partition.tables, OBJECTS + place.window)
            if "vector" not in objects.schema.names:
                return []
            asked = _sources(request)
            if (present := self._present(place, objects)) is not None and not (asked := asked & present):
                return []
            condition = _condition(request, asked, present, spanned=self._spanned(place, request))
            wanted = Nearest(
                vectors[0],
                request.limit,
                condition,
                by_looks=bool(request.classes or request.colours),
                together=bool(request.classes and request.colours) and place.partition.is_merged(place.window),
            )
            return [_find(objects, replace(wanted, vector=vector)) for vector in vectors]

    def _spanned(self, place: _Place, request: LookalikeRequest) -> bool:
        """True if every row of a window has its capture time in the span, so that no index of times is read."""
        first_ms, end_ms = span_ms(place.window, self._offset_minutes)
        if not (request.from_ms <= first_ms and end_ms <= request.to_ms):
            return False
        seal = place.partition.seals.of(place.window)
        return seal is not None and not seal.strays

    def _present(self, place: _Place, objects: Any) -> frozenset[tuple[str, str]] | None:
        """List the sources of a table's machines; None where no summary says them."""
        found = place.partition.summaries.sources_of(place.window, objects.version)
        return None if found is None else frozenset(map(_source, found))

    def _vector_of(self, row_key: str, index: int) -> NDArray[np.float32]:
        partition = self._partitions.of(checked_row_key(row_key))
        for window in partition.seals.holding(reversed(partition.windows()), [row_key]):
            objects = pinned(partition.tables, OBJECTS + window)
            if "vector" in objects.schema.names:
                ids = by_key(objects, [row_key]).get(row_key, ())
                for record in records(objects, ids, ["index", "vector"]):
                    if record["index"] == index and record["vector"] is not None:
                        return np.asarray(record["vector"], np.float32)
        raise NoVector(f"{row_key} machine {index}: no vector; too little of it is visible, or it is not archived")

    def _lowest_recall(self, windows: list[_Place]) -> float | None:
        asked = set(windows)
        found: list[float] = []
        for partition in {place.partition for place in windows}:
            status = read_status(partition.directory)
            days = () if status is None else status.days
            found += [day.recall for day in days if day.recall is not None and _Place(partition, day.name) in asked]
        return min(found, default=None)


def _find(objects: Any, wanted: Nearest) -> Found:
    """Search by the index, or exactly where its files cannot be read, until upkeep has built it anew."""
    try:
        return find(objects, wanted)
    except (OSError, RuntimeError) as error:
        LOG.warning("%s: searched exactly, its index cannot be read: %s", objects.name, error)
        return find(objects, replace(wanted, exact=True))


def _source(text: str) -> tuple[str, str]:
    agent, _, camera = text.partition("/")
    return agent, camera


def _sources(request: LookalikeRequest) -> frozenset[tuple[str, str]]:
    return frozenset(map(_source, request.sources))


def _condition(
    request: LookalikeRequest,
    sources: frozenset[tuple[str, str]],
    present: frozenset[tuple[str, str]] | None,
    *,
    spanned: bool,
) -> str:
    """Build Lance SQL from numbers, checked ids and enums alone.

    `sources`: those asked, of `present`, which are all of the table where they are known. `spanned`: without the span.
    """
    parts = [] if spanned else [f"captured_at_ms >= {request.from_ms}", f"captured_at_ms < {request.to_ms}"]
    if sources != present:
        parts.append(of_object_sources(sorted(sources), present))
    if request.classes:
        parts.append(f"cls IN ({quoted(request.classes)})")
    if request.colours:
        parts.append(f"colour IN ({quoted(request.colours)})")
    return " AND ".join(parts)


def _merged(hits: list[Hits], request: LookalikeRequest) -> tuple[LookalikeHit, ...]:
    """Merge the hits of all vectors and return the best; of a machine found twice, its better match."""
    best: dict[str, dict[str, Any]] = {}
    for record in (record for each in hits for record in each.records()):
        # A row that was added after its window was sealed may state any time.
        if request.from_ms <= record["captured_at_ms"] < request.to_ms:
            other = best.get(record["object_key"])
            if other is None or record["_distance"] < other["_distance"]:
                best[record["object_key"]] = record
    ordered = sorted(best.values(), key=lambda record: (record["_distance"], record["object_key"]))
    return tuple(
        LookalikeHit(machine=object_row(record), similarity=max(-1.0, min(1.0, 1.0 - record["_distance"])))
        for record in ordered[: request.limit]
    )
