"""`python -m bench.county`: a county's day through the real intake and archiver, beside what the capacity model says.

    python -m bench.county --seconds 120 --rate 60 --intakes 4 --figures mine.toml --json out/county.json

Pictures are 256 bytes and nobody parses them: what is measured is custody. Snapshots arrive at `--rate` a second on the
average while the day passes `86,400 / --seconds` times as fast as a real one; the same seed takes the same snapshots.
"""

import argparse
import json
import os
import statistics
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench.county import costs
from bench.county.day import DAY_S, Day, taken
from bench.county.model import Measured, comparison, measured, toml
from bench.county.replay import PICTURE, Ran, played

_out = Console(highlight=False, width=max(110, Console().width))


def main() -> int:
    """Play, print, write; 1 when something was lost, is there twice, or did not come to an end."""
    parser = argparse.ArgumentParser(prog="python -m bench.county", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120.0, help="how long the day takes")
    parser.add_argument("--rate", type=float, default=60.0, help="snapshots a second, mean; the county has 231")
    parser.add_argument("--intakes", type=int, default=1, help="how many share the work")
    parser.add_argument("--agents", type=int, default=17)
    parser.add_argument("--outage", type=float, nargs=2, default=(8.0, 9.0), metavar="HOUR", help="from, to")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scratch", type=Path, help="on this disk (default: the temporary folder)")
    parser.add_argument("--costs", action="store_true", help="measure commits, lookups, parser and canary as well")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--figures", type=Path, help="write what `wayside-cluster plan --figures` reads")
    arguments = parser.parse_args()
    day = Day(round(arguments.rate * arguments.seconds), arguments.agents, outage_h=tuple(arguments.outage))
    snapshots = taken(day, arguments.seed)
    with tempfile.TemporaryDirectory(prefix="wayside-county-", dir=arguments.scratch) as folder:
        ran = played(
            day, snapshots, seconds=arguments.seconds, intakes=arguments.intakes, seed=arguments.seed,
            folder=Path(folder),
        )  # fmt: skip
        figures = measured(ran, len(PICTURE))
        if arguments.costs:
            archiving = costs.archiving(Path(folder) / "costs")
            figures = figures.with_costs(**asdict(archiving), **costs.networks())
    show(ran, figures, arguments.seconds)
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(as_json(ran, figures, vars(arguments)), indent=2) + "\n", encoding="utf-8")
    if arguments.figures is not None:
        arguments.figures.write_text(toml(figures, datetime.now(UTC).date()), encoding="utf-8")
    return 1 if ran.lost or ran.twice or ran.left else 0


def show(ran: Ran, figures: Measured, seconds: float) -> None:
    """Tables for a person."""
    table = Table("hour", "taken/s", "archived/s", "waiting", "lag p50 s", "lag p99 s", box=SIMPLE_HEAD)
    hour_s = seconds / len(ran.hours)
    for number, hour in enumerate(ran.hours):
        lags = sorted(hour.lags_s)
        p50, p99 = (f"{lags[int(share * (len(lags) - 1))]:.2f}" if lags else "-" for share in (0.5, 0.99))
        rates = (f"{count / hour_s:.1f}" for count in (hour.taken, hour.archived))
        table.add_row(f"{number:02d}", *rates, str(hour.waiting), p50, p99)
    _out.print(table)
    _out.print(
        f"{ran.taken:,} in a day of {seconds:.0f} s ({DAY_S / seconds:.0f} times as fast), {ran.intakes} intakes: "
        f"{ran.rows:,} rows, lost {ran.lost}, twice {ran.twice}, still waiting {ran.left}; {ran.repeated} sent again, "
        f"{ran.duplicates} of them recognised; all archived after {ran.seconds:.1f} s"
    )
    table = Table("what", "measured", "model", "measured / model", box=SIMPLE_HEAD)
    for name, was, said in comparison(ran, figures):
        table.add_row(name, f"{was:.2f}", *((f"{said:.2f}", f"{was / said:.2f}") if said else ("-", "-")))
    _out.print(table)
    table = Table("figure", "here", "unit", "in the model", box=SIMPLE_HEAD)
    for each in figures.figures:
        shipped = "-" if each.shipped is None else f"{each.shipped:g}"
        table.add_row(each.name, f"{each.value:.3g}", each.unit, shipped)
    _out.print(table)


def as_json(ran: Ran, figures: Measured, arguments: dict[str, Any]) -> dict[str, Any]:
    """For programs."""
    return {
        "arguments": {key: value for key, value in arguments.items() if not isinstance(value, Path | None)},
        "cores": os.cpu_count(),
        "taken": ran.taken, "rows": ran.rows, "lost": ran.lost, "twice": ran.twice, "waiting": ran.left,
        "seconds": ran.seconds, "outage_backlog": ran.outage.backlog, "drain_s": ran.outage.drain_s,
        "drain_rate": ran.outage.rate,
        "hours": [
            {
                "taken": hour.taken, "archived": hour.archived, "waiting": hour.waiting,
                "lag_p50_s": statistics.median(hour.lags_s) if hour.lags_s else None,
                "lag_most_s": max(hour.lags_s, default=None),
            }
            for hour in ran.hours
        ],
        "figures": {each.name: each.value for each in figures.figures},
        "comparison": [
            {"what": what, "measured": was, "model": said} for what, was, said in comparison(ran, figures)
        ],
    }  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
