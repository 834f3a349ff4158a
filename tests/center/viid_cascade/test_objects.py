"""The boundary of what goes up by GA/T 1400: no type has a place for a person, a face, a rider or a plate."""

import inspect
import types
import typing

import pytest
from pydantic import BaseModel, ValidationError

from center.viid_cascade import composing, objects
from center.viid_cascade.objects import ImageMessage, MotorVehicleMessage, NonMotorVehicleMessage, ViidObject

FORBIDDEN = (
    "person", "people", "face", "plate", "driver", "passenger", "rider", "belt", "sunvisor", "calling", "gender",
    "age", "ethic", "nation", "hair", "cloth", "bag", "umbrella", "mask", "glass", "hat", "cap", "identity", "idnumber",
    "name", "track", "feature", "vector", "text", "title", "description", "remark", "relate", "owner", "phone", "cycl",
)  # fmt: skip
"""Stems that stand for a person, what a person wears or says, a plate, or a text in which any of it could stand."""
INNOCENT = frozenset({"SubImageList", "SubImageInfoObject", "ImageID", "ImageInfo", "Image", "ImageListObject"})
"""They have the letters of *age* in them."""
SENT = {
    "AppearTime", "Data", "DeviceID", "Direction", "EventSort", "FileFormat", "FileSize", "Height", "Image", "ImageID",
    "ImageInfo", "ImageListObject", "InfoKind", "KeepaliveObject", "LeftTopX", "LeftTopY", "MarkTime", "MotorVehicleID",
    "MotorVehicleListObject", "MotorVehicleObject", "NonMotorVehicleID", "NonMotorVehicleListObject",
    "NonMotorVehicleObject", "PassTime", "RegisterObject", "RightBtmX", "RightBtmY", "ShotTime", "SourceID",
    "SubImageInfoObject", "SubImageList", "Type", "UnRegisterObject", "VehicleClass", "VehicleColor", "Width",
}  # fmt: skip
"""Every name that can be sent. A new one is added here by a person who has read docs/boundary.md."""


def models() -> list[type[BaseModel]]:
    return [
        each
        for each in vars(objects).values()
        if inspect.isclass(each) and issubclass(each, BaseModel) and each is not BaseModel
    ]


def names() -> set[str]:
    return {field.alias or "" for model in models() for field in model.model_fields.values()}


def test_only_listed_names_can_be_sent() -> None:
    assert names() == SENT


def test_no_name_has_a_forbidden_stem() -> None:
    own = {name for model in models() for name in model.model_fields}
    found = {
        name
        for name in (names() - INNOCENT) | {each.replace("image", "") for each in own}
        if any(stem in name.lower() for stem in FORBIDDEN)
    }
    assert found == set()


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_type_is_closed_frozen_and_named_by_the_standard(model: type[BaseModel]) -> None:
    assert issubclass(model, ViidObject)
    assert model.model_config["extra"] == "forbid"
    assert model.model_config["frozen"]
    assert all(field.alias for field in model.model_fields.values())


def test_a_text_can_be_nothing_but_digits_codes_and_the_picture() -> None:
    free = {
        field.alias
        for model in models()
        for field in model.model_fields.values()
        if str in _parts(field.annotation) and not any(hasattr(each, "pattern") for each in field.metadata)
    }
    assert free == {"Data"}


def _parts(annotation: object) -> set[object]:
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        return set(typing.get_args(annotation))
    return {annotation}


@pytest.mark.parametrize("name", ["PlateNo", "HasPlate", "PlateColor", "SafetyBelt", "Calling", "Sunvisor", "FaceList"])
@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_a_field_that_is_not_there_cannot_be_given(model: type[BaseModel], name: str) -> None:
    with pytest.raises(ValidationError, match="extra_forbidden"):
        model.model_validate({name: "1"})


def test_only_three_lists_are_ever_composed() -> None:
    assert set(composing.PATHS.values()) == {"/VIID/Images", "/VIID/MotorVehicles", "/VIID/NonMotorVehicles"}
    assert {ImageMessage, MotorVehicleMessage, NonMotorVehicleMessage} <= set(models())
