"""Fill one day through the real archiver while upkeep runs in its own process, and write down how long commits took."""

import multiprocessing
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.archive.city import DAY_START_MS, MACHINES_A_SNAPSHOT, City
from ray_cluster.archiver import Archiver
from ray_cluster.upkeep import Upkeep

OFFSET_MINUTES: Final = 480
RETENTION_DAYS: Final = 30
SNAPSHOTS_A_COMMIT: Final = 200
NOW_MS: Final = DAY_START_MS + 86_400_000
_UPKEEP_PAUSE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Load:
    """`commit_ms`: wall time of each commit, in order. `cpu_ms`: processor time of each in the archiver's process."""

    rows: int
    commit_ms: np.ndarray[Any, np.dtype[np.float64]]
    cpu_ms: np.ndarray[Any, np.dtype[np.float64]]
    upkeep_runs: int
    upkeep_faults: list[str]
    upkeep_peak_mb: int
    archiver_peak_mb: int
    lowest_recall: float | None

    def tenths(self, milliseconds: np.ndarray[Any, np.dtype[np.float64]]) -> list[float]:
        """Object rows a second in each tenth of the load."""
        a_commit = SNAPSHOTS_A_COMMIT * MACHINES_A_SNAPSHOT
        return [round(a_commit * len(part) / (part.sum() / 1000), 1) for part in np.array_split(milliseconds, 10)]


def fill(directory: Path, rows: int, say: Callable[[str], None]) -> Load:
    """About `rows` machines of one day. `say` is told at each twentieth how far it is."""
    archiver = Archiver(directory, retention_days=RETENTION_DAYS, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    context = multiprocessing.get_context("spawn")
    stop, answers = context.Event(), context.Queue()
    keeper = context.Process(target=_keep, args=(directory, stop, answers), daemon=True)
    keeper.start()
    wall, processor = [], []
    commits = -(-rows // (MACHINES_A_SNAPSHOT * SNAPSHOTS_A_COMMIT))
    try:
        for entries in City().snapshots(rows // MACHINES_A_SNAPSHOT, SNAPSHOTS_A_COMMIT):
            began, began_cpu = time.perf_counter(), time.process_time()
            archiver.commit(entries, now_ms=NOW_MS)
            wall.append((time.perf_counter() - began) * 1000)
            processor.append((time.process_time() - began_cpu) * 1000)
            if not len(wall) % max(1, commits // 20):
                say(f"{len(wall)} of {commits} commits, the last of {wall[-1]:.0f} ms")
    finally:
        stop.set()
    runs, faults, peak_mb, recall = answers.get(timeout=600)
    keeper.join(60)
    return Load(
        rows=rows // MACHINES_A_SNAPSHOT * MACHINES_A_SNAPSHOT,
        commit_ms=np.array(wall),
        cpu_ms=np.array(processor),
        upkeep_runs=runs,
        upkeep_faults=faults,
        upkeep_peak_mb=peak_mb,
        archiver_peak_mb=peak_memory_mb(),
        lowest_recall=recall,
    )


def peak_memory_mb() -> int:
    """Of this process since it started."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _keep(directory: Path, stop: Event, answers: "multiprocessing.Queue[Any]") -> None:
    os.nice(5)
    upkeep = Upkeep(directory, retention_days=RETENTION_DAYS, offset_minutes=OFFSET_MINUTES)
    runs = 0
    faults: list[str] = []
    recalls: list[float] = []
    while not stop.wait(_UPKEEP_PAUSE_S):
        status = upkeep.run_once(now_ms=NOW_MS)
        runs += 1
        faults += status.faults
        recalls += [day.recall for day in status.days if day.recall is not None]
    answers.put((runs, faults, peak_memory_mb(), min(recalls, default=None)))
