"""Fill one day through the real archiver while upkeep runs in its own process, and write down how long commits took.

Both go by the clock of the day that is loaded: a window is over when the load has come past it, as in a cluster.
"""

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

from bench.cluster.archive.city import DAY_START_MS, MACHINES_A_SNAPSHOT, City
from provisioning.retention.state import Clocks
from ray_cluster.archive.archiver import Archiver
from ray_cluster.archive.windows import next_hours
from ray_cluster.maintenance.upkeep import Upkeep

OFFSET_MINUTES: Final = 480
RETENTION_DAYS: Final = 30
SNAPSHOTS_A_COMMIT: Final = 200
NOW_MS: Final = DAY_START_MS + 86_400_000
STEPS: Final = 50
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


def hours_of(rows: int) -> int:
    """How wide the windows of a day of `rows` machines become after days like it."""
    hours = before = 1
    while (hours := next_hours(rows // 24, before)) != before:
        before = hours
    return hours


def fill(directory: Path, rows: int, say: Callable[[str], None], hours: int | None = None) -> Load:
    """About `rows` machines of one day, in windows of `hours`. `say` is told at each fiftieth how far it is."""
    archiver = Archiver(
        directory,
        retention_days=RETENTION_DAYS,
        offset_minutes=OFFSET_MINUTES,
        now=Clocks(DAY_START_MS, DAY_START_MS, "bench"),
        first_hours=hours or hours_of(rows),
    )
    context = multiprocessing.get_context("spawn")
    stop, answers, clock = context.Event(), context.Queue(), context.Value("q", DAY_START_MS)
    keeper = context.Process(target=_keep, args=(directory, stop, answers, clock), daemon=True)
    keeper.start()
    wall, processor = [], []
    commits = -(-rows // (MACHINES_A_SNAPSHOT * SNAPSHOTS_A_COMMIT))
    try:
        for entries in City().snapshots(rows // MACHINES_A_SNAPSHOT, SNAPSHOTS_A_COMMIT):
            clock.value = entries[-1].received_at_ms
            began, began_cpu = time.perf_counter(), time.process_time()
            archiver.commit(entries, now_ms=clock.value)
            wall.append((time.perf_counter() - began) * 1000)
            processor.append((time.process_time() - began_cpu) * 1000)
            if not len(wall) % (step := max(1, commits // STEPS)):
                say(_progress(wall[-step:], processor[-step:], len(wall), commits))
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


def _progress(wall: list[float], processor: list[float], done: int, commits: int) -> str:
    """A line for each part of the load: a run that is killed has said how fast each was."""
    machines = len(wall) * SNAPSHOTS_A_COMMIT * MACHINES_A_SNAPSHOT
    by_cpu, by_clock = (round(machines / sum(each) * 1000) for each in (processor, wall))
    return (
        f"{done} of {commits} commits; in the last {len(wall)} {by_cpu} machines a processor second, {by_clock} by the "
        f"clock; at most {max(wall):.0f} ms; {peak_memory_mb()} MiB"
    )


def peak_memory_mb() -> int:
    """Of this process since it started."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _keep(directory: Path, stop: Event, answers: "multiprocessing.Queue[Any]", clock: Any) -> None:
    os.nice(5)
    upkeep = Upkeep(directory, offset_minutes=OFFSET_MINUTES)
    runs = 0
    faults: list[str] = []
    recalls: list[float] = []
    while not stop.wait(_UPKEEP_PAUSE_S):
        status = upkeep.run_once(now_ms=clock.value)
        runs += 1
        faults += status.faults
        recalls += [day.recall for day in status.days if day.recall is not None]
    answers.put((runs, faults, peak_memory_mb(), min(recalls, default=None)))
