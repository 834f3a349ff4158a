"""A month of a fleet with planted faults, assessed, beside the bare scan of its facts.

Run it with `python -m bench.center.assessment`.
"""

import argparse
import json
import os
import platform
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.center.assessment import look
from bench.center.assessment.fleet import MONTH, Planted, lay_down
from bench.measure import Comparison, compare, wall_ms
from center.access.permissions import EVERYWHERE
from center.assessment.assessor import Assessor
from center.assessment.export.files import export
from center.assessment.period import parse
from center.assessment.report import AssessmentReport
from center.assessment.service import open_assessor
from center.database.store import Store
from center.search.camera_positions import CameraPositions

_SCAN = (
    """SELECT SUM(told_n), SUM(offline_n), SUM(looked_n), SUM(abnormal_n), SUM(pictured_n), SUM(within_60s_n)
    FROM assessment_hours""",
    "SELECT SUM(selected), SUM(archived), SUM(rejected), SUM(dropped), SUM(in_flight) FROM assessment_books",
    "SELECT SUM(minutes_n) FROM assessment_causes",
)


@dataclass(frozen=True, slots=True)
class Check:
    """What a pass says against what was planted."""

    planted: int
    found: int
    with_cause: int
    """Found, and for the reason that was planted."""
    accused: tuple[str, ...]
    """Failed without a reason to."""


def check(report: AssessmentReport, planted: list[Planted]) -> Check:
    """Compare every verdict of every camera with the plan."""
    cards = {card.profile.key: card for card in report.cameras if card.profile is not None}
    found = with_cause = 0
    accused = []
    for each in planted:
        card = cards[each.key]
        for indicator in card.failed:
            if indicator in each.found:
                found += 1
                with_cause += card.findings[indicator].cause == each.found[indicator]
            else:
                accused.append(f"{each.key[1]} {each.fault.name}: {indicator} {card.findings[indicator].cause}")
    return Check(sum(len(each.found) for each in planted), found, with_cause, tuple(accused))


def main() -> None:
    """Make the fleet, assess it, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.center.assessment", description=__doc__)
    parser.add_argument("--cameras", type=int, default=500)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wayside-bench-") as folder:
        path = Path(folder) / "center.sqlite3"
        store = Store(path)
        store.migrate()
        began = time.perf_counter()
        planted = lay_down(store, cameras=arguments.cameras)
        made_s = time.perf_counter() - began
        assessor = open_assessor(store, CameraPositions(store, dict).on_file, lambda: parse("2026-12").to_ms)
        result = check(assessor.judged(MONTH, sight=EVERYWHERE).report, planted)
        results = list(_measured(assessor, path, arguments.runs))
        results.append(look.measure(Path(folder), arguments.cameras, arguments.runs))
        size_mb = path.stat().st_size / 1024**2
        store.close()
    console = Console()
    hours = arguments.cameras * (parse(MONTH).end_hour - parse(MONTH).first_hour)
    console.print(
        f"{arguments.cameras} cameras, {hours:,} hours of facts, {size_mb:.0f} MB, laid down in {made_s:.1f} s\n"
        f"planted faults: {result.planted}, found: {result.found}, with their cause: {result.with_cause},"
        f" accused without one: {len(result.accused)}"
    )
    for line in result.accused[:20]:
        console.print(f"  {line}", markup=False)
    table = Table("what", "ours", "baseline", "ratio", "unit", "baseline is", title="medians of paired runs")
    for r in results:
        table.add_row(r.name, f"{r.ours:.0f}", f"{r.baseline:.0f}", f"{r.ratio:.2f}", r.unit, r.baseline_is)
    console.print(table)
    if arguments.json:
        machine: dict[str, Any] = {"machine": platform.machine(), "cores": os.cpu_count()}
        figures = {"planted": result.planted, "found": result.found, "accused": list(result.accused)}
        report = {**machine, **figures, "results": [r.as_json() for r in results]}
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _measured(assessor: Assessor, path: Path, runs: int) -> list[Comparison]:
    def bare() -> float:
        with closing(sqlite3.connect(path)) as db:
            return wall_ms(lambda: [db.execute(statement).fetchall() for statement in _SCAN])

    works = (
        ("full pass of a month", lambda: assessor.judged(MONTH, sight=EVERYWHERE).report),
        ("fleet by day", lambda: assessor.series(MONTH, "day", camera=None, district=None, sight=EVERYWHERE)),
        ("workbook", lambda: export(assessor, MONTH, "xlsx", sight=EVERYWHERE)),
        ("PDF", lambda: export(assessor, MONTH, "pdf", sight=EVERYWHERE)),
    )
    return [
        compare(
            f"assessment: {name}",
            "ms",
            lambda work=work: wall_ms(work),  # type: ignore[misc] # each its own
            bare,
            baseline_is="bare SQL sums over the same tables",
            runs=runs,
        )
        for name, work in works
    ]


if __name__ == "__main__":
    main()
