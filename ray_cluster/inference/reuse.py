"""Decides whether the edge's machines stand for a detection of the parser, and compares the two.

The edge sees the raw picture, the parser the covered one, in which half of a two-wheeler may be paint. So a machine of
the edge counts only if at least half of it is visible, and is confirmed by a detection of half the usual score; a
machine of the parser counts only at the usual score, and may be any that the edge reported. Of an honest agent 9 of 52
differed so on real traffic (`python -m bench.cluster.reuse`); of one that invents all machines, or hides all, all do.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

import numpy as np

from engines.embedding.crops import Mask
from engines.manifest import Group
from provisioning.contracts.wire.messages import Machine
from ray_cluster.inference.assignment import MACHINES
from ray_cluster.inference.matching import pairs
from ray_cluster.inference.picture import Comparison, Reported

CONFIRMING: Final = 0.5
"""Share of a threshold from which a detection in the covered picture confirms a machine of the raw one."""
MOST_COVERED: Final = 0.5
"""Covered share of a machine's box from which the covered picture says nothing of it."""
_DIGITS: Final = 4
"""Decimals of a score in an envelope."""


def comparable(
    reported: Reported | None, precisions: AbstractSet[str], thresholds: Mapping[Group, float]
) -> tuple[Machine, ...] | None:
    """Return the edge's machines from these thresholds on; None unless this network found them, and all of them.

    `precisions`: hashes of the network's files, in float32 and in eight bits.

    They come without their motion, which no detection of a single picture knows.
    """
    if reported is None or reported.detector.sha256 not in precisions:
        return None
    least = {group: round(thresholds[group], _DIGITS) for group in MACHINES if group in thresholds}
    if any(reported.detector.threshold > threshold for threshold in least.values()):
        return None
    return tuple(
        machine.model_copy(update={"motion": None})
        for machine in reported.machines
        if machine.score >= least.get(_group(machine), 1.0)
    )


def compare(
    reported: Sequence[Machine], certain: Sequence[Machine], doubtful: Sequence[Machine], covered: Mask
) -> Comparison:
    """Compare the edge's machines with what a detection finds in the covered picture."""
    matched = dict(pairs(reported, (*certain, *doubtful)))
    visible = {index for index, machine in enumerate(reported) if _is_visible(machine, covered)}
    known = {other for other in matched.values() if other < len(certain)}
    under_cover = {matched[index] for index in matched if index not in visible} & known
    return Comparison(
        machines=len(visible) + len(certain) - len(under_cover),
        differing=len(visible - matched.keys()) + len(certain) - len(known),
    )


def _group(machine: Machine) -> Group:
    return "two_wheeler" if machine.cls.is_two_wheeler else "vehicle"


def _is_visible(machine: Machine, covered: Mask) -> bool:
    box = machine.box
    return float(np.mean(covered[box.y0 : box.y1, box.x0 : box.x1])) < MOST_COVERED
