"""Measures the console in a browser: memory of a tile, cost and time of opening a page, live page, wall, 20 browsers.

Run it with `python -m bench.center.console`.

A real centre in a process of its own, a real headless Chromium, loopback.
"""

import argparse
import json
import os
import platform
import tempfile
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.center.console.browser import chromium
from bench.center.console.drawing import drawn
from bench.center.console.opening import Times, filled, opened
from bench.center.console.pages import answered
from bench.center.console.situation import turned
from bench.center.console.wall import crowd, endured, street

PARTS: Final = ("drawing", "pages", "opening", "live", "situation", "crowd")


def main() -> None:
    """Measure, print, and with `--json` write."""
    parser = argparse.ArgumentParser(prog="python -m bench.center.console", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="machines of the last 24 hours (1,000,000)")
    parser.add_argument("--times", type=int, default=12, help="openings of each page, cold and warm")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the live page and the situation wall (10)")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each part with many browsers")
    parser.add_argument("--only", choices=PARTS, help="this part alone")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    wanted = {arguments.only} if arguments.only else set(PARTS)
    report: dict[str, Any] = {"machine": platform.machine(), "cores": os.cpu_count(), "load_before": os.getloadavg()}
    with tempfile.TemporaryDirectory(prefix="wayside-console-") as name, chromium() as browser:
        folder = Path(name)
        report["browser"] = browser.version
        if "drawing" in wanted:
            report["drawing"] = drawn(browser)
        if "pages" in wanted:
            report["pages"] = answered(folder)
        if "opening" in wanted:
            with filled(folder, arguments.rows) as there:
                report |= {"rows": arguments.rows, "opening": opened(browser, there, arguments.times)}
        if "situation" in wanted:
            report["situation"] = turned(folder, arguments.minutes)
        if wanted & {"live", "crowd"}:
            with street(folder) as (there, flow):
                if "live" in wanted:
                    report["live"] = endured(there, flow, arguments.minutes)
                if "crowd" in wanted:
                    report["crowd"] = crowd(browser, there, arguments.seconds)
    report["load_after"] = os.getloadavg()
    _print(report)
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _print(report: dict[str, Any]) -> None:
    console = Console(width=120)
    if "drawing" in report:
        console.print(_drawing(report["drawing"]))
    if "pages" in report:
        console.print(_pages(report["pages"]))
    if "opening" in report:
        table = Table(
            "page",
            "first content",
            "cold",
            "warm",
            "plain, cold",
            "plain, warm",
            "KiB",
            title=f"{report['rows']:,} machines; ms: p50 / p95",
        )
        for row in report["opening"]:
            times = [str(Times(**row[each])) for each in ("first", "cold", "warm", "plain_cold", "plain_warm")]
            table.add_row(row["page"], *times, str(row["kib"]))
        console.print(table)
    if "live" in report:
        live = report["live"]
        table = Table(
            "minute",
            "heap",
            "nodes",
            "listeners",
            "renderer RSS",
            "centre RSS",
            title=f"live, {live['cameras']} cameras, {live['hints_a_second']:g} pictures/s, "
            f"{live['pictures_a_second_on_screen']:g} shown at {live['centre_cpu_ms_a_picture']:g} ms of the centre; "
            f"MiB; {len(live['console_errors'])} console errors",
        )
        for each in live["weights"]:
            names = ("minute", "heap", "nodes", "listeners", "renderer_rss", "centre_rss")
            table.add_row(*(f"{each[name]:g}" for name in names))
        console.print(table)
    if "situation" in report:
        console.print(_situation(report["situation"]))
    if "crowd" in report:
        table = Table("pages", "centre's CPU %", "centre RSS MiB", "Chromium's CPU %", "pictures/s a live page")
        for row in report["crowd"]:
            shown = "" if row["pictures_a_second_a_page"] is None else f"{row['pictures_a_second_a_page']:g}"
            table.add_row(row["pages"], *(f"{row[n]:g}" for n in ("centre_cpu", "centre_rss", "browser_cpu")), shown)
        console.print(table)


def _drawing(rows: list[dict[str, Any]]) -> Table:
    table = Table("pictures drawn", "as", "renderer RSS", "all other processes", title="thirty tiles; MiB")
    for row in rows:
        table.add_row(str(row["pictures"]), row["way"], str(row["renderer_rss"]), str(row["others_rss"]))
    return table


def _pages(rows: list[dict[str, Any]]) -> Table:
    table = Table("page", "centre's processor, ms", "KiB", "load", title="one opening of a page")
    for row in rows:
        table.add_row(row["page"], *(f"{row[name]:g}" for name in ("cpu_ms", "kib", "load")))
    return table


def _situation(wall: dict[str, Any]) -> Table:
    table = Table("figure", "value", title="situation wall")
    for name, value in wall.items():
        if name != "weights":
            table.add_row(name, str(value))
    return table


if __name__ == "__main__":
    main()
