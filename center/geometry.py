"""Positions on the earth, and how far apart two are. Pure."""

import math
from dataclasses import dataclass
from typing import Final

EARTH_M: Final = 6_371_000.0


@dataclass(frozen=True, slots=True)
class Position:
    """A position in degrees of WGS 84."""

    latitude: float
    longitude: float

    @property
    def is_on_earth(self) -> bool:
        """True if the degrees are a place at all: swapped ones often are none."""
        return abs(self.latitude) <= 90 and abs(self.longitude) <= 180


def distance_m(one: Position, other: Position) -> float:
    """Measures along the great circle (haversine), in metres; the caller allows for the detours of roads."""
    lat1, lat2 = math.radians(one.latitude), math.radians(other.latitude)
    lat, lon = lat2 - lat1, math.radians(other.longitude - one.longitude)
    half = math.sin(lat / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(lon / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(min(1.0, half)))
