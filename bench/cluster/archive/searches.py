"""`python -m bench.cluster.archive.searches FOLDER [--rows N] [--minutes M] [--json FILE]`: searches of a closed day.

The day is made in FOLDER in bulk, a window after the other, and closed by upkeep, which merges its windows; after M
minutes the program ends, and the same call goes on where it stopped. Once the day is there it is searched: the tables
as `bench.cluster.archive` does, and whole requests as the centre sends them.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.cluster.archive.bulk import AGENT, TWENTY_CAMERAS, add_window
from bench.cluster.archive.city import CAMERAS, DAY_START_MS, City
from bench.cluster.archive.load import NOW_MS, OFFSET_MINUTES, hours_of, peak_memory_mb
from bench.cluster.archive.search import QUERIES, Searched, objects_of, search_all
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.query.lookalike import LookalikeRequest, MachineRef
from provisioning.contracts.wire.messages import MachineClass
from ray_cluster.archive.lance_tables import CLOSES_AFTER_DAYS, connect, window_names
from ray_cluster.archive.windows import Window
from ray_cluster.maintenance.upkeep import Upkeep
from ray_cluster.query.lookalike import Lookalike

_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000
CLOSED_MS: Final = NOW_MS + (CLOSES_AFTER_DAYS + 1) * _DAY_MS


def main() -> None:
    """Make the day, or go on with it, and search it."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster.archive.searches", description=__doc__)
    parser.add_argument("folder", type=Path, help="of the archive; on the disk that is to be measured")
    parser.add_argument("--rows", type=int, default=5_000_000, help="machines of the day (5,000,000)")
    parser.add_argument("--minutes", type=float, default=1e9, help="after which no further window is begun")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    until = time.monotonic() + 60 * arguments.minutes
    hours = hours_of(arguments.rows)
    names = window_names(connect(arguments.folder)) if arguments.folder.exists() else ()
    is_merged = any(Window.parse(name).hours > hours for name in names)
    for hour in () if is_merged else range(hours * len(names), 24, hours):
        if time.monotonic() > until:
            print(f"bench.cluster.archive.searches: {hour // hours} windows; call again to go on", flush=True)
            return
        began = time.perf_counter()
        add_window(arguments.folder, hour, hours, arguments.rows * hours // 24)
        print(f"bench.cluster.archive.searches: hour {hour}: {time.perf_counter() - began:.0f} s", flush=True)
    if not _close(arguments.folder, until):
        return
    report = _search(arguments.folder)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    _print(report)


def _close(folder: Path, until: float) -> bool:
    """Close the day, a round of upkeep after the other; false if the time was over before."""
    upkeep, began, began_cpu = Upkeep(folder, offset_minutes=OFFSET_MINUTES), time.perf_counter(), time.process_time()
    while not (status := upkeep.run_once(now_ms=CLOSED_MS)).days[0].closed:
        if status.faults:
            raise SystemExit(f"upkeep: {status.faults}")
        if time.monotonic() > until:
            print("bench.cluster.archive.searches: not closed yet; call again to go on", flush=True)
            return False
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    print(f"bench.cluster.archive.searches: closed in {took_s:.0f} s, {cpu_s:.0f} s of processor time", flush=True)
    return True


def _search(folder: Path) -> dict[str, Any]:
    queries = City(seed=1).vectors(QUERIES)[0]
    objects = objects_of(folder)
    report: dict[str, Any] = {"windows": len(objects)}
    report["tables"] = [each.as_json() for each in search_all(objects, queries, are_merged=True)]
    report["requests"] = [each.as_json() for each in _requests(folder)]
    report["peak_mb"] = peak_memory_mb()
    return report


def _requests(folder: Path) -> list[Searched]:
    """Ask as the centre asks: machines of the archive, a case, cameras, a span; to the last page."""
    lookalike = Lookalike(folder, offset_minutes=OFFSET_MINUTES, now_ms=lambda: CLOSED_MS)
    day = {"from_ms": DAY_START_MS, "to_ms": DAY_START_MS + _DAY_MS}
    hour = {"from_ms": DAY_START_MS + 8 * _HOUR_MS, "to_ms": DAY_START_MS + 9 * _HOUR_MS}
    all_cameras = tuple(f"cam-{number}" for number in range(0, CAMERAS, 2))
    alike = {"classes": (MachineClass.CAR,), "colours": (MachineColour.RED,)}
    questions: dict[str, tuple[Sequence[str], dict[str, Any]]] = {
        "250 of 500 cameras": (all_cameras, day),
        "twenty cameras": (TWENTY_CAMERAS, day),
        "one camera": (("cam-7",), day),
        "250 cameras, one hour": (all_cameras, hour),
        "250 cameras, class, colour": (all_cameras, day | alike),
        "250 cameras, 100 hits": (all_cameras, day | {"limit": 100}),
    }
    found = []
    for what, (cameras, changes) in questions.items():
        requests = [_request(number, cameras, changes) for number in range(QUERIES)]
        found.append(_timed(what, lookalike, requests))
    return found


def _request(number: int, cameras: Sequence[str], changes: dict[str, Any]) -> LookalikeRequest:
    machine = MachineRef(row_key=f"{AGENT}:{1000 * number:032x}", index=0)
    wanted: dict[str, Any] = {
        "case": "bench",
        "purpose": "measurement",
        "asked_by": "bench",
        "machines": (machine,),
        "sources": tuple(f"{AGENT}/{camera}" for camera in cameras),
        "limit": 10,
    }
    return LookalikeRequest(**(wanted | changes))


def _timed(what: str, lookalike: Lookalike, requests: Sequence[LookalikeRequest]) -> Searched:
    took_ms: list[float] = []
    for request in requests[:3]:
        list(lookalike.search(request))
    began_cpu = time.process_time()
    for request in requests:
        began = time.perf_counter()
        list(lookalike.search(request))
        took_ms.append((time.perf_counter() - began) * 1000)
    cpu_ms = (time.process_time() - began_cpu) / len(requests) * 1000
    return Searched(what, cpu_ms, float(np.median(took_ms)), float(np.percentile(took_ms, 95)), None)


def _print(report: dict[str, Any]) -> None:
    table = Table("search", "processor ms", "p50 ms", "p95 ms", "recall@10", title=f"{report['windows']} windows")
    for part in ("tables", "requests"):
        for found in report[part]:
            figures = (f"{found[name]:.1f}" for name in ("cpu_ms", "p50_ms", "p95_ms"))
            table.add_row(f"{part}: {found['what']}", *figures, str(found["recall"] or ""))
    Console().print(table)


if __name__ == "__main__":
    main()
