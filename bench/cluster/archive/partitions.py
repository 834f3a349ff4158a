"""`python -m bench.cluster.archive.partitions [--rounds N] [--commits N] [--scratch FOLDER] [--json FILE]`.

Measures what a second writer of an archive adds: commits of 200 snapshots with three machines each by one writer, then
by two at once, each in its partition and process, in turns in the same run. Lay `--scratch` into memory (`/dev/shm`)
for rows without a disk's share.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.cluster.archive.city import DAY_START_MS, City
from provisioning.retention.state import Clocks
from ray_cluster.archive.partitions.division import Partitions
from ray_cluster.archive.partitions.writers import open_writer

SNAPSHOTS_A_COMMIT: Final = 200
WARM_COMMITS: Final = 5
GOAL: Final = 1.7


@dataclass(frozen=True, slots=True)
class Round:
    """Snapshots a second of all writers together, their processor seconds, and the machine's load before."""

    writers: int
    snapshots_per_s: float
    cpu_s_per_1000: float
    slowest_commit_ms: float
    load_average: float


def main() -> None:
    """Measure, print, and with `--json` write."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster.archive.partitions", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of one writer and of two, in turns (3)")
    parser.add_argument("--commits", type=int, default=60, help="of each writer in a round (60)")
    parser.add_argument("--scratch", type=Path, help="build the archives here (default: the temporary folder)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    rounds = list(_rounds(arguments.rounds, arguments.commits, arguments.scratch))
    rate = {writers: _median(rounds, writers, "snapshots_per_s") for writers in (1, 2)}
    report = {
        "rounds": [asdict(each) for each in rounds],
        "ratio": round(rate[2] / rate[1], 2),
        "goal": GOAL,
        "cores": os.cpu_count(),
    }
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    table = Table("writers", "snapshots a second", "processor s a thousand", "slowest commit ms", "load before")
    for each in rounds:
        figures = (each.snapshots_per_s, each.cpu_s_per_1000, each.slowest_commit_ms, each.load_average)
        table.add_row(str(each.writers), *(f"{figure:.2f}" for figure in figures))
    Console().print(table)
    Console().print(f"two writers over one: {report['ratio']}, goal {GOAL}, on {os.cpu_count()} cores")


def _median(rounds: list[Round], writers: int, name: str) -> float:
    return float(np.median([getattr(each, name) for each in rounds if each.writers == writers]))


def _rounds(rounds: int, commits: int, scratch: Path | None) -> Iterator[Round]:
    for _ in range(rounds):
        for writers in (1, 2):
            folder = Path(tempfile.mkdtemp(prefix="wayside-partitions-", dir=scratch))
            try:
                yield _round(folder, writers, commits)
            finally:
                shutil.rmtree(folder)


def _round(folder: Path, writers: int, commits: int) -> Round:
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(writers), context.Queue()
    load = os.getloadavg()[0]
    processes = [
        context.Process(target=_write, args=(folder, number, writers, commits, barrier, answers))
        for number in range(writers)
    ]
    for process in processes:
        process.start()
    found = [answers.get(timeout=300) for _ in processes]
    for process in processes:
        process.join()
    took_s = max(end for _, end, _, _ in found) - min(begin for begin, _, _, _ in found)
    snapshots = writers * commits * SNAPSHOTS_A_COMMIT
    cpu_s = sum(cpu for _, _, cpu, _ in found)
    slowest_ms = 1000 * max(slowest for _, _, _, slowest in found)
    return Round(writers, snapshots / took_s, 1000 * cpu_s / snapshots, slowest_ms, load)


def _write(
    folder: Path, number: int, writers: int, commits: int, barrier: Barrier, answers: "multiprocessing.Queue[Any]"
) -> None:
    """Commit as writer `number`; answer with beginning, end (monotonic), processor seconds and the slowest commit."""
    writer = open_writer(
        folder,
        number,
        writers=writers,
        retention_days=30,
        offset_minutes=480,
        now=Clocks(DAY_START_MS, DAY_START_MS, "bench"),
    )
    agent = f"bench-{number}"
    if writers > 1:
        _placed(folder, agent, number)
    batches = list(City(seed=number + 1).snapshots((WARM_COMMITS + commits) * SNAPSHOTS_A_COMMIT, SNAPSHOTS_A_COMMIT))
    for batch in batches:
        for entry in batch:
            # The same unchecked object: checks of pydantic are not measured here.
            entry.snapshot.__dict__["agent_id"] = agent
    for batch in batches[:WARM_COMMITS]:
        writer.commit(batch, now_ms=batch[-1].received_at_ms)
    barrier.wait()
    began_s, began_cpu_s, slowest_s = time.monotonic(), time.process_time(), 0.0
    for batch in batches[WARM_COMMITS:]:
        before_s = time.monotonic()
        writer.commit(batch, now_ms=batch[-1].received_at_ms)
        slowest_s = max(slowest_s, time.monotonic() - before_s)
    answers.put((began_s, time.monotonic(), time.process_time() - began_cpu_s, slowest_s))


def _placed(folder: Path, agent: str, number: int) -> None:
    """Wait for the writers before: each new agent goes where the fewest are."""
    partitions = Partitions(folder)
    while len(partitions.division().agents) < number:
        time.sleep(0.05)  # another process writes the file, and nothing tells of it
    if partitions.assign([agent]).agents[agent] != number:
        raise RuntimeError(f"{agent} is not in partition {number}")


if __name__ == "__main__":
    main()
