"""arrivals, what a camera's clock says of them ──▶ capture times that never go back.

A played connection ──▶ Rtsp | Group ──▶ pictures and their times
"""

import random
import threading
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.frames import Glance
from edge_agent.sources.capture_time import BELIEVED_MS, DROPPED_MS, LATE_MS, CaptureTime, CaptureTimes
from edge_agent.sources.rtsp import source
from edge_agent.sources.rtsp.keyframe_decoder import bgr, last_of
from edge_agent.sources.rtsp.main_stream_buffer import GopBuffer
from edge_agent.sources.rtsp.source import Rtsp
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import ClockQuality
from tests.edge_agent.arriving import Played, packets
from tests.edge_agent.world import EPOCH_MS, FakeClock, Image, noise

SYNCED, ARRIVAL = ClockQuality.SYNCED, ClockQuality.ARRIVAL
PICTURES: list[Image] = [noise(seed) for seed in range(200)]


def arrived(at_ms: int, offset_ms: float | None) -> CaptureTime:
    return CaptureTime(at_ms, ARRIVAL, "k1", offset_ms)


def dated(times: CaptureTimes, *offsets_ms: float | None, at_ms: int = EPOCH_MS) -> list[tuple[int, ClockQuality]]:
    """Of a picture a second: how long after `at_ms`, and by whose clock."""
    each = [times.dated(arrived(at, off), at) for at, off in zip(range(at_ms, 2**60, 1000), offsets_ms, strict=False)]
    return [(its.at_ms - at_ms, its.clock) for its in each]


def watched(clock: FakeClock, played: Played, monkeypatch: pytest.MonkeyPatch) -> list[Glance]:
    """Every picture that comes of a stream."""
    monkeypatch.setattr(source, "Connection", played)
    camera = Rtsp("gate", processes.RtspSource(url="rtsp://192.0.2.7/a"), clock)
    stop, seen = threading.Event(), []
    for item in camera.frames(stop):
        camera.attend(50)
        if isinstance(item, Glance):
            seen.append(item)
        if clock.now_ms() - EPOCH_MS >= 40 * len(played.stream):
            stop.set()
    return seen


def goes_back(seen: list[Glance]) -> int:
    return sum(after.captured_at_ms < before.captured_at_ms for before, after in pairwise(seen))


