"""`python -m bench.cluster.archive [--rows N] [--json FILE] [--scratch FOLDER] [--no-peers]`: one day of N machines."""

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.cluster.archive import peers
from bench.cluster.archive.city import City
from bench.cluster.archive.load import NOW_MS, OFFSET_MINUTES, Load, fill, hours_of, peak_memory_mb
from bench.cluster.archive.reads import read_all
from bench.cluster.archive.search import QUERIES, objects_of, search_all
from ray_cluster.archive.lance_tables import CLOSES_AFTER_DAYS
from ray_cluster.maintenance.upkeep import Upkeep

FLAT_WITHIN = 0.2
CLOSED_MS = NOW_MS + (CLOSES_AFTER_DAYS + 1) * 86_400_000


def main() -> None:
    """Measure, print, and with `--json` write."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster.archive", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="machines of the day (1,000,000)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--scratch", type=Path, help="build the archive on this disk (default: the temporary folder)")
    parser.add_argument("--hours", type=int, help="of a window (as wide as the archive makes it after days like this)")
    parser.add_argument("--no-peers", action="store_true", help="ours alone: the peers hold every vector in memory")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wayside-archive-", dir=arguments.scratch) as folder:
        report: dict[str, Any] = {}
        for report in _measure(Path(folder), arguments.rows, arguments.hours, peers_too=not arguments.no_peers):
            if arguments.json:
                arguments.json.parent.mkdir(parents=True, exist_ok=True)
                arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    _print(report)


def _measure(folder: Path, rows: int, hours: int | None, *, peers_too: bool) -> Iterator[dict[str, Any]]:
    """The report as far as it is, part by part: a long run that is cut off leaves what it has found."""
    archive = folder / "archive"
    queries = City(seed=1).vectors(QUERIES)[0]
    began = time.perf_counter()
    hours = hours or hours_of(rows)
    _say(f"{rows} machines in windows of {hours} h")
    load = fill(archive, rows, _say, hours)
    machine = {"machine": platform.machine(), "python": platform.python_version(), "cores": os.cpu_count()}
    report = machine | _load_figures(load) | {"load_wall_s": time.perf_counter() - began, "hours": hours}
    report["load_average"] = os.getloadavg()
    yield report
    _say(f"loaded {load.rows} rows in {report['load_wall_s']:.0f} s")
    report["reads_open"] = [read.as_json() for read in read_all(archive, OFFSET_MINUTES)]
    report["open"] = [searched.as_json() for searched in search_all(objects_of(archive), queries)]
    yield report
    upkeep = Upkeep(archive, offset_minutes=OFFSET_MINUTES)
    began = time.perf_counter()
    began_cpu = time.process_time()
    rounds = 0
    while not (status := upkeep.run_once(now_ms=CLOSED_MS)).days[0].closed and not status.faults:
        rounds += 1
        _say(f"closing, {rounds} rounds, {time.perf_counter() - began:.0f} s")
    report["close_s"] = time.perf_counter() - began
    report["close_cpu_s"] = time.process_time() - began_cpu
    report["day"] = status.days[0].model_dump(mode="json")
    report["close_faults"] = list(status.faults)
    _say(f"closed in {report['close_s']:.0f} s")
    objects = objects_of(archive)
    report["reads_closed"] = [read.as_json() for read in read_all(archive, OFFSET_MINUTES)]
    report["closed"] = [searched.as_json() for searched in search_all(objects, queries)]
    report["bytes_a_row"] = round(_live_bytes(objects) / load.rows)
    report["peak_mb"] = peak_memory_mb()
    yield report
    if peers_too:
        vectors = peers.vectors_of(objects)
        report["peers"] = [peers.plain_lance(folder / "plain", vectors, queries)]
        yield report
        report["peers"] += [found] if (found := peers.faiss_sq(vectors, queries)) else []
        yield report


def _load_figures(load: Load) -> dict[str, Any]:
    tenths, by_cpu = load.tenths(load.commit_ms), load.tenths(load.cpu_ms)
    return {
        "rows": load.rows,
        "rows_per_s_by_tenth": tenths,
        "rows_per_cpu_s_by_tenth": by_cpu,
        "slowest_over_median_by_cpu": round(float(min(by_cpu) / np.median(by_cpu)), 3),
        "slowest_over_median": round(float(min(tenths) / np.median(tenths)), 3),
        "flat": bool(min(by_cpu) >= (1 - FLAT_WITHIN) * np.median(by_cpu)),
        "commit_p50_ms": float(np.median(load.commit_ms)),
        "commit_p99_ms": float(np.percentile(load.commit_ms, 99)),
        "upkeep_runs": load.upkeep_runs,
        "upkeep_faults": load.upkeep_faults,
        "upkeep_peak_mb": load.upkeep_peak_mb,
        "archiver_peak_mb": load.archiver_peak_mb,
        "lowest_recall_while_open": load.lowest_recall,
    }


def _live_bytes(objects: Sequence[Any]) -> int:
    """Of the newest versions: data and indexes."""
    return sum(int(table.stats()["total_bytes"]) for table in objects)


def _print(report: dict[str, Any]) -> None:
    console = Console()
    table = Table("what", "value", title=f"{report['rows']} machines of one day")
    for key, value in report.items():
        if key not in {"open", "closed", "peers", "reads_open", "reads_closed"}:
            table.add_row(key, str(value))
    console.print(table)
    reads = Table("question", "processor ms", "p50 ms", "p95 ms", title="the reader")
    for part in ("open", "closed"):
        for found in report.get(f"reads_{part}", ()):
            figures = (f"{found[name]:.1f}" for name in ("cpu_ms", "p50_ms", "p95_ms"))
            reads.add_row(f"{part}: {found['what']}", *figures)
    console.print(reads)
    searches = Table("search", "processor ms", "p50 ms", "p95 ms", "recall@10", title="top ten")
    for part in ("open", "closed", "peers"):
        for found in report.get(part, ()):
            recall = "" if found["recall"] is None else f"{found['recall']:.3f}"
            figures = (f"{found[name]:.1f}" for name in ("cpu_ms", "p50_ms", "p95_ms"))
            searches.add_row(f"{part}: {found['what']}", *figures, recall)
    console.print(searches)


def _say(line: str) -> None:
    print(f"bench.cluster.archive: {line}", flush=True)


if __name__ == "__main__":
    main()
