"""`python -m bench.cluster.archive.widths FOLDER [--windows N] [--rows R] [--json FILE]`: narrow windows and wide ones.

N windows of an hour with R machines each are made in FOLDER in bulk and closed as they are; a copy of them, of hard
links, is closed as the product does, which merges them. Then both are asked in turn, so that other work on the machine
takes as much from one as from the other.
"""

import argparse
import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bench.cluster.archive.bulk import TWENTY_CAMERAS, add_window
from bench.cluster.archive.city import DAY_START_MS, City
from bench.cluster.archive.load import OFFSET_MINUTES
from bench.cluster.archive.search import EXACT, TOP, objects_of
from bench.cluster.archive.searches import CLOSED_MS
from ray_cluster.archive import windows
from ray_cluster.archive.lance_tables import quoted
from ray_cluster.maintenance.upkeep import Upkeep
from ray_cluster.query.vector_search import Hits, Nearest, find

QUERIES: Final = 20
_HOUR_MS: Final = 3_600_000
_SAME: Final = 1e-5
CONDITIONS: Final = {
    "no filter": "",
    "one camera": "camera_id = 'cam-7'",
    "twenty cameras": f"camera_id IN ({quoted(TWENTY_CAMERAS)})",
    "class, colour": "cls = 'car' AND colour = 'red'",
    "one hour": f"captured_at_ms >= {DAY_START_MS} AND captured_at_ms < {DAY_START_MS + _HOUR_MS}",
}


@dataclass(slots=True)
class Asked:
    """One question of one form, means and, by the clock, median: ids and distances, then the columns of the hits."""

    what: str
    form: str
    find_cpu_ms: float
    columns_cpu_ms: float
    p50_ms: float
    recall: float


def main() -> None:
    """Make both forms unless they are there, ask them, print, and with `--json` write."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster.archive.widths", description=__doc__)
    parser.add_argument("folder", type=Path, help="of both archives; on the disk that is to be measured")
    parser.add_argument("--windows", type=int, default=3)
    parser.add_argument("--rows", type=int, default=833_333, help="machines of a window (an hour of 20 million a day)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    narrow, wide = arguments.folder / "narrow", arguments.folder / "wide"
    if not narrow.exists():
        for hour in range(arguments.windows):
            add_window(narrow, hour, 1, arguments.rows)
        most, windows.MACHINES_WHEN_CLOSED = windows.MACHINES_WHEN_CLOSED, 0  # type: ignore[misc] # never merged
        _close(narrow)
        windows.MACHINES_WHEN_CLOSED = most  # type: ignore[misc]
    if not wide.exists():
        shutil.copytree(narrow, wide, copy_function=os.link, ignore=shutil.ignore_patterns("upkeep.json", "*.lock"))
        _close(wide)
    forms = {"narrow": objects_of(narrow), "wide": objects_of(wide)}
    asked = [each for what, condition in CONDITIONS.items() for each in ask(forms, what, condition)]
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(each) for each in asked], indent=2) + "\n", encoding="utf-8")
    _print(asked, {form: [table.count_rows() for table in tables] for form, tables in forms.items()})


def _close(folder: Path) -> None:
    upkeep, began, began_cpu = Upkeep(folder, offset_minutes=OFFSET_MINUTES), time.perf_counter(), time.process_time()
    while not (status := upkeep.run_once(now_ms=CLOSED_MS)).days[0].closed:
        if status.faults:
            raise SystemExit(f"upkeep: {status.faults}")
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    print(
        f"bench.cluster.archive.widths: {folder.name} closed in {took_s:.0f} s, {cpu_s:.0f} of a processor", flush=True
    )


def ask(forms: dict[str, list[Any]], what: str, condition: str) -> list[Asked]:
    """Ask one question of each form in turn, once to warm up and once to measure."""
    queries = City(seed=1).vectors(QUERIES)[0]
    exact = [_nearest(next(iter(forms.values())), condition, vector, exact=True)[0] for vector in queries[:EXACT]]
    took: dict[str, list[tuple[float, float, float]]] = {form: [] for form in forms}
    found: dict[str, list[float]] = {form: [] for form in forms}
    for is_measured in (False, True):
        for number, vector in enumerate(queries):
            for form, tables in forms.items():
                distances, times = _nearest(tables, condition, vector)
                if is_measured:
                    took[form].append(times)
                    if number < EXACT:
                        right = exact[number]
                        found[form].append(
                            float((distances <= right.max(initial=0) + _SAME).sum() / max(len(right), 1))
                        )
    answers = []
    for form, every in took.items():
        finding, columns, _ = np.mean(every, axis=0).round(1).tolist()
        clock = round(float(np.median([each[2] for each in every])), 1)
        answers.append(Asked(what, form, finding, columns, clock, round(float(np.mean(found[form])), 3)))
    return answers


def _nearest(
    tables: Sequence[Any], condition: str, vector: NDArray[np.float32], *, exact: bool = False
) -> tuple[NDArray[np.float64], tuple[float, float, float]]:
    """Search tables one after the other. Returns distances, and milliseconds: finding, columns, both by the clock."""
    wanted, hits = Nearest(vector, TOP, condition, by_looks="cls" in condition, exact=exact), Hits(TOP)
    began, began_cpu = time.perf_counter(), time.process_time()
    for table in tables:
        hits.add(find(table, wanted))
    found_cpu = time.process_time()
    records = hits.records()
    times = found_cpu - began_cpu, time.process_time() - found_cpu, time.perf_counter() - began
    distances = np.array([record["_distance"] for record in records])
    return distances, (times[0] * 1000, times[1] * 1000, times[2] * 1000)


def _print(asked: Sequence[Asked], rows: dict[str, list[int]]) -> None:
    table = Table("search", "form", "finding, processor ms", "columns", "p50 ms", "recall@10", title=str(rows))
    for each in asked:
        figures = (each.find_cpu_ms, each.columns_cpu_ms, each.p50_ms, each.recall)
        table.add_row(each.what, each.form, *map(str, figures))
    Console().print(table)
    print(f"load {os.getloadavg()}", flush=True)


if __name__ == "__main__":
    main()
