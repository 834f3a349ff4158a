"""A machine of a result is marked if it alone meets all conditions, as `query` found it."""

from typing import Any

import pytest
from pydantic import ValidationError

from center.search.matching import matches
from center.search.views import ObservationView, shown
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.query.search import Wanted
from provisioning.contracts.wire.messages import Box, MachineClass
from tests.center.street import NOW_MS, observation


def _two() -> ObservationView:
    """A black car of 10 × 20 px that heads for 350°, and a white bicycle of 400 × 300 px in a zone."""
    row = shown(observation("cam-1", NOW_MS, 7)[0])
    small, large = Box(x0=0, y0=0, x1=10, y1=20), Box(x0=100, y0=100, x1=500, y1=400)
    one = row.machines[0].model_copy(
        update={"cls": MachineClass.CAR, "colour": MachineColour.BLACK, "box": small, "heading_deg": 350.0, "zones": ()}
    )
    other = row.machines[0].model_copy(
        update={
            "index": 1,
            "cls": MachineClass.BICYCLE,
            "colour": MachineColour.WHITE,
            "box": large,
            "heading_deg": None,
            "zones": ("gate", "yard"),
        }
    )
    return row.model_copy(update={"machines": (one, other)})


@pytest.mark.parametrize(
    ("wanted", "hits"),
    [
        ({}, (True, True)),
        ({"sharpness_below": 0.5}, (True, True)),
        ({"cls": ["car"]}, (True, False)),
        ({"cls": ["car", "bicycle"], "colour": ["white"]}, (False, True)),
        ({"cls": ["car"], "colour": ["white"]}, (False, False)),
        ({"min_side_px": 300}, (False, True)),
        ({"max_side_px": 10}, (True, False)),
        ({"min_share": 0.1}, (False, True)),
        ({"max_share": 0.1}, (True, False)),
        ({"heading_deg": 10, "heading_within_deg": 20}, (True, False)),
        ({"heading_deg": 10, "heading_within_deg": 19}, (False, False)),
        ({"heading_deg": 10, "heading_within_deg": 180}, (True, False)),
        ({"zone": ["yard"]}, (False, True)),
    ],
)
def test_only_a_machine_that_meets_all_conditions_is_marked(wanted: dict[str, Any], hits: tuple[bool, ...]) -> None:
    assert matches(_two(), Wanted.model_validate(wanted)) == hits


@pytest.mark.parametrize("name", ["min_share", "heading_deg", "sharpness_below"])
def test_true_is_no_number(name: str) -> None:
    with pytest.raises(ValidationError, match=f"{name}: true is no number"):
        Wanted.model_validate({name: True})
    assert Wanted.model_validate({"low_quality": True, name: "0.5"}).low_quality
