"""Messages of an observation: ids by rule, codes of the standard, and *unknown* where nothing is known."""

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.viid_cascade import codes
from center.viid_cascade.composing import ObjectKind, Pictures, image_id, messages
from provisioning.contracts.query.archive import MachineColour, Observation
from provisioning.contracts.wire.messages import MachineClass
from tests.center.street import NOW_MS, observation
from tests.center.viid_cascade.rig import GATE

ALL = tuple(MachineClass)


def row(*classes: MachineClass, **machine: object) -> tuple[Observation, bytes]:
    """An observation with a machine of each class."""
    made, jpeg = observation("cam-1", NOW_MS + 123, 3)
    first = made.machines[0]
    machines = tuple(
        first.model_copy(update={"cls": cls, "index": index, **machine}) for index, cls in enumerate(classes)
    )
    return made.model_copy(update={"machines": machines}), jpeg


def sent(found: Observation, jpeg: bytes | None, pictures: Pictures = "images") -> list[tuple[ObjectKind, object]]:
    composed = messages(found, jpeg, device_id=GATE, bearing_deg=90.0, classes=ALL, pictures=pictures)
    return [(each.kind, json.loads(each.body)) for each in composed]


def test_a_scene_goes_once_and_its_machines_refer_to_it() -> None:
    found, jpeg = row(MachineClass.CAR, MachineClass.BICYCLE, MachineClass.TRUCK)
    image, motor, other = sent(found, jpeg)
    assert [each[0] for each in (image, motor, other)] == list(ObjectKind)
    (scene,) = image[1]["ImageListObject"]["Image"]  # type: ignore[index]
    assert base64.b64decode(scene["Data"]) == jpeg
    assert scene["ImageInfo"]["FileSize"] == len(jpeg)
    vehicles = motor[1]["MotorVehicleListObject"]["MotorVehicleObject"]  # type: ignore[index]
    cycles = other[1]["NonMotorVehicleListObject"]["NonMotorVehicleObject"]  # type: ignore[index]
    assert [each["VehicleClass"] for each in vehicles] == ["K30", "X99"]
    for each in [*vehicles, *cycles]:
        assert each["SourceID"] == scene["ImageInfo"]["ImageID"]
        assert "SubImageList" not in each
        assert "PlateNo" not in each
    assert {"VehicleClass", "Direction", "PassTime"}.isdisjoint(cycles[0])


def test_a_vehicle_that_moves_has_its_direction_by_the_compass() -> None:
    found, jpeg = row(MachineClass.CAR, MachineClass.BICYCLE, heading_deg=0.0)
    _, motor, other = sent(found, jpeg)
    assert motor[1]["MotorVehicleListObject"]["MotorVehicleObject"][0]["Direction"] == "1"  # type: ignore[index]
    assert "Direction" not in json.dumps(other)


def test_pictures_go_with_each_object_or_not_at_all() -> None:
    found, jpeg = row(MachineClass.CAR, MachineClass.CAR, MachineClass.BICYCLE)
    assert [kind for kind, _ in sent(found, jpeg, "objects")] == [
        ObjectKind.MOTOR_VEHICLES, ObjectKind.MOTOR_VEHICLES, ObjectKind.NON_MOTOR_VEHICLES,
    ]  # fmt: skip
    for _, body in sent(found, jpeg, "objects"):
        assert json.dumps(body).count(base64.b64encode(jpeg).decode()) == 1
    bare = sent(found, None, "none")
    assert len(bare) == 2
    assert "SubImageList" not in json.dumps(bare)


def test_machines_of_other_classes_are_left_out() -> None:
    found, jpeg = row(MachineClass.CAR, MachineClass.BUS)
    composed = list(
        messages(found, jpeg, device_id=GATE, bearing_deg=None, classes=(MachineClass.BUS,), pictures="images")
    )
    assert [each.kind for each in composed] == [ObjectKind.IMAGES, ObjectKind.MOTOR_VEHICLES]
    assert len(composed[1].ids) == 1


@given(st.integers(0, 4_000_000_000_000), st.text(min_size=1, max_size=80))
def test_an_id_has_the_standards_length_and_is_always_the_same(at_ms: int, key: str) -> None:
    made = image_id(GATE, key, at_ms)
    assert re.fullmatch(r"\d{41}", made)
    assert made == image_id(GATE, key, at_ms)
    assert made != image_id(GATE, key, at_ms + 1)


def test_the_ids_of_an_observation_never_change() -> None:
    found, jpeg = row(MachineClass.CAR, MachineClass.BICYCLE)
    ids = [each.ids for each in messages(found, jpeg, device_id=GATE, bearing_deg=None, classes=ALL, pictures="images")]
    assert ids == [
        ("34020000001320000001022026112400000012351",),
        ("340200000013200000010220261124000000123510200001",),
        ("340200000013200000010220261124000000123510300002",),
    ]


def test_every_colour_has_a_code_and_none_is_unknown() -> None:
    assert set(codes.COLOURS) == set(MachineColour)
    assert codes.colour(None) == "99"
    assert len(set(codes.COLOURS.values())) == len(codes.COLOURS)


@pytest.mark.parametrize(
    ("heading", "bearing", "code"),
    [
        (0, 0, "4"),
        (0, 90, "1"),
        (180, 90, "2"),
        (90, 90, "3"),
        (350, 5, "4"),
        (45, 0, None),
        (None, 0, None),
        (0, None, None),
    ],
)
def test_a_heading_is_told_where_it_is_certain(heading: float | None, bearing: float | None, code: str | None) -> None:
    assert codes.direction(heading, bearing) == code
