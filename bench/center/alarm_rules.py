"""How many rules one core evaluates: 500 of all kinds over rows of 500 cameras, five machines in each."""

import random
import time
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from center.alarms.rules.inputs import RowTimes, SeenRow
from center.alarms.rules.rule import Rule, RuleText
from center.alarms.rules.rule_index import RuleIndex
from provisioning.contracts import ids
from provisioning.contracts.wire.messages import Box, Crossing, Machine, MachineClass, Motion

AGENT: Final = "cabinet-7"
CAMERAS: Final = 500
RULES: Final = 500
MACHINES: Final = 5
CLASSES: Final = tuple(MachineClass)
AT_MS: Final = 1_795_449_600_000
POLYGON: Final = [[0.1, 0.3], [0.3, 0.25], [0.5, 0.3], [0.55, 0.5], [0.5, 0.8], [0.3, 0.85], [0.12, 0.8], [0.05, 0.5]]
KINDS: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "zone_entry", "polygon": POLYGON},
    {"kind": "two_wheeler_on_motorway", "polygon": POLYGON},
    {"kind": "standing", "polygon": POLYGON, "for_s": 60},
    {"kind": "line_crossing", "segment": {"start": [0.5, 0.1], "end": [0.5, 0.9]}},
    {"kind": "wrong_way", "polygon": POLYGON, "heading_deg": 90},
    {"kind": "zone_entry", "zone": "yard"},
    {"kind": "line_crossing", "line": "stop"},
    {"kind": "wrong_way", "lane": "bus lane"},
)


class Evaluated(NamedTuple):
    """One way to spread 500 rules over 500 cameras. `asked`: rules that look at a row."""

    name: str
    asked: float
    rules_per_s: float
    rows_per_s: float
    matches_per_row: float


def place(number: int) -> str:
    """Of a camera."""
    return f"{AGENT}/cam-{number}"


def row(dice: random.Random, number: int) -> SeenRow:
    """One row of machines that drive about; half of them move."""
    machines = []
    for _ in range(MACHINES):
        x, y, size = dice.randrange(0, 1100), dice.randrange(0, 600), dice.randrange(40, 120)
        motion = Motion(
            heading_deg=dice.uniform(0, 359) if dice.random() < 0.5 else None,
            dwell_s=dice.uniform(0, 90),
            zones={"yard": 3.0} if dice.random() < 0.1 else {},
            crossed=(Crossing(line="stop", to="left"),) if dice.random() < 0.05 else (),
        )
        box = Box(x0=x, y0=y, x1=x + size, y1=y + size)
        machines.append(Machine(cls=dice.choice(CLASSES), score=dice.uniform(0.3, 1), box=box, motion=motion))
    camera = f"cam-{number % CAMERAS}"
    return SeenRow(
        row_key=ids.row_key(AGENT, ids.observation_id(camera, AT_MS + number, "n")),
        agent_id=AGENT,
        camera_id=camera,
        width=1280,
        height=720,
        machines=tuple(machines),
        followed=tuple(machines),
        people=0,
        trusted=True,
        times=RowTimes(captured_at_ms=AT_MS + number, clock="arrival"),
    )


def rule(number: int, cameras: Sequence[str]) -> Rule:
    """The kinds take turns."""
    what = KINDS[number % len(KINDS)]
    return Rule(number, 1, RuleText.model_validate({"name": f"rule {number}", "what": what, "cameras": cameras}))


def evaluate(seconds: float = 3.0) -> list[Evaluated]:
    """Every rule on every camera, and every rule on one camera."""
    dice = random.Random(1)
    rows = [row(dice, number) for number in range(2 * CAMERAS)]
    everywhere = [place(number) for number in range(CAMERAS)]
    found = []
    for name, asked, rules in (
        ("each rule on all cameras", RULES, [rule(number, everywhere) for number in range(RULES)]),
        ("each rule on one camera", RULES / CAMERAS, [rule(number, [place(number)]) for number in range(RULES)]),
    ):
        book = RuleIndex.of(rules)
        looked = matches = 0
        begun_s = time.process_time()
        while (took_s := time.process_time() - begun_s) < seconds:
            for seen in rows[looked % len(rows) : looked % len(rows) + 50]:
                matches += sum(1 for _ in book.found(seen))
                looked += 1
        found.append(Evaluated(name, asked, looked * asked / took_s, looked / took_s, matches / looked))
    return found
