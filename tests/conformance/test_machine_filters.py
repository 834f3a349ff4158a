"""A machine meets a filter or not by two codes: `query` asks the archive in SQL, the centre marks boxes of a result.

Both must say the same of every machine, or a page marks another machine than the one that was found.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lancedb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.search.matching import matches
from center.search.views import ObservationView, shown
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.query.search import Wanted
from provisioning.contracts.wire.messages import Box, MachineClass
from ray_cluster.archive.schema import OBJECT_SCHEMA
from ray_cluster.query import sql
from tests.center.street import NOW_MS, observation

WIDTH, HEIGHT = 640, 480
COLUMNS = ("index", "cls", "colour", "x0", "y0", "x1", "y1", "share", "heading_deg", "zones")
CLASSES = (MachineClass.CAR, MachineClass.BUS, MachineClass.BICYCLE)
COLOURS = (MachineColour.RED, MachineColour.BLACK, None)
SIDES = (1, 8, 40, 240)
HEADINGS = (None, 0.0, 0.5, 45.0, 90.0, 179.5, 180.0, 270.0, 315.0, 359.75)
ZONES: tuple[tuple[str, ...], ...] = ((), ("gate",), ("it's", "yard"), ("gate", "门"))

angles = st.integers(0, 4 * 360 - 1).map(lambda quarter: quarter / 4)
sides = st.sampled_from((*SIDES, 7, 9, 41))
shares = st.integers(0, 64).map(lambda part: part / 64)
filters = st.fixed_dictionaries(
    {},
    optional={
        "cls": st.lists(st.sampled_from(CLASSES), min_size=1, unique=True),
        "colour": st.lists(st.sampled_from(COLOURS[:2]), min_size=1, unique=True),
        "side": st.tuples(st.none() | sides, st.none() | sides),
        "share": st.tuples(st.none() | shares, st.none() | shares),
        "heading_deg": angles,
        "heading_within_deg": st.integers(1, 4 * 180).map(lambda quarter: quarter / 4),
        "zone": st.lists(st.sampled_from(("gate", "it's", "yard", "门", "elsewhere")), min_size=1, unique=True),
    },
)


def _wanted(drawn: dict[str, Any]) -> Wanted:
    """The filters as a query string has them: of two bounds the smaller is the least."""
    asked = {name: value for name, value in drawn.items() if name not in {"side", "share"}}
    for name, least, most in (("side", "min_side_px", "max_side_px"), ("share", "min_share", "max_share")):
        low, high = drawn.get(name, (None, None))
        asked[least], asked[most] = (high, low) if low is not None and high is not None and high < low else (low, high)
    return Wanted.model_validate(asked)


def _machines() -> ObservationView:
    """Every heading at every size, with classes, colours and zones in turn, in one picture."""
    row = shown(observation("cam-1", NOW_MS, 7)[0])
    shapes = [(heading, width, height) for heading in HEADINGS for width in SIDES for height in SIDES]
    machines = tuple(
        row.machines[0].model_copy(
            update={
                "index": at,
                "cls": CLASSES[at % 3],
                "colour": COLOURS[at // 3 % 3],
                "box": Box(x0=3, y0=5, x1=3 + width, y1=5 + height),
                "heading_deg": heading,
                "zones": ZONES[at % 7 % 4],
            }
        )
        for at, (heading, width, height) in enumerate(shapes)
    )
    return row.model_copy(update={"machines": machines, "width": WIDTH, "height": HEIGHT})


Find = Callable[[Wanted], set[int]]


@pytest.fixture(scope="module")
def found_by_query(tmp_path_factory: pytest.TempPathFactory) -> Find:
    """Returns the machines that the archive's SQL finds, in a table with its columns."""
    folder: Path = tmp_path_factory.mktemp("machines")
    rows = [
        {
            "index": each.index,
            "cls": each.cls.value,
            "colour": None if each.colour is None else each.colour.value,
            **each.box.model_dump(),
            "share": (each.box.x1 - each.box.x0) * (each.box.y1 - each.box.y0) / (WIDTH * HEIGHT),
            "heading_deg": each.heading_deg,
            "zones": list(each.zones),
        }
        for each in _machines().machines
    ]
    schema = pa.schema([OBJECT_SCHEMA.field(name) for name in COLUMNS])
    table = lancedb.connect(folder).create_table("objects", pa.Table.from_pylist(rows, schema=schema))

    def find(wanted: Wanted) -> set[int]:
        asked = table.search().select(["index"])
        if conditions := " AND ".join(sql.of_machine(wanted)):
            asked = asked.where(conditions)
        return {row["index"] for row in asked.to_list()}

    return find


@given(filters)
def test_the_centre_marks_those_machines_that_query_finds(found_by_query: Find, drawn: dict[str, Any]) -> None:
    wanted = _wanted(drawn)
    marked = matches(_machines(), wanted)
    assert {at for at, meets in enumerate(marked) if meets} == found_by_query(wanted)
