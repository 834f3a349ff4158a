"""What the reader answers of a day that is open: one observation by its key, a page, and what was just committed."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ray_cluster.query.filters import Filter
from ray_cluster.query.reader import Query

TIMES: Final = 20
_HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Read:
    """`cpu_ms`: processor time of one answer, all threads, mean; the others are wall time."""

    what: str
    cpu_ms: float
    p50_ms: float
    p95_ms: float

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return asdict(self)


def read_all(directory: Path, offset_minutes: int) -> list[Read]:
    """Each question some times over; answers are made of rows and machines, as they go to the centre."""
    query = Query(directory, offset_minutes=offset_minutes)
    last = query.status().last_commit_seq
    oldest = query.commits(after=0, limit=1).items[0].snapshot
    newest = query.commits(after=last - 1, limit=1).items[0].snapshot
    camera = Filter(newest.captured_at_ms - 2 * _HOUR_MS, newest.captured_at_ms + 1, camera_ids=(newest.camera_id,))
    return [
        _timed("one observation, old", lambda: query.observation(oldest.row_key)),
        _timed("one observation, just committed", lambda: query.observation(newest.row_key)),
        _timed("newest 50", lambda: query.observations(Filter(), limit=50)),
        _timed("50 of a camera, two hours", lambda: query.observations(camera, limit=50)),
        _timed("the last 200 commits", lambda: query.commits(after=last - 200, limit=200)),
    ]


def _timed(what: str, ask: Callable[[], object]) -> Read:
    ask()
    took = []
    began_cpu = time.process_time()
    for _ in range(TIMES):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1000)
    cpu_ms = (time.process_time() - began_cpu) / TIMES * 1000
    return Read(what, cpu_ms, float(np.median(took)), float(np.percentile(took, 95)))