def changes(seen: list[Glance]) -> int:
    return sum(after.clock is not before.clock for before, after in pairwise(seen))


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_clock_half_a_second_ahead_dates_pictures_by_one_clock_and_none_goes_back(
    b_frames: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a server reports whose every sender report is off by another 60 ms: arrivals fall to either side of the bound.
    clock, chance = FakeClock(), random.Random(1)
    played = Played(packets(tmp_path, PICTURES, b_frames=b_frames), clock, lambda _: 640 + 60 * chance.uniform(-1, 1))
    seen = watched(clock, played, monkeypatch)
    assert len(seen) > 180
    assert goes_back(seen) == 0
    assert changes(seen) <= 2


@pytest.mark.parametrize("skew_ms", [None, 0.0, 3_600_000.0])
def test_with_b_frames_no_capture_time_goes_back_whatever_the_camera_knows_of_the_time(
    skew_ms: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    played = Played(packets(tmp_path, PICTURES, b_frames=2), clock, lambda _: skew_ms)
    seen = watched(clock, played, monkeypatch)
    assert len(seen) > 180
    assert goes_back(seen) == 0
    truth = [played.taken_ms(int(each.source_key.removeprefix("k"))) for each in seen]
    off_ms = [each.captured_at_ms - taken_ms for each, taken_ms in zip(seen, truth, strict=True)]
    if skew_ms == 0.0:
        assert set(off_ms) == {0}
        assert {each.clock for each in seen} == {SYNCED}
    else:
        assert 80 <= min(off_ms) <= max(off_ms) <= 200
        assert {each.clock for each in seen} == {ARRIVAL}


def test_with_b_frames_a_picture_of_the_main_stream_has_the_time_of_what_it_shows(tmp_path: Path) -> None:
    clock = FakeClock()
    stream = packets(tmp_path, PICTURES[:10], b_frames=2)
    played = Played(stream, clock, lambda _: None)
    group = GopBuffer("gate", played, clock)  # type: ignore[arg-type] # all that it needs of a connection
    shown = []
    for packet in played.packets():
        group._keep(packet, CaptureTime(clock.now_ms(), ARRIVAL, f"k{packet.pts}", None))
        row = group.now()
        assert row is not None
        picture = last_of(row.decoder, row.packets)
        assert row.stamp.key == f"k{picture.pts}"
        shown.append(int(row.stamp.key[1:]))
        assert bgr(picture).shape == (96, 160, 3)
    assert shown == sorted(shown)
    assert group.keyframe() is None, "it lies behind what was given"


def test_a_clock_is_believed_from_one_bound_and_dropped_at_another() -> None:
    near, far = BELIEVED_MS, DROPPED_MS
    assert [clock for _, clock in dated(CaptureTimes(), near, far, near + 1, far)] == [SYNCED] * 4
    assert [clock for _, clock in dated(CaptureTimes(), near + 1, near + 1)] == [ARRIVAL] * 2
    times = CaptureTimes()
    assert [clock for _, clock in dated(times, 0, far + 1, *[near + 1] * 9)] == [SYNCED, *[ARRIVAL] * 10]
    assert dated(times, *[near] * 8, at_ms=EPOCH_MS + 20_000)[-1][1] is SYNCED
    behind = [0.0, *[-far - 1] * 8]
    assert [clock for _, clock in dated(CaptureTimes(), *behind)] == [*[SYNCED] * 8, ARRIVAL], "the quickest counts"


def test_a_picture_that_was_long_on_its_way_is_dated_by_its_arrival_and_the_next_by_its_camera() -> None:
    assert dated(CaptureTimes(), -40, -LATE_MS - 1, -40) == [(-40, SYNCED), (1000, ARRIVAL), (1960, SYNCED)]
    assert dated(CaptureTimes(), -40, -1500.5, -40)[1] == (-40, SYNCED)


def test_when_the_agents_clock_is_set_back_capture_times_go_with_it() -> None:
    times = CaptureTimes()
    assert dated(times, None) == [(0, ARRIVAL)]
    assert dated(times, None, at_ms=EPOCH_MS - 3_600_000) == [(0, ARRIVAL)]


def test_the_next_process_goes_on_where_the_one_before_it_stopped() -> None:
    assert dated(CaptureTimes(EPOCH_MS + 300), None, None) == [(300, ARRIVAL), (1000, ARRIVAL)]
    assert dated(CaptureTimes(EPOCH_MS + 3_600_000), None) == [(0, ARRIVAL)], "its clock was another"


@dataclass(frozen=True)
class Step:
    after_ms: int
    way_ms: int
    skew_ms: float | None
    clock_ms: int = 0
    """By how much the agent's own clock is set before it."""


WAYS = st.integers(0, 900)
SKEWS = st.floats(-3000, 3000) | st.sampled_from([-3_600_000.0, 3_600_000.0]) | st.none()
CLOCKS = st.just(0) | st.sampled_from([-86_400_000, -3000, -600, -100, 100, 600, 3000, 86_400_000])


@given(steps=st.lists(st.builds(Step, st.integers(0, 4000), WAYS, SKEWS, CLOCKS), max_size=60))
def test_capture_times_go_back_with_the_agents_clock_alone_and_are_never_far_from_it(steps: list[Step]) -> None:
    times, now_ms, before = CaptureTimes(), EPOCH_MS, 0
    for step in steps:
        now_ms += step.after_ms + step.clock_ms
        arrived_ms = now_ms - step.way_ms  # with B-frames a picture is shown some time after its packet has come
        its = times.dated(arrived(arrived_ms, step.skew_ms), now_ms)
        assert its.at_ms >= before or step.clock_ms < 0
        assert arrived_ms - LATE_MS <= its.at_ms <= now_ms + DROPPED_MS
        before = its.at_ms


@given(
    skew_ms=st.floats(-1500, 1500),
    ways_ms=st.lists(WAYS, min_size=1, max_size=80),
    unreported=st.integers(0, 10),
)
def test_whatever_the_way_here_a_capture_time_is_as_true_as_is_said(
    skew_ms: float, ways_ms: list[int], unreported: int
) -> None:
    times, slowest_ms = CaptureTimes(), max(ways_ms)
    clocks = []
    for number, way_ms in enumerate(ways_ms):
        taken_ms = EPOCH_MS + 1000 * number
        offset_ms = None if number < unreported else skew_ms - way_ms
        its = times.dated(arrived(taken_ms + way_ms, offset_ms), taken_ms + way_ms)
        assert -DROPPED_MS - 1 <= its.at_ms - taken_ms <= DROPPED_MS + slowest_ms
        clocks.append(its.clock)
    if slowest_ms <= DROPPED_MS - BELIEVED_MS:
        assert sum(after is not before for before, after in pairwise(clocks)) <= 2
