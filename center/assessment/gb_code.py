"""Checks the GB/T 28181 codes of a fleet. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from center.access.permissions import CameraKey
from center.assessment.profiles import Profile
from provisioning.contracts.gb_code import CAMERA_TYPES, LENGTH, PROVINCES


def faults(profiles: Iterable[Profile], regions: Mapping[str, str]) -> dict[CameraKey, str | None]:
    """Returns the fault of each camera's code, in one word: empty if there is none, None if it cannot be known.

    Args:
        profiles: all of the fleet, since a code must be unique in it.
        regions: the digits that a district's codes begin with, by district.
    """
    listed = list(profiles)
    users: defaultdict[str, int] = defaultdict(int)
    for profile in listed:
        users[profile.gb_code] += 1
    return {profile.key: _fault(profile, regions, is_shared=users[profile.gb_code] > 1) for profile in listed}


def _fault(profile: Profile, regions: Mapping[str, str], *, is_shared: bool) -> str | None:
    code = profile.gb_code
    if not code:
        return "code_missing" if profile.is_registered else None
    wrong = structure_fault(code)
    if wrong:
        return wrong
    if is_shared:
        return "code_duplicate"
    region = regions.get(profile.district, "")
    return "" if code.startswith(region) else "code_other_region"


def structure_fault(code: str) -> str:
    """Returns the fault of the digits themselves, empty if there is none."""
    if len(code) != LENGTH or not (code.isascii() and code.isdigit()):
        return "code_not_20_digits"
    if code[:2] not in PROVINCES:
        return "code_no_such_province"
    if code[10:13] not in CAMERA_TYPES:
        return "code_not_a_camera"
    return ""
