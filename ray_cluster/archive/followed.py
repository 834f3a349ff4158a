"""Matches the parser's machines to those that the edge tracked in the same picture. Pure.

The boxes come from two detectors, one before and one after the picture was covered, so they are similar, not equal.
A pair shares at least `MIN_OVERLAP` of its union and is of one kind, two-wheeler or vehicle; best pairs first, each
machine in one pair at most. A machine without a pair has no known motion.
"""

from collections.abc import Sequence
from typing import Final

from provisioning.contracts.wire.messages import Box, Machine, Motion

MIN_OVERLAP: Final = 0.4


def motions(machines: Sequence[Machine], followed: Sequence[Machine]) -> list[Motion | None]:
    """Return the motion of each of `machines`, which may have its own already."""
    found = [machine.motion for machine in machines]
    pairs = sorted(
        (
            (-overlap, mine, theirs)
            for mine, machine in enumerate(machines)
            for theirs, other in enumerate(followed)
            if machine.cls.is_two_wheeler == other.cls.is_two_wheeler
            and (overlap := _overlap(machine.box, other.box)) >= MIN_OVERLAP
        ),
    )
    taken: set[int] = set()
    for _, mine, theirs in pairs:
        if found[mine] is None and theirs not in taken:
            found[mine] = followed[theirs].motion
            taken.add(theirs)
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
