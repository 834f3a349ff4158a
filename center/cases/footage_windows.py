"""Computes the cameras worth asking for footage, and the times to ask for. Pure.

The archive holds snapshots; a camera that has none of the machine may have it on its recorder. Between two sightings a
camera is worth asking if the machine could have passed it on the way; after the last and before the first if it is
near. Straight lines and the speeds of a class: a window is where to look first, and no statement about anybody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from center.access.permissions import CameraKey
from center.cases.scoring import FASTEST_MPS, SLOWEST_MPS, Anchor
from center.geometry import Position, distance_m
from provisioning.contracts.wire.messages import MachineClass

DETOUR: Final = 1.4
"""A road is longer than the straight line; in cities about this much."""
SLACK_MS: Final = 60_000
"""Slack at both ends of a window: clocks of recorders differ."""
NEAR_M: Final = 2000.0
"""Farthest camera to ask after the last and before the first sighting of a journey."""
TOGETHER_MS: Final = 2 * 3_600_000
"""Sightings farther apart in time belong to two journeys."""
MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Spot:
    """A camera with its position."""

    key: CameraKey
    place: Position


@dataclass(frozen=True, slots=True)
class FootageWindow:
    """A camera and the time to ask it for.

    `because`: row keys of the sightings next to it; an empty one is the theft.
    """

    key: CameraKey
    from_ms: int
    to_ms: int
    distance_m: float
    """Metres to the nearer sighting."""
    because: tuple[str, ...]


def worth_asking(anchors: Sequence[Anchor], spots: Iterable[Spot], cls: MachineClass) -> tuple[FootageWindow, ...]:
    """Returns the best `MOST` windows: those between sightings first, then the nearest.

    The camera of a sighting has no window next to it.
    """
    known = sorted(anchors, key=lambda each: each.at_ms)
    found: list[tuple[bool, FootageWindow]] = []
    for spot in spots:
        for one, other in pairwise(known):
            if other.at_ms - one.at_ms <= TOGETHER_MS and (window := _between(one, other, spot, cls)) is not None:
                found.append((False, window))
        for index, anchor in enumerate(known):
            ends = index + 1 == len(known) or known[index + 1].at_ms - anchor.at_ms > TOGETHER_MS
            begins = index == 0 or anchor.at_ms - known[index - 1].at_ms > TOGETHER_MS
            # Before the theft the machine was where it belongs.
            for sign, wanted in ((1, ends), (-1, begins and anchor.because != "")):
                if wanted and (window := _beside(anchor, spot, cls, sign)) is not None:
                    found.append((True, window))
    found.sort(key=lambda each: (each[0], each[1].distance_m, each[1].from_ms, each[1].key))
    return tuple(window for _, window in found[:MOST])


def _is_of(anchor: Anchor, spot: Spot) -> bool:
    return (anchor.agent_id, anchor.camera_id) == spot.key


def _between(one: Anchor, other: Anchor, spot: Spot, cls: MachineClass) -> FootageWindow | None:
    if _is_of(one, spot) or _is_of(other, spot):
        return None
    there_m, on_m = distance_m(one.place, spot.place), distance_m(spot.place, other.place)
    fastest = FASTEST_MPS[cls]
    earliest = one.at_ms + round(there_m / fastest * 1000)
    latest = other.at_ms - round(on_m / fastest * 1000)
    if earliest > latest:
        return None
    return FootageWindow(
        spot.key, earliest - SLACK_MS, latest + SLACK_MS, min(there_m, on_m), (one.because, other.because)
    )


def _beside(anchor: Anchor, spot: Spot, cls: MachineClass, sign: int) -> FootageWindow | None:
    way_m = distance_m(anchor.place, spot.place)
    if way_m > NEAR_M or _is_of(anchor, spot):
        return None
    soon = sign * round(way_m / FASTEST_MPS[cls] * 1000)
    late = sign * round(way_m * DETOUR / SLOWEST_MPS[cls] * 1000)
    begin, end = sorted((anchor.at_ms + soon, anchor.at_ms + late))
    return FootageWindow(spot.key, begin - SLACK_MS, end + SLACK_MS, way_m, (anchor.because,))
