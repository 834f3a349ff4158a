"""Searches of a filled day: how long, and how much of what an exact search finds."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.cluster.archive.city import CAMERAS, DAY_START_MS
from ray_cluster.archive.lance_tables import connect, window_names
from ray_cluster.archive.schema import OBJECTS
from ray_cluster.query.lookalike import PARALLEL_WINDOWS
from ray_cluster.query.vector_search import Hits, Nearest, find

QUERIES: Final = 60
EXACT: Final = 6
"""Queries whose answers are compared with an exact search's, which reads every vector."""
TOP: Final = 10
_HOUR_MS: Final = 3_600_000
_POOL: Final = ThreadPoolExecutor(PARALLEL_WINDOWS)


@dataclass(frozen=True, slots=True)
class Searched:
    """One kind of search. `cpu_ms`: processor time of one, all threads, mean; the others are wall time.

    `recall`: share of the exact top ten that the search found; None where not compared.
    """

    what: str
    cpu_ms: float
    p50_ms: float
    p95_ms: float
    recall: float | None

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return asdict(self)


def objects_of(directory: Path) -> list[Any]:
    """The tables of the day's windows, newest first."""
    tables = connect(directory)
    return [tables.open_table(OBJECTS + name) for name in reversed(window_names(tables))]


def search_all(objects: Sequence[Any], queries: NDArray[np.float32], *, are_merged: bool = False) -> list[Searched]:
    """Without a filter and with each of several; ours beside the same searched exactly.

    `are_merged`: upkeep merged the windows, so that rows of a class and colour lie together.
    """
    cameras = f"camera_id IN {tuple(f'cam-{number}' for number in range(0, CAMERAS, 25))}"
    filters = {
        "no filter": "",
        "one hour": _hours(8, 9),
        "two hours": _hours(8, 10),
        "one camera": "camera_id = 'cam-25'",
        "twenty cameras": cameras,
        "one class, one colour": "cls = 'car' AND colour = 'red'",
        "two hours, twenty cameras, one class": f"{_hours(8, 10)} AND {cameras} AND cls = 'car'",
    }
    found = []
    for what, condition in filters.items():
        wanted = Nearest(queries[0], TOP, condition, by_looks="cls" in condition)
        wanted = replace(wanted, together=are_merged and "colour" in condition)
        exactly, answers = timed(f"{what}, exact", queries[:EXACT], _search(objects, replace(wanted, exact=True)))
        found += [timed(what, queries, _search(objects, wanted), answers)[0], exactly]
    return found


def _hours(first: int, end: int) -> str:
    return f"captured_at_ms >= {DAY_START_MS + first * _HOUR_MS} AND captured_at_ms < {DAY_START_MS + end * _HOUR_MS}"


def _search(objects: Sequence[Any], wanted: Nearest) -> Callable[[NDArray[np.float32]], set[Any]]:
    """Return a search of all windows, as many at once as `Lookalike` asks, for `wanted` with another vector."""

    def search(vector: NDArray[np.float32]) -> set[Any]:
        hits = Hits(TOP)
        for found in _POOL.map(partial(find, wanted=replace(wanted, vector=vector)), objects):
            hits.add(found)
        return {record["object_key"] for record in hits.records()}

    return search


def timed(
    what: str,
    queries: NDArray[np.float32],
    search: Callable[[NDArray[np.float32]], set[Any]],
    exact: Sequence[set[Any]] = (),
) -> tuple[Searched, list[set[Any]]]:
    """Time `search`, and compare its first answers with the `exact` ones. Returns its answers, too."""
    for vector in queries[:1]:
        search(vector)
    took, answers = [], []
    began_cpu = time.process_time()
    for vector in queries:
        began = time.perf_counter()
        answers.append(search(vector))
        took.append((time.perf_counter() - began) * 1000)
    cpu_ms = (time.process_time() - began_cpu) / len(queries) * 1000
    pairs = list(zip(answers, exact, strict=False))
    recall = sum(len(a & b) for a, b in pairs) / max(sum(len(b) for _, b in pairs), 1) if pairs else None
    return Searched(what, cpu_ms, float(np.median(took)), float(np.percentile(took, 95)), recall), answers
