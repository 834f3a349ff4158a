"""Places and codes: what is wrong, in one word, and nothing where nobody can know."""

from dataclasses import replace

import pytest

from center.assessment.profiles import Profile
from center.assessment.registration_checks import code_faults, place_faults
from center.assessment.settings import Settings

SQUARE = ((120.0, 30.0), (120.1, 30.0), (120.1, 30.1), (120.0, 30.1))
CODE = "33010601001320000001"
CAMERA = Profile(
    agent_id="cabinet-7",
    camera_id="cam-1",
    name="",
    district="West",
    is_registered=True,
    gb_code=CODE,
    latitude=30.05,
    longitude=120.05,
    first_hour=0,
    left_hour=None,
)


def placed(*profiles: Profile, settings: Settings | None = None) -> list[str | None]:
    return list(place_faults(profiles, {"West": SQUARE}, settings or Settings()).values())


def coded(*profiles: Profile) -> list[str | None]:
    return list(code_faults(profiles, {"West": "330106"}).values())


@pytest.mark.parametrize(
    ("longitude", "latitude", "fault"),
    [
        (120.05, 30.05, ""),
        (120.0, 30.0, ""),
        (30.05, 120.05, "place_swapped"),
        (0.0, 0.0, "place_zero"),
        (-30.0, 40.0, "place_implausible"),
        (179.9, -80.0, "place_implausible"),
        (120.2, 30.05, "place_outside_district"),
        (None, None, "place_missing"),
    ],
)
def test_a_place_is_right_or_wrong_in_one_word(longitude: float | None, latitude: float | None, fault: str) -> None:
    assert placed(replace(CAMERA, longitude=longitude, latitude=latitude)) == [fault]


def test_two_that_are_swapped_within_what_is_plausible_are_told_by_the_outline() -> None:
    square = ((80.0, 50.0), (80.1, 50.0), (80.1, 50.1), (80.0, 50.1))
    wide = Settings(latitude_from=-90, latitude_to=90, longitude_from=-180, longitude_to=180)
    swapped = replace(CAMERA, longitude=50.05, latitude=80.05)
    assert place_faults([swapped], {"West": square}, wide) == {CAMERA.key: "place_swapped"}


def test_a_copied_place_accuses_both_and_a_mast_of_two_can_be_allowed() -> None:
    twin = replace(CAMERA, camera_id="cam-2")
    near = replace(CAMERA, camera_id="cam-3", latitude=30.0503)
    assert placed(CAMERA, twin, near) == ["place_duplicate", "place_duplicate", ""]
    assert placed(CAMERA, twin, settings=Settings(cameras_a_place=2)) == ["", ""]


def test_of_whom_the_office_has_nothing_nothing_can_be_wrong() -> None:
    stranger = replace(CAMERA, is_registered=False, district="", gb_code="", latitude=None, longitude=None)
    assert placed(stranger, replace(stranger, camera_id="cam-2")) == [None, None]
    assert coded(stranger, replace(stranger, camera_id="cam-2")) == [None, None]


def test_without_an_outline_or_a_region_they_are_not_held_against_anybody() -> None:
    elsewhere = replace(CAMERA, district="East", longitude=100.0, gb_code="11010101001320000001")
    assert placed(elsewhere) == [""]
    assert coded(elsewhere) == [""]


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (CODE, ""),
        ("", "code_missing"),
        (CODE[:19], "code_not_20_digits"),
        (CODE + "1", "code_not_20_digits"),
        ("3301060100132000000x", "code_not_20_digits"),
        ("３３０１０６０１００１３２０００００１２"[:20], "code_not_20_digits"),
        ("99010601001320000001", "code_no_such_province"),
        ("33010601001180000001", "code_not_a_camera"),
        ("33010601001310000001", ""),
        ("33010701001320000001", "code_other_region"),
        ("'; DROP TABLE users;", "code_not_20_digits"),
    ],
)
def test_a_code_is_right_or_wrong_in_one_word(code: str, fault: str) -> None:
    assert coded(replace(CAMERA, gb_code=code)) == [fault]


def test_a_code_that_two_have_accuses_both() -> None:
    assert coded(CAMERA, replace(CAMERA, agent_id="cabinet-8")) == ["code_duplicate", "code_duplicate"]
