"""Checks the coordinates of cameras: WGS 84, decimal degrees, near their site."""

import math
import re
import unicodedata
from typing import Final

from provisioning.errors import CameraListError

NEAR_KM: Final = 100.0
"""Limit of a site's size: a camera farther away is a mistake in the list."""

_DEGREES: Final = re.compile(r"[+-]?\d{1,3}(?:\.\d{0,20})?", re.ASCII)
_EARTH_KM: Final = 6371.0088  # mean radius, IUGG


def degrees(text: str) -> float | None:
    """Reads one coordinate; None for an empty cell. Full-width digits are read as digits.

    Raises:
        CameraListError: not decimal degrees.
    """
    plain = unicodedata.normalize("NFKC", text).strip().removeprefix("'").strip()
    if not plain:
        return None
    if _DEGREES.fullmatch(plain):
        return float(plain)
    if set(text) & set("°º′″度分秒") or set(plain) & set("'\""):
        raise CameraListError("degrees and minutes are not taken: write plain decimal degrees, 39.9042 for 39°54'15\"")
    if "," in plain:
        raise CameraListError("a comma stands in the number: write a point, as in 39.9042")
    raise CameraListError("this is no number of degrees: write decimal degrees without a letter, as in 39.9042 or -0.5")


def bearing(text: str) -> float | None:
    """Reads a compass direction, degrees clockwise from north; None for an empty cell. 360 is north, as 0.

    Raises:
        CameraListError: no number of degrees, or none from 0 to 360.
    """
    value = degrees(text)
    if value is not None and not 0 <= value <= 360:
        raise CameraListError("a direction is 0 to 360 degrees, clockwise from north: 90 looks east")
    return None if value is None else value % 360


def check(latitude: float, longitude: float, *, near: tuple[float, float] | None = None) -> None:
    """Checks a place, against `near` (latitude and longitude of the site, degrees) if that is known.

    Raises:
        CameraListError: out of range, at (0, 0), swapped, or over 100 km from the site.
    """
    if abs(latitude) > 90 and abs(latitude) <= 180 and abs(longitude) <= 90:
        raise CameraListError("latitude and longitude look swapped: latitude is -90 to 90 degrees")
    if abs(latitude) > 90:
        raise CameraListError("latitude is -90 to 90 degrees")
    if abs(longitude) > 180:
        raise CameraListError("longitude is -180 to 180 degrees")
    if latitude == 0 and longitude == 0:
        raise CameraListError("0, 0 is what a GPS without a fix says: give the place, or leave both empty")
    if near is None:
        return
    away_km = distance_km((latitude, longitude), near)
    if away_km <= NEAR_KM:
        return
    if abs(longitude) <= 90 and distance_km((longitude, latitude), near) <= NEAR_KM:
        raise CameraListError("latitude and longitude look swapped: the other way round the camera is at the site")
    raise CameraListError(
        f"the camera is {away_km:,.0f} km from its site, more than {NEAR_KM:.0f} km: check this place and the site's"
    )


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Returns the great-circle distance of two places (latitude, longitude in degrees), by the haversine formula."""
    (latitude, longitude), (latitude_2, longitude_2) = (tuple(map(math.radians, place)) for place in (one, other))
    half = (
        math.sin((latitude_2 - latitude) / 2) ** 2
        + math.cos(latitude) * math.cos(latitude_2) * math.sin((longitude_2 - longitude) / 2) ** 2
    )
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, half)))
