"""looks ──▶ tracker ──▶ lines crossed, zones dwelt in, lanes gone against."""

from itertools import cycle
from math import cos, pi

import pytest

from edge_agent.tracker import Tracker, TrackEvent, TrackEventKind
from provisioning.contracts.config.camera import Lane, Line, Zone
from tests.edge_agent.traffic_machines import (
    NOON_MS,
    SIZE,
    Path,
    crossings,
    events,
    follow,
    last,
    machine,
    motions,
    straight,
    times,
)
from tests.edge_agent.traffic_streets import camera

UP = Line(name="gate", start=(0.5, 1.0), end=(0.5, 0.0))
DOWN = Line(name="gate", start=(0.5, 0.0), end=(0.5, 1.0))
ACROSS = Line(name="gate", start=(0.0, 0.5), end=(1.0, 0.5))
HALF_UP = Line(name="gate", start=(0.5, 1.0), end=(0.5, 0.6))
YARD = Zone(name="yard", polygon=((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)))
EASTWARD = Lane(name="lane", polygon=((0.0, 0.3), (1.0, 0.3), (1.0, 0.7), (0.0, 0.7)), heading_deg=90)
RIGHTWARD, LEFTWARD = straight((100, 300), (100, 0)), straight((900, 300), (-100, 0))
DOWNWARD, UPWARD = straight((500, 100), (0, 60)), straight((500, 550), (0, -60))


@pytest.mark.parametrize(
    ("line", "path", "to"),
    [
        (UP, RIGHTWARD, "right"),
        (UP, LEFTWARD, "left"),
        (DOWN, RIGHTWARD, "left"),
        (DOWN, LEFTWARD, "right"),
        (ACROSS, DOWNWARD, "right"),
        (ACROSS, UPWARD, "left"),
    ],
)
@pytest.mark.parametrize("per_second", [2.0, 5.0, 10.0])
def test_a_crossing_is_told_once_with_the_side_as_a_walker_on_the_line_sees_it(
    line: Line, path: Path, to: str, per_second: float
) -> None:
    looks = follow(Tracker(camera(lines=(line,))), [path], times(7, per_second))
    assert crossings(looks) == [("gate", to)]
    assert events(looks) == [TrackEvent(TrackEventKind.CROSSED, "gate", 0)]


def test_a_crossing_between_the_first_two_looks_is_told_with_the_third() -> None:
    looks = follow(Tracker(camera(lines=(UP,))), [straight((460, 300), (100, 0))], times(2, 2.0))
    assert [bool(look.events) for look in looks] == [False, False, True, False, False]


def test_there_and_back_is_two_crossings() -> None:
    looks = follow(Tracker(camera(lines=(UP,))), [lambda s: (300 + 100 * min(s, 8 - s), 300)], times(8))
    assert crossings(looks) == [("gate", "right"), ("gate", "left")]


def test_one_that_passes_beside_the_end_of_a_line_does_not_cross_it() -> None:
    assert crossings(follow(Tracker(camera(lines=(HALF_UP,))), [RIGHTWARD], times(7))) == []
    assert crossings(follow(Tracker(camera(lines=(HALF_UP,))), [straight((100, 420), (100, 0))], times(7))) != []


def test_one_that_goes_round_the_end_does_not_cross() -> None:
    def around(s: float) -> tuple[float, float]:  # up on the left of the line, over its end, down on the right
        legs = [(460, 560), (460, 300), (540, 300), (540, 560)]
        leg = min(2, int(s / 4))
        (x0, y0), (x1, y1) = legs[leg], legs[leg + 1]
        return x0 + (x1 - x0) * (s / 4 - leg), y0 + (y1 - y0) * (s / 4 - leg)

    assert crossings(follow(Tracker(camera(lines=(HALF_UP,))), [around], times(11.8))) == []


def test_one_parked_on_a_line_never_crosses_it_however_its_box_jitters() -> None:
    jitter = cycle([(0, 0), (3, -2), (-3, 1), (2, 3), (-2, -3), (-3, 2), (3, 0)])

    def parked(_: float) -> tuple[float, float]:
        dx, dy = next(jitter)
        return 500 + dx, 300 + dy

    assert (
        crossings(follow(Tracker(camera(lines=(UP, ACROSS.model_copy(update={"name": "other"})))), [parked], times(60)))
        == []
    )


def test_a_box_that_is_cut_by_what_stands_before_it_crosses_nothing() -> None:
    tracker, told = Tracker(camera(lines=(ACROSS,), zones=(YARD,))), []
    for look in range(60):
        height = 80 if look % 10 < 5 else 50  # its lower part is hidden, and comes back
        seen = machine(500, 235 + height, width=60, height=height)
        told.append(tracker.update(NOON_MS + 200 * look, (seen,), SIZE))
    assert last(told).dwell_s == 11.8
    assert crossings(told) == []


def test_one_that_stops_with_its_wheels_on_the_line_crosses_when_it_drives_on() -> None:
    def halts(s: float) -> tuple[float, float]:
        return 500, 121 + 91 * min(s, 2) + 20 * max(0, s - 6) ** 2  # 3 px past the line, from 2 s to 6 s

    looks = follow(Tracker(camera(lines=(ACROSS,))), [halts], times(8))
    (index,) = [index for index, look in enumerate(looks) if look.events]
    assert 6 < index / 5 < 7


