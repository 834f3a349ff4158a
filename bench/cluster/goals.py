"""`python -m bench cluster [--quick] [--only PART]… [--rows N] [--json FILE]`: the cluster's promises.

Five parts, one after the other and each in a process of its own: `bench.cluster.intake` in three,
`bench.cluster.archive`, `bench.cluster.loss`. Each has a time limit, together half an hour; what one does not do is a
line of the table, and the others go on. `--quick` tries them all in their smallest form, whose figures mean nothing.
Exit code 1 if a part fails or a goal is missed.
"""

import argparse
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.part import Part, Ran, run

ROWS: Final = 1_000_000
QUICK_ROWS: Final = 6000


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `kept`: None where nothing was promised."""

    what: str
    ours: str
    beside: str = ""
    goal: str = ""
    kept: bool | None = None

    @property
    def verdict(self) -> str:
        """In a word."""
        return "" if self.kept is None else "kept" if self.kept else "missed"


def parts(rows: int) -> tuple[Part, ...]:
    """Those of the report, with the limits that they have on two cores with nothing else on them."""
    return (
        Part("handles", "bench.cluster.intake", ("--only", "handles"), limit_s=180),
        Part("parser", "bench.cluster.intake", ("--only", "parser"), limit_s=300),
        Part("intake", "bench.cluster.intake", ("--only", "intake"), limit_s=300),
        Part(
            "archive",
            "bench.cluster.archive",
            ("--rows", str(rows), "--no-peers"),
            ("--rows", str(QUICK_ROWS)),
            limit_s=480,
        ),
        Part("losses", "bench.cluster.loss", limit_s=540),
    )


def figures(reports: Mapping[str, dict[str, Any]]) -> list[Figure]:
    """Of what the parts wrote, by their names. What a part did not come to write has no lines."""
    return [line for part, lines in _LINES.items() if part in reports for line in lines(reports[part])]


def faults(ran: Mapping[str, Ran]) -> list[Figure]:
    """A line for each part that did not end well."""
    return [
        Figure(f"{part}: the measurement", each.fault, goal="ends well", kept=False)
        for part, each in ran.items()
        if each.fault
    ]


def _of_handles(report: dict[str, Any]) -> list[Figure]:
    calls = report.get("handles", {}).get("default", {})
    return [
        Figure(
            f"handle's call of one byte, {at} at a time, p50 / p99",
            _spread(calls[f"handle {at}"]),
            f"actor {_spread(calls[f'actor {at}'])}",
        )
        for at in (1, 64, 512)
        if f"actor {at}" in calls
    ]


def _of_parser(report: dict[str, Any]) -> list[Figure]:
    if not (parser := report.get("parser")):
        return []
    return [_ratio("parser's deployment, pictures/s", parser["ours"], parser["baseline"], parser["ratio"], 0.9)]


def _of_intake(report: dict[str, Any]) -> list[Figure]:
    if not (intake := report.get("intake")):
        return []
    single, composed, spread = intake["single"], intake["composed"], intake["spread"]
    rate, alone, bare = composed["per_s"], single["per_s"], intake["bare_per_s"]
    ms = composed["cpu_ms_a_message"]
    return [
        _ratio("broker to archive, messages/s; custody without Ray", rate, alone, rate / alone, 0.45),
        # No goal: custody alone takes most of what a subscriber that decodes nothing has over it.
        Figure("the same; bare subscriber", f"{rate:.1f}, ratio {rate / bare:.2f}", f"{bare:.1f}"),
        Figure("the same, a process for each stage", f"{spread['per_s']:.1f}, ratio {spread['per_s'] / alone:.2f}"),
        Figure(
            "a message, all processes",
            f"{ms:.2f} ms of processor time",
            f"{single['cpu_ms_a_message']:.2f} without Ray",
            "1.5 ms",
            kept=ms <= 1.5,
        ),
        Figure("the same, a process for each stage", f"{spread['cpu_ms_a_message']:.2f} ms of processor time"),
        Figure(
            "publish to archived, p50 / p99",
            f"{composed['p50_ms']:.0f} / {composed['p99_ms']:.0f} ms",
            f"{spread['p50_ms']:.0f} / {spread['p99_ms']:.0f} ms, a process for each stage",
            goal="p50 1 s",
            kept=composed["p50_ms"] < 1000,
        ),
    ]


def _of_archive(report: dict[str, Any]) -> list[Figure]:
    by_cpu, faults_of_upkeep = report["rows_per_cpu_s_by_tenth"], report["upkeep_faults"]
    recall = report["lowest_recall_while_open"]
    found = [
        Figure(
            f"{report['rows']:,} machines, rows a processor second by tenths",
            f"{min(by_cpu):,.0f} to {max(by_cpu):,.0f}",
            goal="flat within a fifth",
            kept=report["flat"],
        ),
        Figure("conflicts and faults of upkeep", str(len(faults_of_upkeep)), goal="0", kept=not faults_of_upkeep),
    ]
    if recall is None:
        found.append(Figure("recall@10 while open", "no day had an index", goal="0.95"))
    else:
        found.append(Figure("recall@10, lowest while open", str(recall), goal="0.95", kept=recall >= 0.95))
    ones = [read["cpu_ms"] for read in report.get("reads_open", ()) if read["what"].startswith("one observation")]
    if ones:
        found.append(Figure("one observation of an open day", f"{max(ones):.0f} ms of processor time"))
    return found


def _of_losses(report: dict[str, Any]) -> list[Figure]:
    found = [
        Figure(f"killed: {loss['what']}", f"{loss['silence_s']:.1f} s without a commit")
        for loss in report.get("losses", ())
        if loss["what"] != "nothing"
    ]
    if books := report.get("books"):
        lost = books["sent"] - books["distinct"]
        kept = not (lost or books["doubled"])
        counts = f"{lost} / {books['doubled']}"
        found.append(Figure("lost / twice, of all that was sent", counts, goal="0 / 0", kept=kept))
    return found


_LINES: Final[dict[str, Callable[[dict[str, Any]], list[Figure]]]] = {
    "handles": _of_handles,
    "parser": _of_parser,
    "intake": _of_intake,
    "archive": _of_archive,
    "losses": _of_losses,
}


def _ratio(what: str, ours: float, baseline: float, ratio: float, goal: float) -> Figure:
    return Figure(what, f"{ours:.1f}, ratio {ratio:.2f}", f"{baseline:.1f}", f"ratio {goal:g}", ratio >= goal)


def _spread(row: dict[str, float]) -> str:
    return f"{row['p50_ms']:.1f} / {row['p99_ms']:.1f} ms"


def _print(lines: list[Figure], ran: Mapping[str, Ran], title: str) -> None:
    table = Table("what", "ours", "beside", "goal", "", title=title)
    for line in lines:
        table.add_row(line.what, line.ours, line.beside, line.goal, line.verdict)
    took = ", ".join(f"{part} {each.took_s:.0f} s" for part, each in ran.items())
    console = Console(width=132)
    console.print(table)
    console.print(f"{took}; in all {sum(each.took_s for each in ran.values()) / 60:.1f} min")


def main(words: list[str]) -> int:
    """Measure, print, and with `--json` write, after each part what there is by then."""
    parser = argparse.ArgumentParser(prog="python -m bench cluster", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"machines of the archive's day ({ROWS:,})")
    parser.add_argument("--quick", action="store_true", help="each part in its smallest form: does it work?")
    parser.add_argument("--only", action="append", choices=list(_LINES), help="this part; may be given again")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args(words)
    ran: dict[str, Ran] = {}
    lines: list[Figure] = []
    for part in parts(arguments.rows):
        if arguments.only and part.name not in arguments.only:
            continue
        print(f"bench cluster: {part.name}, {part.limit_s / 60:g} min at most", flush=True)
        ran[part.name] = run(part, quick=arguments.quick)
        lines = figures({name: each.report for name, each in ran.items() if each.report}) + faults(ran)
        if arguments.json:
            _write(arguments.json, lines, ran, quick=arguments.quick)
    _print(lines, ran, "the cluster" + (", in its smallest form" if arguments.quick else ""))
    return 1 if any(line.kept is False for line in lines) else 0


def _write(file: Path, lines: list[Figure], ran: Mapping[str, Ran], *, quick: bool) -> None:
    report = {
        "cores": os.cpu_count(),
        "load_average": os.getloadavg(),
        "quick": quick,
        "figures": [asdict(line) for line in lines],
        "parts": {name: asdict(each) for name, each in ran.items()},
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
