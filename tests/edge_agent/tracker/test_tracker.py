"""looks of one camera ──▶ tracker ──▶ which way each machine goes, and how long it is there."""

from math import cos, radians, sin

import pytest

from edge_agent.tracker import Tracker
from edge_agent.tracker.geometry import turn_deg
from provisioning.contracts.wire.messages import Machine, MachineClass
from tests.edge_agent.traffic_machines import (
    HEIGHT,
    NOON_MS,
    SIZE,
    WIDTH,
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

RIGHT = straight((100, 300), (100, 0))


def test_nothing_is_told_of_a_machine_before_its_third_look() -> None:
    looks = follow(Tracker(camera()), [RIGHT], times(1))
    assert [motion is None for motion in motions(looks)] == [True, True, False, False, False, False]


@pytest.mark.parametrize("heading", [0, 45, 90, 135, 180, 225, 270, 315, 359.9])
def test_a_heading_is_clockwise_from_up_in_the_picture(heading: float) -> None:
    way = 80 * sin(radians(heading)), -80 * cos(radians(heading))
    told = last(follow(Tracker(camera()), [straight((500, 320), way)], times(2))).heading_deg
    assert told is not None
    assert 0 <= told < 360
    assert turn_deg(told, heading) < 2


def test_machines_come_back_in_their_order_and_otherwise_as_they_were() -> None:
    tracker = Tracker(camera())
    for look in range(5):
        given = tuple(machine(x + 20 * look, 200 + x / 4, score=x / 1000) for x in (900, 450, 100, 700))
        tracked = tracker.update(NOON_MS + 200 * look, given, SIZE).machines
        assert tuple(m.model_copy(update={"motion": None}) for m in tracked) == given


def test_one_that_stands_has_no_heading_and_its_dwell_grows() -> None:
    shaken = iter([(0, 0), (1, -1), (-1, 2), (2, 1), (0, -2), (-2, 0)] * 100)
    looks = follow(Tracker(camera()), [lambda _: (500 + next(shaken)[0], 300 + next(shaken)[1])], times(40))
    assert all(motion.heading_deg is None for motion in motions(looks) if motion)
    assert last(looks).dwell_s == 40


def test_a_slow_one_has_a_heading_at_any_rate() -> None:
    assert last(follow(Tracker(camera()), [straight((100, 300), (14, 0))], times(4, 25))).heading_deg == 90


def test_a_heading_rounds_to_0_and_not_to_360() -> None:
    tracker = Tracker(camera())
    for look in range(4):
        seen = machine(5000 - look // 3, 9000 - 1000 * look, width=2000, height=2000)
        tracked = tracker.update(NOON_MS + 500 * look, (seen,), (16000, 9600))
    assert last([tracked]).heading_deg == 0


def test_one_that_stops_loses_its_heading() -> None:
    looks = follow(Tracker(camera()), [lambda s: (100 + 100 * min(s, 3), 300)], times(6))
    headings = [motion.heading_deg for motion in motions(looks)[2:] if motion]
    assert headings[0] == 90
    assert headings[-1] is None


def test_one_that_starts_is_the_same_one() -> None:
    looks = follow(Tracker(camera()), [lambda s: (100 + 20 * max(0, s - 20) ** 2, 300)], times(25))
    assert last(looks).heading_deg == 90
    assert last(looks).dwell_s == 25


@pytest.mark.parametrize("per_second", [1.0, 2.0, 5.0, 10.0, 25.0])
def test_followed_at_any_rate_from_one_look_a_second_on(per_second: float) -> None:
    looks = follow(Tracker(camera()), [RIGHT], times(6, per_second))
    assert last(looks).heading_deg == 90
    assert last(looks).dwell_s == 6


def test_at_a_look_in_two_seconds_what_stands_is_told_and_what_moves_is_not() -> None:
    looks = follow(Tracker(camera()), [RIGHT, lambda _: (500, 500)], times(8, 0.5))
    assert motions(looks, 0) == [None] * 5
    assert last(looks, 1).dwell_s == 8


def test_a_class_that_flickers_within_its_group_changes_nothing() -> None:
    tracker, classes = Tracker(camera()), [MachineClass.CAR, MachineClass.TRUCK, MachineClass.BUS]
    for look in range(12):
        seen = machine(100 + 20 * look, 300, cls=classes[look % 3])
        tracked = tracker.update(NOON_MS + 200 * look, (seen,), SIZE)
    assert tracked.machines[0].cls is MachineClass.BUS  # as it was given
    assert last([tracked]).dwell_s == 2.2


def test_a_three_wheeler_that_is_now_a_truck_now_a_motorcycle_stays_one_machine() -> None:
    tracker, classes = Tracker(camera()), [MachineClass.TRUCK] * 4 + [MachineClass.MOTORCYCLE]
    for look in range(20):
        tracked = tracker.update(NOON_MS + 200 * look, (machine(100 + 10 * look, 300, cls=classes[look % 5]),), SIZE)
    assert last([tracked]).dwell_s == 3.8


def test_a_vehicle_does_not_become_the_bicycle_beside_it() -> None:
    tracker = Tracker(camera())
    for look in range(5):
        tracker.update(NOON_MS + 200 * look, (machine(100 + 20 * look, 300),), SIZE)
    other = machine(205, 305, cls=MachineClass.BICYCLE, width=30, height=35)
    assert tracker.update(NOON_MS + 1000, (other,), SIZE).machines[0].motion is None


def test_a_low_score_continues_a_track_and_begins_none() -> None:
    tracker, weak = Tracker(camera()), Tracker(camera())
    for look in range(12):
        seen = machine(100 + 20 * look, 300, score=0.8 if look < 4 or look > 8 else 0.26)
        tracked = tracker.update(NOON_MS + 200 * look, (seen,), SIZE)
        nothing = weak.update(NOON_MS + 200 * look, (machine(100 + 20 * look, 300, score=0.26),), SIZE)
        assert nothing.machines[0].motion is None
    assert last([tracked]).dwell_s == 2.2


def test_a_low_score_a_little_off_its_place_continues_a_track() -> None:
    tracker = Tracker(camera())
    follow(tracker, [lambda _: (500, 300)], times(2))
    assert last([tracker.update(NOON_MS + 2200, (machine(512, 310, score=0.26),), SIZE)]).dwell_s == 2.2


def test_what_comes_beside_the_place_of_a_parked_one_is_another() -> None:
    tracker = Tracker(camera())
    follow(tracker, [lambda _: (500, 300)], times(2))
    assert motions(follow(tracker, [lambda _: (540, 300)], [2.2])) == [None]


def test_a_track_begins_although_a_look_missed_it() -> None:
    tracker = Tracker(camera())
    follow(tracker, [RIGHT], [0, 0.2])
    follow(tracker, [], [0.4])
    assert last(follow(tracker, [RIGHT], [0.6])).heading_deg == 90


def test_a_short_miss_is_bridged() -> None:
    tracker = Tracker(camera())
    seconds = [s for s in times(4) if not 1.9 < s < 2.5]  # gone for 0.8 s
    assert last(follow(tracker, [RIGHT], seconds)).dwell_s == 4


def test_a_parked_machine_hidden_for_half_a_minute_is_still_there() -> None:
    tracker = Tracker(camera())
    seconds = [s for s in times(60) if not 10 < s < 40]
    assert last(follow(tracker, [lambda _: (500, 300)], seconds)).dwell_s == 60


def test_two_that_meet_keep_their_ways() -> None:
    rightward, leftward = straight((200, 300), (100, 0)), straight((800, 310), (-100, 0))
    looks = follow(Tracker(camera()), [rightward, leftward], times(5))
    for motion in motions(looks, 0)[2:]:
        assert motion is not None
        assert motion.heading_deg == 90
    for motion in motions(looks, 1)[2:]:
        assert motion is not None
        assert motion.heading_deg == 270


def test_a_parked_one_does_not_drive_off_with_one_that_passes_before_it() -> None:
    tracker = Tracker(camera())
    for look, s in enumerate(times(20)):
        passing = machine(*straight((-900, 318), (100, 0))(s)) if 9 <= s <= 18 else None
        hidden = passing is not None and abs((passing.box.x0 + passing.box.x1) / 2 - 500) < 40
        parked = None if hidden else machine(500, 300)
        tracked = tracker.update(NOON_MS + 200 * look, tuple(m for m in (parked, passing) if m), SIZE)
    assert last([tracked]).dwell_s == 20
    assert last([tracked]).heading_deg is None


def test_one_box_that_is_cut_does_not_end_a_dwell() -> None:
    tracker = Tracker(camera())
    for look in range(60):
        cut = look % 20 == 15
        seen = machine(500, 260 if cut else 300, width=150, height=15 if cut else 55)
        tracked = tracker.update(NOON_MS + 200 * look, (seen,), SIZE)
    assert last([tracked]).dwell_s == 11.8


def test_a_lorry_whose_roof_stays_where_it_is_comes_nearer() -> None:
    tracker = Tracker(camera())
    for look in range(15):  # seen from the height of its roof: the box grows downwards and to both sides
        seen = machine(500, 250 + 10 * look, width=100 + 8 * look, height=110 + 10 * look)
        tracked = tracker.update(NOON_MS + 200 * look, (seen,), SIZE)
    assert last([tracked]).heading_deg == 180


def test_one_that_drives_out_of_the_picture_is_not_the_next_one_that_comes_in_there() -> None:
    tracker = Tracker(camera())
    for s in times(8):
        leaving, coming = 700 + 100 * s, 1400 - 100 * s  # gone at 3.3 s, the next one comes at 3.7 s
        xs = [x for x in (leaving, coming) if x - 30 < WIDTH - 8]
        cut = tuple(machine((x - 30 + min(WIDTH, x + 30)) / 2, 300, width=min(WIDTH, x + 30) - x + 30) for x in xs)
        tracked = tracker.update(NOON_MS + round(s * 1000), cut, SIZE)
    assert last([tracked]).heading_deg == 270
    assert last([tracked]).dwell_s <= 8 - 3.6


def test_one_at_the_pictures_edge_is_not_kept_for_one_that_comes_in_there_later() -> None:
    tracker = Tracker(camera())
    for s in times(2):
        tracker.update(NOON_MS + round(s * 1000), (machine(15, 300, width=30),), SIZE)  # its front: is it moving?
    for s in times(1):
        tracked = tracker.update(NOON_MS + 7000 + round(s * 1000), (machine(15, 300, width=30),), SIZE)
    assert last([tracked]).dwell_s == 1


def test_one_parked_half_out_of_the_picture_dwells_too() -> None:
    tracker = Tracker(camera())
    for s in times(20, 0.5):
        tracked = tracker.update(NOON_MS + round(s * 1000), (machine(15, 300, width=30),), SIZE)
    assert last([tracked]).dwell_s == 20


def test_of_two_as_near_the_same_one_is_taken_in_whatever_order_they_come() -> None:
    told = []
    for order in (1, -1):
        tracker = Tracker(camera())
        follow(tracker, [lambda _: (500, 300)], times(2))
        tracked = tracker.update(NOON_MS + 2200, (machine(494, 300), machine(506, 300))[::order], SIZE)
        told.append([m.motion is None for m in tracked.machines][::order])
    assert told[0] == told[1]


def test_what_could_be_either_of_two_is_not_told() -> None:
    # A column, one place on at every look, or standing still: nobody can say.
    tracker = Tracker(camera())
    for look in range(8):
        column = tuple(machine(150 + 100 * place, 300) for place in range(8))
        tracked = tracker.update(NOON_MS + 500 * look, column, SIZE)
    assert all(m.motion is None or m.motion.heading_deg is None for m in tracked.machines)


def test_a_column_that_advances_by_more_than_half_its_spacing_is_not_seen_rolling_backwards() -> None:
    # 40 px wide, 100 px apart, 60 px a look: each is nearer to the old place of the one behind.
    tracker, told = Tracker(camera()), []
    for look in range(10):
        xs = [x for place in range(-8, 10) if 40 < (x := 30 + 100 * place + 60 * look) < 960]
        looked = tracker.update(NOON_MS + 500 * look, tuple(machine(x, 300, width=40, height=40) for x in xs), SIZE)
        told += [m.motion.heading_deg for m in looked.machines if m.motion and m.motion.heading_deg is not None]
    assert 270 not in told


def test_another_picture_size_is_the_same_view() -> None:
    tracker = Tracker(camera())
    for look in range(10):
        scale = 2 if look % 2 else 1
        seen = machine(scale * (100 + 20 * look), scale * 300, width=60 * scale, height=40 * scale)
        tracked = tracker.update(NOON_MS + 200 * look, (seen,), (WIDTH * scale, HEIGHT * scale))
    assert last([tracked]).heading_deg == 90


def test_another_shape_of_picture_is_another_view() -> None:
    tracker = Tracker(camera())
    follow(tracker, [RIGHT], times(2))
    assert tracker.update(NOON_MS + 2200, (machine(320, 300),), (HEIGHT, WIDTH)).machines[0].motion is None


def test_another_scene_is_begun_anew() -> None:
    tracker = Tracker(camera())
    before = [straight((x, 300), (0, 0)) for x in (100, 300, 500, 700)]
    after = [straight((x, 450), (0, 0)) for x in (150, 350, 550, 750)]
    follow(tracker, before, times(2))
    assert follow(tracker, after, [2.2])[0].machines[0].motion is None
    looks = follow(tracker, before, [2.4])  # back again: whoever is there now is not who was there
    assert motions(looks) == [None]


def test_machines_that_leave_one_by_one_are_no_other_scene() -> None:
    tracker = Tracker(camera())
    parked = [straight((x, 300), (0, 0)) for x in (100, 300, 500, 700)]
    follow(tracker, parked, times(2))
    follow(tracker, [], [2.2, 2.4, 2.6])
    assert last(follow(tracker, parked, [2.8])).dwell_s == 2.8


def test_nothing_is_an_event_without_a_line_or_lane() -> None:
    looks = follow(Tracker(camera()), [RIGHT], times(6))
    assert events(looks) == []
    assert crossings(looks) == []


def test_machines_of_a_look_may_be_none() -> None:
    tracker = Tracker(camera())
    none: tuple[Machine, ...] = ()
    assert tracker.update(NOON_MS, none, SIZE).machines == ()
