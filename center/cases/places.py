"""Where a camera is, and how far apart two are."""

import math
from dataclasses import dataclass
from typing import Final

EARTH_M: Final = 6_371_000.0


@dataclass(frozen=True, slots=True)
class Place:
    """WGS 84, degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Anchor:
    """The machine was here then: the theft, or a sighting that somebody confirmed."""

    at_ms: int
    place: Place
    because: str = ""
    """Row key of the sighting; empty: the theft."""
    agent_id: str = ""
    camera_id: str = ""


def distance_m(one: Place, other: Place) -> float:
    """Along the great circle (haversine): what a road is longer is for the caller to allow."""
    lat1, lat2 = math.radians(one.latitude), math.radians(other.latitude)
    lat, lon = lat2 - lat1, math.radians(other.longitude - one.longitude)
    half = math.sin(lat / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(lon / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(min(1.0, half)))
