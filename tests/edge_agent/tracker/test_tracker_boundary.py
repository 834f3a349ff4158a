"""What the tracker may not be: of people, for longer than a minute, or anybody else's to keep (docs/boundary.md)."""

import gc
import pickle
import re
from dataclasses import fields
from typing import get_type_hints

import pytest
from pydantic import ValidationError

from edge_agent.tracker import Tracked, Tracker, TrackEvent, TrackEventKind
from edge_agent.tracker.timed_box import Mark, SeenMachine
from edge_agent.tracker.track import Track
from engines.detection.postprocess import GROUP_OF
from provisioning.contracts.wire.messages import Crossing, Machine, MachineClass, Motion
from tests.edge_agent.traffic_machines import NOON_MS, SIZE, follow, last, machine, motions, straight, times
from tests.edge_agent.traffic_streets import camera

MINUTE_MS = 60_000


def kept(tracker: Tracker) -> list[Mark]:
    """Every mark that can be reached from a tracker, wherever it is."""
    found: list[Mark] = []
    seen: set[int] = set()
    waiting: list[object] = [tracker]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, type):
            continue
        seen.add(id(thing))
        if isinstance(thing, Mark):
            found.append(thing)
        waiting += gc.get_referents(thing)
    return found


def test_a_tracker_takes_machines_and_a_machine_is_no_person() -> None:
    assert get_type_hints(Tracker.update)["machines"] == tuple[Machine, ...]
    with pytest.raises(ValidationError):
        Machine.model_validate({"cls": "person", "score": 0.9, "box": {"x0": 0, "y0": 0, "x1": 9, "y1": 9}})


def test_its_two_groups_are_the_detectors_without_people() -> None:
    groups = {cls: "two_wheeler" if cls.is_two_wheeler else "vehicle" for cls in MachineClass}
    assert groups == {cls: GROUP_OF[cls.value] for cls in MachineClass}


def test_a_track_is_boxes_and_times_and_no_number_or_appearance() -> None:
    assert Mark._fields == ("at_ms", "x0", "y0", "x1", "y1", "whole")
    assert SeenMachine._fields == ("mark", "two_wheeler", "certain")
    assert {field.name for field in fields(Track)} == {
        "since_ms", "marks", "votes", "velocity", "way", "still_ms", "visit", "unjudged", "untold", "reported_ms",
    }  # fmt: skip


def test_what_is_told_links_no_two_rows() -> None:
    assert set(Motion.model_fields) == {"heading_deg", "dwell_s", "zones", "crossed", "wrong_way"}
    assert set(Crossing.model_fields) == {"line", "to"}
    assert [field.name for field in fields(TrackEvent)] == ["what", "where", "machine"]  # an index into one look
    assert [field.name for field in fields(Tracked)] == ["machines", "events"]
    assert set(TrackEventKind) == {"crossed", "wrong_way"}


def test_two_machines_with_one_motion_cannot_be_told_apart_by_it() -> None:
    tracker = Tracker(camera())
    looks = follow(tracker, [straight((100, 200), (80, 0)), straight((100, 400), (80, 0))], times(4))
    assert last(looks, 0) == last(looks, 1)


def test_no_track_can_be_written_away() -> None:
    tracker = Tracker(camera())
    follow(tracker, [straight((100, 300), (80, 0))], times(2))
    for thing in (tracker, tracker._tracks[0]):
        with pytest.raises(TypeError, match="memory"):
            pickle.dumps(thing)
        shown = re.sub(r" at 0x[0-9a-f]+", "", repr(thing))
        assert "Mark" not in shown
        assert "300" not in shown


def test_nothing_is_left_of_a_machine_a_minute_after_it_was_last_seen() -> None:
    tracker = Tracker(camera())
    follow(tracker, [lambda _: (500, 300), straight((100, 400), (80, 0))], times(10))
    gone_ms = NOON_MS + 10_000
    tracker.update(gone_ms + MINUTE_MS, (), SIZE)
    assert kept(tracker)  # what stood may come back
    tracker.update(gone_ms + MINUTE_MS + 1, (), SIZE)
    assert kept(tracker) == []
    assert motions(follow(tracker, [lambda _: (500, 300)], [80])) == [None]


def test_nothing_is_left_of_one_that_drove_off_two_seconds_later() -> None:
    tracker = Tracker(camera())
    follow(tracker, [straight((100, 400), (80, 0))], times(5))
    tracker.update(NOON_MS + 7000, (), SIZE)
    assert tracker._tracks == []


def test_a_camera_that_falls_silent_keeps_nothing_either() -> None:
    tracker = Tracker(camera())
    follow(tracker, [lambda _: (500, 300)], times(10))
    tracker.expire(NOON_MS + 10_000 + MINUTE_MS + 1)
    assert kept(tracker) == []


def test_forgetting_is_at_once_and_whole() -> None:
    tracker = Tracker(camera())
    follow(tracker, [lambda _: (500, 300), straight((100, 400), (80, 0))], times(3))
    assert kept(tracker)
    tracker.forget()
    assert kept(tracker) == []


def test_of_one_that_stays_for_hours_only_the_last_boxes_are_kept() -> None:
    tracker = Tracker(camera())
    for second in range(0, 2 * 3600, 20):
        tracked = tracker.update(NOON_MS + 1000 * second, (machine(500, 300),), SIZE)
    assert last([tracked]).dwell_s == 2 * 3600 - 20
    assert len(kept(tracker)) <= 20


def test_a_look_out_of_order_is_not_looked_at() -> None:
    straightly, confused = Tracker(camera()), Tracker(camera())
    path = straight((100, 300), (80, 0))
    for s in times(3):
        expected = follow(straightly, [path], [s])
        assert follow(confused, [path], [s]) == expected
        late = confused.update(NOON_MS + round(s * 1000) - 150, (machine(700, 100),), SIZE)
        assert late == Tracked((machine(700, 100),))
        again = confused.update(NOON_MS + round(s * 1000), (machine(700, 100),), SIZE)
        assert again.machines[0].motion is None


def test_a_clock_that_is_set_back_begins_anew() -> None:
    tracker = Tracker(camera())
    follow(tracker, [lambda _: (500, 300)], [3600 + s for s in times(10)])
    looks = follow(tracker, [lambda _: (500, 300)], times(2))
    assert motions(looks)[:2] == [None, None]
    assert last(looks).dwell_s == 2


def test_a_clock_that_is_set_ahead_begins_anew() -> None:
    tracker = Tracker(camera())
    follow(tracker, [lambda _: (500, 300)], times(10))
    assert motions(follow(tracker, [lambda _: (500, 300)], [3600])) == [None]
