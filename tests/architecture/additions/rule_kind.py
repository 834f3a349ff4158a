"""A rule that looks for pictures full of machines: the form offers it, and a preview raises it."""

from collections.abc import Iterator

import pytest

from center.access.permissions import EVERYWHERE
from center.alarms.rules.kinds import KINDS
from tests.architecture.additions.tree import Tree
from tests.center.alarms.conftest import Station
from tests.center.alarms.making import machine, row, text
from tests.center.street import NOW_MS
from tests.center.whole import ADMINISTRATOR, Whole, whole_centre

KIND = "a rule kind"
RUN_IN = "tests/center/alarms"


def add(tree: Tree) -> None:
    kinds = "center/alarms/rules/kinds.py"
    tree.before(
        kinds,
        "Kind = Annotated[\n",
        '''class ManyMachines(RuleParameters):
    """A picture holds many machines."""

    label = marked("Many machines")
    number = FormField("threshold", marked("Machines, 2 or more"), 5)

    kind: Literal["many_machines"]
    threshold: int = Field(ge=2, le=100)


''',
    )
    tree.after(kinds, "    | Crowding\n", "    | ManyMachines\n")
    matching = "center/alarms/rules/matching.py"
    tree.before(
        matching,
        "        case kinds.Crowding(threshold=threshold):\n",
        "        case kinds.ManyMachines(threshold=threshold):\n            return partial(_many, threshold)\n",
    )
    tree.append(
        matching,
        """

def _many(threshold, seen):
    return RuleFinding(machine=seen.machines[0]) if len(seen.machines) >= threshold else None
""",
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole_centre(tmp_path_factory.mktemp("whole")) as centre:
        yield centre


@pytest.mark.anyio
async def test_a_preview_raises_it(station: Station) -> None:
    for number, machines in enumerate([1, 3, 2, 4]):
        at_ms = NOW_MS - 3_600_000 + number * 1_000_000
        station.archive.add(row(*[machine()] * machines, at_ms=at_ms, key=f"row{number}"), b"")
    what = {"kind": "many_machines", "threshold": 3}
    rule = station.room.rules.create(text(what), actor="anna", sight=EVERYWHERE)
    preview = await station.room.previews.run(rule.id, 1, actor="anna", sight=EVERYWHERE)
    assert (preview.rows, preview.matched, preview.alarms) == (4, 2, 2)


def test_the_form_offers_it(whole: Whole) -> None:
    assert KINDS["many_machines"].number is not None
    with whole.browser(ADMINISTRATOR) as browser:
        assert "Many machines" in browser.get("/rules/new").raise_for_status().text
