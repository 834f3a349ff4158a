"""`python -m bench.center.composed_rules [--machines N]`: what composed rules cost, in processor time.

A preview of one composed rule over N machines (1,000,000) of one day of thirty cameras, as the archive gives them,
newest first; and a row's evaluation with ten composed rules in force beside one without. Reading is not in it.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.center.alarm_rules import AT_MS, POLYGON, place, row
from center.alarms.preview import PAGE, PreviewTally
from center.alarms.rules.inputs import SeenRow
from center.alarms.rules.rule import Rule, RuleText
from center.alarms.rules.rule_index import RuleIndex

CAMERAS: Final = 30
DAY_MS: Final = 86_400_000
DISTINCT: Final = 3000
_MACHINES_A_ROW: Final = 3
_STANDS: Final = {"op": "seen", "classes": ["truck"], "what": {"kind": "standing", "polygon": POLYGON, "for_s": 60}}
_AGAINST: Final = {"op": "seen", "what": {"kind": "wrong_way", "polygon": POLYGON, "heading_deg": 90}}
_CROSSED: Final = {"op": "seen", "what": {"kind": "line_crossing", "line": "stop"}}
_ENTERED: Final = {"op": "seen", "what": {"kind": "zone_entry", "polygon": POLYGON}}
_QUEUE: Final = {"op": "many", "polygon": POLYGON, "over": 2, "for_s": 300}
WHEN: Final[dict[str, dict[str, Any]]] = {
    "a truck stands and something comes against the lane": {"op": "and", "of": [_STANDS, _AGAINST]},
    "a line, then a zone within 20 s": {"op": "then", "first": _CROSSED, "second": _ENTERED, "within_s": 20},
    "a queue for five minutes, and no truck": {"op": "and", "of": [_QUEUE, {"op": "not", "of": _STANDS}]},
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.center.composed_rules", description=__doc__)
    parser.add_argument("--machines", type=int, default=1_000_000)
    machines = parser.parse_args().machines
    rows = machines // _MACHINES_A_ROW
    dice = random.Random(1)
    made = [replace(each, machines=each.machines[:3], followed=each.machines[:3]) for each in _some(dice)]
    table = Table("what", "processor time", "matched", title=f"composed rules: {rows:,} rows, {machines:,} machines")
    for name, when in WHEN.items():
        tally = PreviewTally(_rule(1, when))
        took_s = 0.0
        for first in range(0, rows, PAGE):
            page = [_at(made[number % DISTINCT], rows - number, rows) for number in range(first, first + PAGE)]
            took_s += _took(partial(tally.add, page))
        took_s += _took(tally.end)
        table.add_row(f"preview: {name}", f"{took_s:.2f} s", f"{len(tally.matches):,}")
    rules = [_rule(number, list(WHEN.values())[number % len(WHEN)]) for number in range(10)]
    for name, in_force in (("no rule", []), ("ten composed rules", rules)):
        index, live = RuleIndex.of(in_force), 60_000
        stream = [_at(made[number % DISTINCT], number, live) for number in range(live)]
        matched: list[int] = []
        took_s = _took(partial(_match, index, stream, matched))
        table.add_row(f"a row, {name} on thirty cameras", f"{took_s / live * 1e6:.0f} µs", f"{len(matched):,}")
    Console().print(table)


def _match(index: RuleIndex, rows: Iterable[SeenRow], matched: list[int]) -> None:
    for seen in rows:
        matched.extend(rule.id for rule, _ in index.found(seen))


def _took(work: Callable[[], object]) -> float:
    """Returns the processor seconds of some work."""
    begun_s = time.process_time()
    work()
    return time.process_time() - begun_s


def _some(dice: random.Random) -> list[SeenRow]:
    return [row(dice, number) for number in range(DISTINCT)]


def _at(seen: SeenRow, number: int, rows: int) -> SeenRow:
    """The same picture at its moment of the day, of one of thirty cameras."""
    times = replace(seen.times, captured_at_ms=AT_MS + number * DAY_MS // rows)
    return replace(seen, camera_id=f"cam-{number % CAMERAS}", row_key=f"{number}", times=times)


def _rule(number: int, when: dict[str, Any]) -> Rule:
    cameras = [place(camera) for camera in range(CAMERAS)]
    what = {"kind": "composed", "when": when}
    return Rule(number, 1, RuleText.model_validate({"name": f"rule {number}", "what": what, "cameras": cameras}))


if __name__ == "__main__":
    main()
