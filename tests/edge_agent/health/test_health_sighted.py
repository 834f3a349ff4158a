"""A camera's health from what its capture says, and from its silence."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edge_agent.health.camera_health import Health
from edge_agent.health.pauses import Pauses
from provisioning.contracts.causes.work import OTHER
from provisioning.contracts.wire.messages import CameraState, ClockSource, PictureCheck
from tests.edge_agent.sightings import Watched, live_camera, pushing_camera
from tests.edge_agent.world import EPOCH_MS, FakeClock


@pytest.fixture
def world(tmp_path: Path) -> Watched:
    return Watched(tmp_path, live_camera())


def seen_for(world: Watched, seconds: int) -> None:
    for _ in range(seconds):
        world.clock.pass_s(1)
        world.see()
        world.status()


def test_a_stream_that_falls_silent_is_told_offline_within_ten_seconds_and_once(world: Watched) -> None:
    seen_for(world, 20)
    world.live(1)
    assert world.live(10) == [("offline", "silent")]
    assert world.published[-1].since_ms == EPOCH_MS + 31_000
    assert world.live(600) == []
    world.see()
    assert world.live(1) == [("online", "")]


@pytest.mark.parametrize("first", ["see", "status", "redact"])
def test_an_agent_that_stood_still_calls_no_camera_silent_for_that_time(world: Watched, first: str) -> None:
    seen_for(world, 20)
    world.live(1)
    world.clock.pass_s(60)
    ways: dict[str, Callable[[], object]] = {"see": world.see, "status": world.status}
    ways.get(first, lambda: world.health.redacted("gate", 9.0))()
    assert world.status().state is CameraState.ONLINE
    assert world.live(9) == []
    assert world.live(2) == [("offline", "silent")], "its habits are as before, and so is the patience"


def test_a_camera_with_a_keyframe_every_twelve_seconds_stays_online_for_an_hour(world: Watched) -> None:
    told = []
    for _ in range(300):
        world.see()
        told += world.live(12)
    assert told == [("online", "")]


def test_a_lost_connection_is_offline_at_once_and_its_cause_is_told_with_each_change(world: Watched) -> None:
    seen_for(world, 5)
    told = world.live(1)
    for code in ("ended", "unreachable", "unreachable", "wrong_credentials"):
        world.health.offline("gate", OTHER(detail=f"it is {code}"), code)
        told += world.live(3)
    assert told == [("online", ""), ("offline", "ended"), ("offline", "unreachable"), ("offline", "wrong_credentials")]
    assert {each.since_ms for each in world.published[1:]} == {EPOCH_MS + 6000}
    world.see()
    assert world.status().state is CameraState.ONLINE


def test_a_stalled_stream_that_comes_and_goes_is_told_each_time_and_no_oftener(world: Watched) -> None:
    for _ in range(5):
        world.see()
        world.see()
        assert world.live(2) == [("online", "")]
        world.health.offline("gate", OTHER(detail="it sent nothing"), "stalled")
        world.health.offline("gate", OTHER(detail="it sent nothing"), "stalled")
        assert world.live(30) == [("offline", "stalled")]


def test_a_word_without_a_new_picture_brings_nobody_back(world: Watched) -> None:
    seen_for(world, 5)
    world.health.offline("gate", OTHER(detail="closed"), "ended")
    world.see(0)
    assert world.status().code == "ended"
    world.see(1)
    assert world.status().state is CameraState.ONLINE


def test_one_keyframe_and_then_none_is_stale_and_keyframes_that_do_not_decode_are_told_as_such(
    world: Watched,
) -> None:
    seen_for(world, 5)
    told = []
    for second in range(300):
        world.see(0)
        if second >= 200:
            world.health.unusable("gate")
        told += world.live(1)
    assert told == [("online", ""), ("offline", "stale"), ("offline", "undecodable")]
    world.see()
    assert world.status().state is CameraState.ONLINE


def test_counts_that_begin_anew_are_a_new_captures_and_its_pictures_count(world: Watched) -> None:
    world.see(50)
    world.restart()
    world.health.offline("gate", OTHER(detail="crashed"), "crashed")
    world.see(3)
    assert world.status().state is CameraState.ONLINE
    world.restart()
    world.see(1)
    assert world.facts().pictures_per_s == pytest.approx(54 / 60)
    assert world.health.restarts() == {"gate": 2}


def test_what_was_passed_over_changes_of_the_clock_and_bytes_add_up_over_captures(world: Watched) -> None:
    assert world.health.received_bytes() == {}
    world.passed_over, world.clock_changes, world.received_bytes = 7, 3, 5000
    world.see(10)
    world.restart()
    world.passed_over, world.clock_changes, world.received_bytes = 2, 1, 800
    world.see(1)
    assert world.health.passed_over() == {"gate": 9}
    assert world.health.clock_changes() == {"gate": 4}
    assert world.health.received_bytes() == {"gate": 5800}


def test_decoding_is_told_as_the_mean_of_a_picture_over_the_last_minute(world: Watched) -> None:
    assert world.health.decode_ms() is None
    world.see(1000)
    world.clock.pass_s(59)
    world.cpu_ms += 1000
    world.see(1000)
    assert world.health.decode_ms() == pytest.approx(5.5)
    world.clock.pass_s(2)
    assert world.health.decode_ms() == pytest.approx(6.0)
    world.clock.pass_s(60)
    assert world.health.decode_ms() is None
    assert world.facts().pictures_per_s == 0


def test_a_camera_that_is_resumed_after_an_hour_starts_and_is_not_offline(world: Watched) -> None:
    seen_for(world, 20)
    world.health.pause("gate")
    assert (world.status().state, world.status().code) == (CameraState.PAUSED, "paused")
    world.live(3600)
    world.pauses.resume("gate")
    world.clock.pass_s(1)
    assert world.status().state is CameraState.STARTING
    world.see()
    assert world.status().state is CameraState.ONLINE


def test_a_picture_that_cannot_be_redacted_says_by_which_name_it_was_dropped(world: Watched) -> None:
    world.see()
    world.health.unredacted("gate", OTHER(detail="took 11 s"), "redaction_timeout")
    world.see()
    assert (world.status().state, world.status().code) == (CameraState.REDACTION_UNAVAILABLE, "redaction_timeout")
    world.health.redacted("gate", 10)
    assert (world.status().state, world.status().code) == (CameraState.ONLINE, "")


def test_a_pushing_device_is_never_offline_while_its_pictures_come(tmp_path: Path) -> None:
    world = Watched(tmp_path, pushing_camera())
    world.health.offline("gate", OTHER(detail="no keepalive for 30 s"), "silent")
    assert world.status().state is CameraState.OFFLINE
    for _ in range(10):
        world.see()
        world.health.offline("gate", OTHER(detail="no keepalive for 30 s"), "silent")
        assert world.live(29) in ([("online", "")], [])
    assert world.live(2) == [("offline", "silent")]


def test_scores_become_faults_by_the_cameras_own_thresholds(tmp_path: Path) -> None:
    world = Watched(tmp_path, live_camera(checks={"blurred": 0.9, "dark": 1.0, "noise": 0.2}))
    scores = {PictureCheck.BLURRED: 0.8, PictureCheck.DARK: 1.0, PictureCheck.NOISE: 0.2, PictureCheck.FROZEN: 0.5}
    world.see(scores=scores)
    facts = world.facts()
    assert facts.scores == scores
    assert facts.faults == (PictureCheck.FROZEN, PictureCheck.NOISE)
    assert facts.last_picture_at_ms == EPOCH_MS


def test_pushed_pictures_are_not_compared_with_each_other(tmp_path: Path) -> None:
    world = Watched(tmp_path, pushing_camera())
    world.see(scores=dict.fromkeys(PictureCheck, 1.0))
    told = set(PictureCheck) - {PictureCheck.FROZEN, PictureCheck.OCCLUDED, PictureCheck.SCENE_MOVED}
    assert set(world.facts().scores) == set(world.facts().faults) == told


def test_a_camera_that_is_lost_has_no_picture_to_be_judged(world: Watched) -> None:
    world.see(scores={PictureCheck.DARK: 1.0})
    world.health.offline("gate", OTHER(detail="closed"), "ended")
    assert world.facts().scores == {}
    assert world.facts().faults == ()
    assert world.facts().last_picture_at_ms == EPOCH_MS


def test_a_streams_reports_tell_its_clock_and_a_devices_pictures_only_bound_it(tmp_path: Path) -> None:
    stream, device = Watched(tmp_path / "a", live_camera()), Watched(tmp_path / "b", pushing_camera())
    for world in (stream, device):
        assert (world.facts().clock_skew_ms, world.facts().clock_bound_ms) == (None, None)
        for _ in range(30):
            world.clock.pass_s(1)
            world.see(offset_ms=-70_100.0)
    skew_ms, bound_ms = stream.facts().clock_skew_ms, stream.facts().clock_bound_ms
    assert skew_ms is not None
    assert bound_ms is not None
    assert abs(skew_ms + 70_000) <= bound_ms <= 500
    assert (device.facts().clock_skew_ms, device.facts().clock_bound_ms) == (None, 70_100.0)


def test_a_device_s_own_time_tells_its_camera_s_clock_until_reports_tell_it_better(tmp_path: Path) -> None:
    camera = Watched(tmp_path, live_camera())
    camera.health.clock_measured("gate", ClockSource.SIP, 30_000.0, 520.0)
    assert (camera.facts().clock_skew_ms, camera.facts().clock_bound_ms) == (30_000.0, 520.0)
    for _ in range(30):
        camera.clock.pass_s(1)
        camera.see(offset_ms=29_900.0)
    assert (camera.facts().clock_skew_ms, camera.facts().clock_bound_ms) == (30_100.0, 200.0)


def test_no_more_than_the_contract_takes_are_assessed() -> None:
    cameras = [live_camera(f"c{number}") for number in range(1025)]
    health = Health("street", cameras, Pauses(Path("none")), FakeClock(), lambda: None)
    assert len(health.facts()) == 1024
