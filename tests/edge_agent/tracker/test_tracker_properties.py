"""Whatever is seen, in whatever order and at whatever times: bounded, repeatable, and no crossing that was none."""

from collections import Counter
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.tracker import Tracked, Tracker, TrackEvent
from edge_agent.tracker.track import HISTORY
from edge_agent.tracker.track_start import POOL
from edge_agent.tracker.tracker import FORGET_MS, LOOSE_LOOKS, MAX_TRACKS
from edge_agent.tracker.zones import Places
from provisioning.contracts.config.camera import Lane, Line, Zone
from provisioning.contracts.wire.messages import Box, Machine, MachineClass
from tests.edge_agent.traffic_machines import HEIGHT, NOON_MS, SIZE, WIDTH, crossings, follow, machine
from tests.edge_agent.traffic_streets import camera

BUSY = camera(
    lines=(Line(name="up", start=(0.5, 1.0), end=(0.5, 0.0)), Line(name="slant", start=(0.1, 0.2), end=(0.9, 0.7))),
    zones=(Zone(name="bow", polygon=((0.2, 0.2), (0.8, 0.8), (0.8, 0.2), (0.2, 0.8))),),
    lanes=(Lane(name="lane", polygon=((0.0, 0.3), (1.0, 0.3), (1.0, 0.9)), heading_deg=90),),
)
ENDLESS = Line(name="middle", start=(0.5, 0.0), end=(0.5, 1.0))
"""From edge to edge: nobody gets round it."""


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    x0, y0 = draw(st.integers(0, WIDTH - 2)), draw(st.integers(0, HEIGHT - 2))
    box = Box(x0=x0, y0=y0, x1=draw(st.integers(x0 + 1, WIDTH)), y1=draw(st.integers(y0 + 1, HEIGHT)))
    return Machine(cls=draw(st.sampled_from(MachineClass)), score=draw(st.floats(0, 1)), box=box)


@st.composite
def scenes(draw: st.DrawFn) -> list[tuple[int, tuple[Machine, ...]]]:
    """Looks at any times, back and ahead too: some boxes anywhere, some that go on from look to look."""
    at_ms, looks = NOON_MS, []
    going = draw(st.lists(st.tuples(st.integers(0, WIDTH), st.integers(60, HEIGHT), st.integers(-40, 40)), max_size=4))
    for number in range(draw(st.integers(1, 12))):
        at_ms += draw(st.one_of(st.integers(40, 3000), st.integers(-10_000, 90_000)))
        steady = [machine(min(WIDTH - 30, max(30, x + dx * number)), y) for x, y, dx in going]
        looks.append((at_ms, tuple(steady + draw(st.lists(machines(), max_size=4)))))
    return looks


def played(looks: list[tuple[int, tuple[Machine, ...]]]) -> list[Tracked]:
    tracker = Tracker(BUSY)
    return [tracker.update(at_ms, seen, SIZE) for at_ms, seen in looks]


def told(tracked: Tracked) -> tuple[Counter[str], Counter[tuple[str, str, str]]]:
    """Machines and events, in no order."""
    said = [machine.model_dump_json() for machine in tracked.machines]
    return Counter(said), Counter((event.what, event.where, said[event.machine]) for event in tracked.events)


@given(scenes())
@settings(max_examples=40)
def test_the_same_machines_come_back_and_what_is_told_is_valid(looks: list[tuple[int, tuple[Machine, ...]]]) -> None:
    for (_, given_in), tracked in zip(looks, played(looks), strict=True):
        assert tuple(m.model_copy(update={"motion": None}) for m in tracked.machines) == given_in
        for one in tracked.machines:
            assert Machine.model_validate(one.model_dump()) == one
        for event in tracked.events:
            motion = tracked.machines[event.machine].motion
            assert motion is not None
            assert event.where in {*(c.line for c in motion.crossed), *motion.wrong_way}


@given(scenes(), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_order_of_a_looks_boxes_changes_nothing(
    looks: list[tuple[int, tuple[Machine, ...]]], random: Random
) -> None:
    shuffled = [(at_ms, tuple(random.sample(seen, len(seen)))) for at_ms, seen in looks]
    assert [told(tracked) for tracked in played(shuffled)] == [told(tracked) for tracked in played(looks)]


@given(scenes())
@settings(max_examples=40)
def test_the_same_looks_tell_the_same_again(looks: list[tuple[int, tuple[Machine, ...]]]) -> None:
    assert played(looks) == played(looks)


@given(scenes())
@settings(max_examples=40)
def test_nothing_older_than_a_minute_is_kept_by_any_track(looks: list[tuple[int, tuple[Machine, ...]]]) -> None:
    tracker, newest = Tracker(BUSY), 0
    for at_ms, seen in looks:
        tracker.update(at_ms, seen, SIZE)
        newest = at_ms if at_ms < newest - FORGET_MS else max(newest, at_ms)
        assert all(newest - track.last.at_ms <= FORGET_MS for track in tracker._tracks)
        assert all(newest - one.mark.at_ms <= FORGET_MS for one in tracker._loose)


@given(st.lists(st.tuples(st.integers(-30, 30), st.integers(0, 4), st.integers(-4, 4)), min_size=3, max_size=80))
@settings(max_examples=40)
def test_never_more_crossings_than_there_were(steps: list[tuple[int, int, int]]) -> None:
    # Of a machine of 60 x 40 px that wanders about a line, its box shaken by up to 4 px, a twelfth of its size.
    x, way = 480, [480]
    for step, _, _ in steps:
        x = min(WIDTH - 60, max(60, x + step))
        way.append(x)
    shaken = [(at + dx, 300 + dy) for at, (_, dx, dy) in zip(way, [(0, 0, 0), *steps], strict=True)]
    looks = follow(
        Tracker(camera(lines=(ENDLESS,))), [lambda s: shaken[round(s * 5)]], [n / 5 for n in range(len(shaken))]
    )
    true = sum((before < WIDTH / 2) != (after < WIDTH / 2) for before, after in pairwise(way))
    assert len(crossings(looks)) <= true


def test_memory_is_bounded_however_full_the_street_is() -> None:
    tracker = Tracker(BUSY)
    for look in range(40):  # 16 rows of 20 that all stand, and others here and there
        standing = [machine(25 + 50 * (n % 20), 20 + 36 * (n // 20), width=20, height=16) for n in range(320)]
        others = [machine(n * look % WIDTH, 30 + n, width=9, height=9, score=0.5) for n in range(1, 192)]
        tracker.update(NOON_MS + 200 * look, tuple(standing + others), SIZE)
        assert len(tracker._tracks) <= MAX_TRACKS
        assert len(tracker._loose) <= LOOSE_LOOKS * POOL
        assert all(len(track.marks) <= HISTORY for track in tracker._tracks)
        assert all(len(track.unjudged) == 0 for track in tracker._tracks)
    assert len(tracker._tracks) == MAX_TRACKS


def test_a_track_knows_no_more_places_than_the_camera_has() -> None:
    tracker = Tracker(BUSY)
    for look in range(100):
        tracker.update(NOON_MS + 200 * look, (machine(100 + 8 * look, 300),), SIZE)
    (track,) = tracker._tracks
    places = Places.of(BUSY, SIZE)
    assert len(track.visit.sides) <= len(places.lines)
    assert len(track.visit.within) <= len(places.zones)
    assert len(track.visit.against) + len(track.reported_ms) <= 2 * len(places.lanes)


def test_an_event_is_a_plain_value() -> None:
    assert {TrackEvent.__dataclass_params__.frozen, Tracked.__dataclass_params__.frozen} == {True}  # type: ignore[attr-defined]