def test_the_lorry_crosses_with_its_wheels() -> None:
    tracker = Tracker(camera(lines=(ACROSS,)))
    lorries = [machine(500, 200 + 10 * look, height=180, width=150) for look in range(20)]
    told = [tracker.update(NOON_MS + 200 * look, (lorry,), SIZE) for look, lorry in enumerate(lorries)]
    (index,) = [index for index, tracked in enumerate(told) if tracked.events]
    assert 300 < told[index].machines[0].box.y1 <= 330
    assert told[index].machines[0].box.y0 < 300


def test_several_lines_in_one_look_are_all_told() -> None:
    lines = tuple(Line(name=f"l{n}", start=(0.4 + n / 50, 1), end=(0.4 + n / 50, 0)) for n in range(3))
    looks = follow(Tracker(camera(lines=lines)), [straight((100, 300), (200, 0))], times(4, 2.0))
    assert sorted(crossings(looks)) == [("l0", "right"), ("l1", "right"), ("l2", "right")]


def test_dwell_in_a_zone_begins_when_the_wheels_are_in_it_and_ends_when_they_leave() -> None:
    def visit(s: float) -> tuple[float, float]:  # arrives at 4 s, drives off at 16 s
        return 100 + 100 * min(s, 4) + 30 * max(0, s - 16) ** 2, 300

    looks = follow(Tracker(camera(zones=(YARD,))), [visit], times(20))
    within = [motion.zones.get("yard") for motion in motions(looks) if motion]
    spent = [seconds for seconds in within if seconds is not None]
    assert spent == sorted(spent)
    assert 14.5 <= spent[-1] <= 15.5  # from 3.1 s, 10 px past the edge, to 17.9 s
    assert within[0] is None
    assert within[-1] is None


def test_one_parked_on_the_edge_of_a_zone_stays_on_one_side_of_it() -> None:
    jitter = cycle([0, 4, -4, 3, -3, 2, -2])
    looks = follow(Tracker(camera(zones=(YARD,))), [lambda _: (400 + next(jitter), 300)], times(60))
    assert len({"yard" in motion.zones for motion in motions(looks)[2:] if motion}) == 1


def test_the_wrong_way_is_told_after_a_second_and_its_event_once() -> None:
    looks = follow(Tracker(camera(lanes=(EASTWARD,))), [LEFTWARD], times(6))
    told = [motion.wrong_way for motion in motions(looks) if motion]
    assert told[:5] == [()] * 5  # known since 0.4 s, at 5 looks a second
    assert told[5:] == [("lane",)] * len(told[5:])
    assert events(looks) == [TrackEvent(TrackEventKind.WRONG_WAY, "lane", 0)]


@pytest.mark.parametrize(
    "path",
    [
        RIGHTWARD,
        straight((900, 100), (-100, 0)),  # outside the lane
        straight((300, 250), (60, 15)),  # across, within the tolerance
        straight((500, 300), (-10, 0)),  # rolls back at a crawl
        straight((500, 300), (0, 0)),
    ],
)
def test_no_other_way_is_the_wrong_one(path: Path) -> None:
    looks = follow(Tracker(camera(lanes=(EASTWARD,))), [path], times(5))
    assert all(not motion.wrong_way for motion in motions(looks) if motion)


def test_the_tolerance_of_a_lane_counts() -> None:
    strict = EASTWARD.model_copy(update={"tolerance_deg": 30.0})
    across = straight((300, 250), (40, 40))  # 45 degrees off
    assert last(follow(Tracker(camera(lanes=(strict,))), [across], times(3))).wrong_way == ("lane",)
    assert last(follow(Tracker(camera(lanes=(EASTWARD,))), [across], times(3))).wrong_way == ()


def test_the_wrong_way_is_not_told_at_a_look_a_second() -> None:
    looks = follow(Tracker(camera(lanes=(EASTWARD,))), [straight((900, 300), (-60, 0))], times(12, 1.0))
    assert last(looks).heading_deg == 270
    assert events(looks) == []


def test_one_that_turns_round_is_told_no_longer_and_not_again_within_a_minute() -> None:
    def swing(s: float) -> tuple[float, float]:  # 5 s one way, 5 s the other
        return 500 + 200 * cos(s * pi / 5), 300

    looks = follow(Tracker(camera(lanes=(EASTWARD,))), [swing], times(15))
    told = [bool(motion.wrong_way) for motion in motions(looks) if motion]
    assert told[15]
    assert not any(told[35:45])
    assert told[-1]
    assert len(events(looks)) == 1


def test_a_crossing_that_nobody_was_told_of_is_said_again_until_somebody_is_and_its_event_comes_once() -> None:
    tracker = Tracker(camera(lines=(UP,)))
    looks = [
        tracker.update(NOON_MS + round(s * 1000), (machine(*RIGHTWARD(s)),), SIZE, is_reported=s == 6.0)
        for s in times(7, 2.0)
    ]
    said = [bool(look.machines[0].motion and look.machines[0].motion.crossed) for look in looks]
    first = said.index(True)
    assert first < 11
    assert said == [False] * first + [True] * (13 - first) + [False] * 2
    assert events(looks) == [TrackEvent(TrackEventKind.CROSSED, "gate", 0)]


def test_what_the_last_look_said_can_be_told_afterwards() -> None:
    tracker = Tracker(camera(lines=(UP,)))
    for s in times(7, 2.0):
        look = tracker.update(NOON_MS + round(s * 1000), (machine(*RIGHTWARD(s)),), SIZE, is_reported=False)
        if look.events:
            tracker.mark_reported()
        motion = look.machines[0].motion
        assert bool(motion and motion.crossed) == bool(look.events)
