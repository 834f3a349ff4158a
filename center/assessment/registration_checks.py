"""Checks that a camera's longitude and latitude can be true. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from center.access.permissions import CameraKey
from center.assessment import outline
from center.assessment.outline import Point
from center.assessment.profiles import Profile
from center.assessment.settings import Settings

_DIGITS: Final = 5
"""Decimals of a degree to which places are compared: a metre."""


def faults(
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
        profile.key: _fault(
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


def _fault(profile: Profile, ring: Sequence[Point], settings: Settings, *, is_shared: bool) -> str | None:
    if profile.latitude is None or profile.longitude is None:
        return "place_missing" if profile.is_registered else None
    place = profile.longitude, profile.latitude
    swapped = profile.latitude, profile.longitude
    if place == (0, 0):
        return "place_zero"
    if not _is_plausible(place, settings):
        return "place_swapped" if _is_plausible(swapped, settings) else "place_implausible"
    if ring and not outline.holds(ring, place):
        return "place_swapped" if outline.holds(ring, swapped) else "place_outside_district"
    return "place_duplicate" if is_shared else ""


def _is_plausible(place: Point, settings: Settings) -> bool:
    longitude, latitude = place
    return (
        settings.longitude_from <= longitude <= settings.longitude_to
        and settings.latitude_from <= latitude <= settings.latitude_to
    )
