"""Matches the machines of a look with tracks: by place, size and group alone.

The cheapest pair first, not the cheapest sum of pairs: on the simulated streets the optimal assignment (Hungarian)
changed recall and precision by 1.4 points at most, either way, and would be forty lines or a dependency.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.tracker.boxes import Floats, centres_of, overlaps, sizes_of
from edge_agent.tracker.timed_box import SeenMachine
from edge_agent.tracker.track import Track

CLEAR_S: Final = 0.75
"""Seconds between looks beyond which they say nothing of the direction of a stream.

At one a second e-bikes 5 m apart seem to roll backwards, as wheels do in films (one heading in seven at a simulated
junction).
"""
MAX_GAP_S: Final = 1.3
"""Seconds until which a moving machine is matched again: at 10 m/s a car is two others' places away."""
NEAR: Final = 0.35
"""Own sizes by which a machine may be off the place where it is expected …"""
ACCELERATES: Final = 0.5
"""… and that grow with half of this times seconds squared, and with a share of its way:"""
UNSTEADY: Final = 0.3
LOST_MS: Final = 450
"""A machine missed in more than one look (and this long) may not be off by much.

Every second one that was found farther away was another machine.
"""
LOST_ACCELERATES: Final = 0.1
LOST_UNSTEADY: Final = 0.15
LARGER: Final = 1.9
"""A box may grow or shrink by this factor from look to look: half of it may be hidden."""
OVERLAPS: Final = 0.3
"""Intersection over union with the expected box from which a doubtful machine may continue a track.

Scores flicker, places do not (ByteTrack, Zhang et al. 2022).
"""
SAME_PLACE: Final = 0.7
"""The same for a machine that stood, after a long time. A parked van overlapped itself by .9 at least after 30 s."""
SAME_MACHINE: Final = 0.5
"""The same for a machine whose group changes between vehicle and two-wheeler."""

Pairs = list[tuple[int, int]]


def matched(tracks: Sequence[Track], seen: Sequence[SeenMachine], at_ms: int, before_ms: int) -> Pairs:
    """Return pairs of (track, machine) indices. `before_ms`: time of the look before."""
    if not tracks or not seen:
        return []
    gap_s = np.array([(at_ms - track.last.at_ms) / 1000 for track in tracks])
    stands = np.array([track.stands for track in tracks])
    late = gap_s > np.where(stands, CLEAR_S, MAX_GAP_S)
    boxes = np.array([s.mark[1:5] for s in seen])
    expected = np.array([track.expected(at_ms) for track in tracks])
    travel = np.linalg.norm(centres_of(expected) - np.array([track.last.centre for track in tracks]), axis=1)
    sizes, seen_sizes = sizes_of(expected)[:, None], sizes_of(boxes)[None]
    growth = np.abs(np.log(sizes / seen_sizes))
    off = np.linalg.norm(centres_of(expected)[:, None] - centres_of(boxes)[None], axis=2)
    overlap = overlaps(expected, boxes)
    lost = gap_s * 1000 > max(at_ms - before_ms, LOST_MS)
    gate = sizes * (NEAR + np.where(lost, LOST_ACCELERATES, ACCELERATES) * gap_s**2)[:, None]
    gate += (np.where(lost, LOST_UNSTEADY, UNSTEADY) * travel)[:, None]

    possible = np.where(late[:, None], stands[:, None] & (overlap >= SAME_PLACE), off <= gate)
    possible &= growth <= np.log(LARGER)
    group = np.array([track.two_wheeler for track in tracks])[:, None] == np.array([s.two_wheeler for s in seen])[None]
    certain = np.array([s.certain for s in seen])[None]
    cost = off / gate + growth / 2
    pairs: Pairs = []
    for stage in (
        possible & group & certain & ~lost[:, None],
        possible & group & certain,
        possible & group & (overlap >= OVERLAPS),
        possible & (overlap >= SAME_MACHINE),
    ):
        _take(pairs, stage, cost)
    return pairs


def _take(pairs: Pairs, allowed: NDArray[np.bool_], cost: Floats) -> None:
    """Add allowed pairs, the cheapest first, whose track and machine are in none yet."""
    tracks, machines = {t for t, _ in pairs}, {m for _, m in pairs}
    rows, columns = np.nonzero(allowed)
    for k in np.argsort(cost[rows, columns], kind="stable"):
        row, column = int(rows[k]), int(columns[k])
        if row not in tracks and column not in machines:
            tracks.add(row)
            machines.add(column)
            pairs.append((row, column))
