"""Begins tracks: with three places that make one steady way, if no other three do.

Two places would do at ten looks a second. At one or two, a car is beside its neighbour's old place by the next look,
and the nearest box is the wrong one. Where two machines are possible no track is begun.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.tracker.association import CLEAR_S, LARGER, MAX_GAP_S, NEAR, SAME_PLACE
from edge_agent.tracker.boxes import Floats, centres_of, overlaps, sizes_of
from edge_agent.tracker.timed_box import SeenMachine

POOL: Final = 64
"""Most machines of one look that no track took and that are searched; those with the highest score."""
MAX_WAYS: Final = 512
REACH: Final = 5.0
"""Own sizes a second: a car from the side at 50 km/h, an e-bike at 25."""
STEADY: Final = 0.3
"""Own sizes by which the third place may be off the way of the first two …"""
ACCELERATES: Final = 0.5
"""… with the square of the seconds on top …"""
STEADY_MOST: Final = 1.0
"""… and never more than this."""
SKIPS: Final = 3.1
"""The second step may take this many times as long as the first: one look, at no steady rate, may miss it."""
RIVAL: Final = 2.0
RIVAL_MORE: Final = 0.3
"""Another way is a rival if it is at most twice as far off, and this."""
SAME_WAY: Final = 0.5
"""Own sizes: two ways that lead from this near to the same place are one."""

Ways = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]


def begun(loose: Sequence[SeenMachine], seen: Sequence[SeenMachine]) -> list[tuple[int, int, int]]:
    """Return (first, second, now): indices into loose, loose and seen; loose ones are older than seen ones."""
    if len(loose) < 2 or not seen:
        return []
    places = np.array([s.mark[1:5] for s in (*loose, *seen)])
    at_s = np.array([s.mark.at_ms / 1000 for s in (*loose, *seen)])
    wheels = np.array([s.two_wheeler for s in (*loose, *seen)])
    (first, second, now), cost = _ways(places, at_s, wheels, len(loose))
    order = np.argsort(cost, kind="stable")
    limit = cost[order[MAX_WAYS]] if len(order) > MAX_WAYS else np.inf
    order = order[:MAX_WAYS]
    first, second, now, cost = first[order], second[order], now[order], cost[order]
    step_s = (at_s[now] - at_s[second])[:, None]
    centres, sizes = centres_of(places), sizes_of(places)
    velocity = (centres[now] - centres[second]) / step_s / sizes[second][:, None]
    free = np.ones(len(cost), bool)
    found: list[tuple[int, int, int]] = []
    for k in range(len(cost)):
        bound = RIVAL * cost[k] + RIVAL_MORE
        if not free[k] or bound > limit:
            continue
        mine = (first[k], second[k], now[k])
        shares = free & (np.isin(first, mine) | np.isin(second, mine) | (now == now[k]))
        other = np.linalg.norm(velocity - velocity[k], axis=1) * step_s[:, 0] > SAME_WAY
        if not (shares & other & (cost <= bound)).any():
            free &= ~shares
            found.append((int(first[k]), int(second[k]), int(now[k]) - len(loose)))
    return found


def _ways(places: Floats, at_s: Floats, wheels: NDArray[np.bool_], loose: int) -> tuple[Ways, Floats]:
    """Return every three that may be one machine, and how far off a steady way they are, 0 to 1 and a little."""
    centres, sizes = centres_of(places), sizes_of(places)
    growth = np.abs(np.log(sizes[:, None] / sizes[None]))
    alike = (growth <= np.log(LARGER)) & (wheels[:, None] == wheels[None])
    step_s = at_s[None] - at_s[:, None]
    reach = np.sqrt(sizes[:, None] * sizes[None]) * (STEADY + REACH * np.maximum(step_s, 0))
    same_place = overlaps(places, places) >= SAME_PLACE
    near = np.linalg.norm(centres[:, None] - centres[None], axis=2) <= reach
    step = alike & (step_s > 0) & np.where(step_s > MAX_GAP_S, same_place, near)
    first, second = np.nonzero(step[:loose, :loose])
    pair, now = np.nonzero(step[second][:, loose:])
    first, second, now = first[pair], second[pair], now + loose
    one_s, two_s = step_s[first, second], step_s[second, now]
    keep = two_s <= SKIPS * one_s
    first, second, now, one_s, two_s = first[keep], second[keep], now[keep], one_s[keep], two_s[keep]
    ahead = two_s / one_s
    longest = np.maximum(one_s, two_s)
    alone = _alone(alike & near & (step_s > 0), at_s)
    late = (np.minimum(one_s, two_s) > CLEAR_S) & ~(alone[first, second] & alone[second, now])
    late |= longest > MAX_GAP_S  # then it stands, or it is another machine
    went = (centres[second] - centres[first]) * (ahead * ~late)[:, None]
    off = np.linalg.norm(centres[second] + went - centres[now], axis=1)
    room = np.minimum(STEADY * (1 + ahead) / 2 + ACCELERATES * longest**2, STEADY_MOST)
    room = np.sqrt(sizes[first] * sizes[second]) * np.where(late, NEAR, room)
    fits = (off <= room) & (~late | (same_place[first, second] & same_place[second, now]))
    cost = off / room + (growth[first, second] + growth[second, now]) / 2 + 0.1 * np.maximum(ahead - 1, 0)
    return (first[fits], second[fits], now[fits]), cost[fits]


def _alone(near: NDArray[np.bool_], at_s: Floats) -> NDArray[np.bool_]:
    """Select steps without another from the same place to that look, and without one to the same place from this."""
    alone = near.copy()
    for look_s in np.unique(at_s):
        then = at_s == look_s
        alone[:, then] &= near[:, then].sum(axis=1, keepdims=True) == 1
        alone[then] &= near[then].sum(axis=0, keepdims=True) == 1
    return alone
