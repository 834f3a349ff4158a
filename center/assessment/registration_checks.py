"""Checks that a camera's place can be true, and its GB/T 28181 code. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from center import polygons
from center.access.permissions import CameraKey
from center.assessment.profiles import Profile
from center.assessment.settings import Settings
from center.polygons import Point
from provisioning.contracts.gb_code import CAMERA_TYPES, LENGTH, PROVINCES

_DIGITS: Final = 5
"""Decimals of a degree to which places are compared: a metre."""


def place_faults(
    profiles: Iterable[Profile], outlines: Mapping[str, Sequence[Point]], settings: Settings
) -> dict[CameraKey, str | None]:
    """Returns the fault of each camera's place, in one word: empty if there is none, None if it cannot be known.

    Args:
        profiles: all of the fleet, since a place may not be copied from another camera.
        outlines: of the districts that have one.
        settings: plausible coordinates, and the number of cameras that may stand at one place.
    """
    listed = list(profiles)
    shared = Counter(_metre(profile) for profile in listed)
    return {
        profile.key: _place_fault(
            profile,
            outlines.get(profile.district, ()),
            settings,
            is_shared=shared[_metre(profile)] > settings.cameras_a_place,
        )
        for profile in listed
    }


def _metre(profile: Profile) -> tuple[float, float] | None:
    if profile.latitude is None or profile.longitude is None:
        return None
    return round(profile.latitude, _DIGITS), round(profile.longitude, _DIGITS)


def _place_fault(profile: Profile, ring: Sequence[Point], settings: Settings, *, is_shared: bool) -> str | None:
    if profile.latitude is None or profile.longitude is None:
        return "place_missing" if profile.is_registered else None
    place = profile.longitude, profile.latitude
    swapped = profile.latitude, profile.longitude
    if place == (0, 0):
        return "place_zero"
    if not _is_plausible(place, settings):
        return "place_swapped" if _is_plausible(swapped, settings) else "place_implausible"
    if ring and not polygons.outline_holds(ring, place):
        return "place_swapped" if polygons.outline_holds(ring, swapped) else "place_outside_district"
    return "place_duplicate" if is_shared else ""


def _is_plausible(place: Point, settings: Settings) -> bool:
    longitude, latitude = place
    return (
        settings.longitude_from <= longitude <= settings.longitude_to
        and settings.latitude_from <= latitude <= settings.latitude_to
    )


def code_faults(profiles: Iterable[Profile], regions: Mapping[str, str]) -> dict[CameraKey, str | None]:
    """Returns the fault of each camera's code, in one word: empty if there is none, None if it cannot be known.

    Args:
        profiles: all of the fleet, since a code must be unique in it.
        regions: the digits that a district's codes begin with, by district.
    """
    listed = list(profiles)
    users = Counter(profile.gb_code for profile in listed)
    return {profile.key: _code_fault(profile, regions, is_shared=users[profile.gb_code] > 1) for profile in listed}


def _code_fault(profile: Profile, regions: Mapping[str, str], *, is_shared: bool) -> str | None:
    code = profile.gb_code
    if not code:
        return "code_missing" if profile.is_registered else None
    wrong = _structure_fault(code)
    if wrong:
        return wrong
    if is_shared:
        return "code_duplicate"
    region = regions.get(profile.district, "")
    return "" if code.startswith(region) else "code_other_region"


def _structure_fault(code: str) -> str:
    """Returns the fault of the digits themselves, empty if there is none."""
    if len(code) != LENGTH or not (code.isascii() and code.isdigit()):
        return "code_not_20_digits"
    if code[:2] not in PROVINCES:
        return "code_no_such_province"
    if code[10:13] not in CAMERA_TYPES:
        return "code_not_a_camera"
    return ""
