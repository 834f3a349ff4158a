"""Matches machines of two detections in one picture. Pure.

A pair shares at least `MIN_OVERLAP` of its union and is of one kind, two-wheeler or vehicle; best pairs first, each
machine in one pair at most.
"""

from collections.abc import Sequence
from typing import Final

from provisioning.contracts.wire.messages import Box, Machine

MIN_OVERLAP: Final = 0.4


def pairs(machines: Sequence[Machine], others: Sequence[Machine]) -> list[tuple[int, int]]:
    """Return the pairs by their indexes in `machines` and `others`."""
    near = sorted(
        (-overlap, mine, theirs)
        for mine, machine in enumerate(machines)
        for theirs, other in enumerate(others)
        if machine.cls.is_two_wheeler == other.cls.is_two_wheeler
        and (overlap := _overlap(machine.box, other.box)) >= MIN_OVERLAP
    )
    found: list[tuple[int, int]] = []
    taken: tuple[set[int], set[int]] = (set(), set())
    for _, mine, theirs in near:
        if mine not in taken[0] and theirs not in taken[1]:
            found.append((mine, theirs))
            taken[0].add(mine)
            taken[1].add(theirs)
    return found


def _overlap(one: Box, other: Box) -> float:
    """Return the intersection over union of two boxes."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / (_area(one) + _area(other) - common)


def _area(box: Box) -> int:
    return (box.x1 - box.x0) * (box.y1 - box.y0)
