"""`python -m bench cluster [--rows N] [--json FILE]`: what the cluster promises beside what it does, in one table.

Runs `bench.cluster`, `bench.archive` and `bench.cluster_loss`, one after the other and each in a process of its own; 25
minutes on two cores with nothing else on them. Exit code 1 if one of them fails or a goal is missed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

PARTS: Final = ("cluster", "archive", "cluster_loss")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `kept`: None where nothing was promised."""

    what: str
    ours: str
    beside: str = ""
    goal: str = ""
    kept: bool | None = None


def figures(reports: dict[str, dict[str, Any]]) -> list[Figure]:
    """Of what the parts wrote, by their names; a part that is not there has no lines."""
    found: list[Figure] = []
    if "cluster" in reports:
        found += _of_cluster(reports["cluster"])
    if "archive" in reports:
        found += _of_archive(reports["archive"])
    if "cluster_loss" in reports:
        found += _of_losses(reports["cluster_loss"])
    return found


def _of_cluster(report: dict[str, Any]) -> list[Figure]:
    parser, intake = report["parser"], report["intake"]
    found = [
        _ratio("parser's deployment, pictures/s", parser["ours"], parser["baseline"], parser["ratio"], 0.9),
        _ratio("broker to archive, messages/s", intake["ours_per_s"], intake["bare_per_s"], intake["ratio"], 0.5),
        Figure(
            "publish to archived, p50 / p99",
            f"{intake['p50_ms']:.0f} / {intake['p99_ms']:.0f} ms",
            goal="p50 1 s",
            kept=intake["p50_ms"] < 1000,
        ),
    ]
    calls = report["handles"]["default"]
    return found + [
        Figure(
            f"handle's call of one byte, {at} at a time, p50 / p99",
            _spread(calls[f"handle {at}"]),
            f"actor {_spread(calls[f'actor {at}'])}",
        )
        for at in (1, 64, 512)
    ]


def _of_archive(report: dict[str, Any]) -> list[Figure]:
    by_cpu = report["rows_per_cpu_s_by_tenth"]
    slowest = max(read["cpu_ms"] for read in report["reads_open"] if read["what"].startswith("one observation"))
    recall = report["lowest_recall_while_open"]
    return [
        Figure(
            f"{report['rows']:,} machines, rows a processor second by tenths",
            f"{min(by_cpu):,.0f} to {max(by_cpu):,.0f}",
            goal="flat within a fifth",
            kept=report["flat"],
        ),
        Figure(
            "conflicts and faults of upkeep", str(len(report["upkeep_faults"])), "", "0", not report["upkeep_faults"]
        ),
        Figure("recall@10, lowest while open", str(recall), goal="0.95", kept=recall is None or recall >= 0.95),
        Figure("one observation of an open day", f"{slowest:.0f} ms of processor time"),
    ]


def _of_losses(report: dict[str, Any]) -> list[Figure]:
    books = report["books"]
    found = [
        Figure(f"killed: {loss['what']}", f"{loss['silence_s']:.1f} s without a commit")
        for loss in report["losses"]
        if loss["what"] != "nothing"
    ]
    kept = not (books["lost"] or books["doubled"])
    return [
        *found,
        Figure("lost / twice, of all that was sent", f"{books['lost']} / {books['doubled']}", "", "0 / 0", kept),
    ]


def _ratio(what: str, ours: float, baseline: float, ratio: float, goal: float) -> Figure:
    return Figure(what, f"{ours:.1f}, ratio {ratio:.2f}", f"{baseline:.1f}", f"{goal:g}", ratio >= goal)


def _spread(row: dict[str, float]) -> str:
    return f"{row['p50_ms']:.1f} / {row['p99_ms']:.1f} ms"


def main(words: list[str]) -> int:
    """Measure, print, and with `--json` write."""
    parser = argparse.ArgumentParser(prog="python -m bench cluster", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="machines of the archive's day (1,000,000)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args(words)
    options = {"archive": ["--rows", str(arguments.rows), "--no-peers"]}
    reports: dict[str, dict[str, Any]] = {}
    failed = []
    with tempfile.TemporaryDirectory(prefix="wayside-goals-") as folder:
        for part in PARTS:
            file = Path(folder, f"{part}.json")
            command = [sys.executable, "-m", f"bench.{part}", "--json", str(file), *options.get(part, [])]
            if subprocess.run(command, check=False).returncode:
                failed.append(part)
            if file.exists():
                reports[part] = json.loads(file.read_text(encoding="utf-8"))
    lines = figures(reports)
    table = Table("what", "ours", "beside", "goal", "", title="the cluster")
    for line in lines:
        word = "" if line.kept is None else "kept" if line.kept else "missed"
        table.add_row(line.what, line.ours, line.beside, line.goal, word)
    console = Console()
    console.print(table)
    for part in failed:
        console.print(f"bench.{part} failed", style="red")
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        report = {"figures": [asdict(line) for line in lines], "failed": failed, "reports": reports}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 1 if failed or any(line.kept is False for line in lines) else 0
