"""One camera's way from light to disk, with the others beside it.

fake sources ──▶ capture ──▶ queue ──▶ fake redactor ──▶ real spool
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.capture.camera_capture import Capture
from edge_agent.clock import Backoff
from edge_agent.errors import Crashed, DropReason, RedactionUnavailable, Unreachable
from edge_agent.frames import Selected, Skipped, SkipReason
from edge_agent.health.pauses import Pauses
from edge_agent.pipeline import Pipeline, redact_in_turn
from edge_agent.spool.database import STEP_BYTES
from provisioning.contracts.causes.catalogue import english
from provisioning.contracts.causes.pictures import LEAK
from provisioning.contracts.causes.work import OTHER
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import CameraState
from tests.edge_agent.pipelines import Script, World, live_camera
from tests.edge_agent.world import (
    EPOCH_MS,
    flat,
    frame,
    glance,
    jpeg_of,
    selected,
)
from tests.support.waiting import LONG_S


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, {name: [[glance(n, camera_id=name) for n in range(3)]] for name in ("gate", "yard")})
    yield made
    made.spool.close()


def test_what_is_selected_is_redacted_and_spooled(world: World) -> None:
    assert world.state() == (CameraState.STARTING, "")
    world.run("gate")
    assert world.state() == (CameraState.ONLINE, "")
    assert world.ledger().in_flight == 3
    world.redact_all()
    ledger = world.ledger()
    assert (ledger.selected, ledger.spooled, ledger.dropped) == (3, 3, {})
    assert world.spooled == [1, 2, 3]  # the publisher is woken once each is on the disk


def test_a_camera_that_fails_is_tried_again_with_growing_waits_and_recovers(tmp_path: Path) -> None:
    lost = Unreachable("gate", OTHER(detail="10.0.0.1:554 refuses the connection: check address and port"))
    world = World(tmp_path, {"gate": [[lost], [lost], [lost], [glance(0), lost], [glance(1)]]})
    states: list[tuple[CameraState, str]] = []
    world.clock.on_wait = lambda _: states.append(world.state())
    world.run("gate")
    assert world.clock.waits == [1.0, 2.0, 4.0, 1.0]  # a frame in between resets the patience
    assert states == [(CameraState.OFFLINE, english(lost.reason))] * 4
    assert world.state() == (CameraState.ONLINE, "")
    assert world.ledger().selected == 2
    world.spool.close()


def test_a_stream_that_crashes_its_decoder_again_and_again_is_tried_ever_more_rarely(tmp_path: Path) -> None:
    crash = Crashed("gate", OTHER(detail="the decoder crashed (SIGSEGV); it is started again"))
    lasting = [glance(1), glance(2, at_ms=EPOCH_MS + 90_000)]
    script: list[Script] = [[glance(0), crash], [glance(0), crash], [glance(0), crash], [*lasting, crash], []]
    world = World(tmp_path, {"gate": script})
    world.sources["gate"].before = lambda: world.clock.pass_s(20 + 50 * (world.sources["gate"].opened == 4))
    world.run("gate")
    assert world.clock.waits == [1.0, 2.0, 4.0, 1.0]  # the fourth time it went well for a minute
    world.spool.close()


def test_run_once_fails_with_the_reason(tmp_path: Path) -> None:
    lost = Unreachable("gate", OTHER(detail="gone"))
    world = World(tmp_path, {"gate": [[glance(0), lost]]})
    with pytest.raises(Unreachable, match="gone"):
        world.pipelines["gate"].run_once(world.stop["gate"], world.stop["gate"])
    assert world.ledger().selected == 1
    world.spool.close()


def test_one_camera_failing_leaves_the_other_alone(tmp_path: Path) -> None:
    lost = Unreachable("gate", OTHER(detail="gone"))
    world = World(tmp_path, {"gate": [[lost]] * 20 + [[]], "yard": [[glance(n, camera_id="yard") for n in range(5)]]})
    threads = [threading.Thread(target=world.run, args=(name,)) for name in ("gate", "yard")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG_S)
    world.redact_all()
    assert world.sources["gate"].opened == 21
    assert world.ledger("yard").spooled == 5
    assert world.state("yard")[0] is CameraState.ONLINE
    world.spool.close()


def test_a_recording_that_is_over_is_not_begun_again(tmp_path: Path) -> None:
    world = World(tmp_path, {"gate": [[glance(0)], []]})
    world.run("gate")
    assert world.sources["gate"].opened == 1
    assert world.state() == (CameraState.OFFLINE, "the recording has been played to its end")
    world.spool.close()


@pytest.mark.parametrize(
    "drop", [DropReason.REDACTION_UNAVAILABLE, DropReason.REDACTION_TIMEOUT, DropReason.SECOND_LOOK]
)
def test_what_cannot_be_redacted_goes_nowhere_and_the_camera_says_so(world: World, drop: DropReason) -> None:
    world.redactors["gate"].failures = [RedactionUnavailable(drop, OTHER(detail="no model; fetch it"))]
    world.run("gate")
    first = world.queue.take_next(0)
    assert first is not None
    world.pipelines["gate"].finish(first)
    assert world.spool.messages == 0
    assert world.state() == (CameraState.REDACTION_UNAVAILABLE, "no model; fetch it")
    world.redact_all()
    assert world.state() == (CameraState.ONLINE, "")
    assert world.ledger().dropped == {drop: 1}
    assert world.ledger().spooled == 2


def test_a_bug_in_the_redactor_publishes_nothing_and_is_not_hidden(world: World) -> None:
    class Buggy:
        def redact(self, _: Selected) -> object:
            raise ZeroDivisionError

    world.pipelines["gate"]._redactor = Buggy()  # type: ignore[assignment] # that is the point
    world.run("gate")
    first = world.queue.take_next(0)
    assert first is not None
    with pytest.raises(ZeroDivisionError):
        world.pipelines["gate"].finish(first)
    assert world.ledger().dropped == {"redaction_unavailable": 1}
    assert world.state()[0] is CameraState.REDACTION_UNAVAILABLE


def test_a_busy_redactor_drops_the_oldest_of_the_busy_camera_only(tmp_path: Path) -> None:
    busy = [glance(n) for n in range(10)]
    world = World(tmp_path, {"gate": [busy], "yard": [[glance(0, camera_id="yard")]]}, per_lane=2)
    world.run("gate")
    world.run("yard")
    world.redact_all()
    assert world.ledger("gate").dropped == {"redactor_busy": 8}
    assert [each.frame.source_key for each in world.redactors["gate"].seen] == ["f8", "f9"]
    assert world.ledger("yard").dropped == {}
    world.spool.close()


def test_a_replay_that_begins_again_redacts_nothing_twice(tmp_path: Path) -> None:
    looks = [glance(n) for n in range(4)]
    world = World(tmp_path, {"gate": [looks]})
    world.run("gate")
    world.redact_all()
    world.spool.close()
    again = World(tmp_path, {"gate": [looks]})
    again.run("gate")
    again.redact_all()
    assert again.redactors["gate"].seen == []
    ledger = again.ledger()
    assert (ledger.selected, ledger.spooled, ledger.dropped) == (8, 4, {"duplicate": 4})
    again.spool.close()


def test_a_pause_stops_pulling_drops_what_waits_and_ends_by_hand(tmp_path: Path) -> None:
    world = World(tmp_path, {"gate": [[glance(0), glance(1)], [glance(2)]]})
    pipeline, stop = world.pipelines["gate"], world.stop["gate"]
    pipeline._enter(selected(9), stop)
    world.health.pause("gate")
    world.redact_all()
    assert world.ledger().dropped == {"paused": 1}
    assert world.state() == (CameraState.PAUSED, english(LEAK()))

    def resume_after_three(_: float) -> None:
        if len(world.clock.waits) == 3:
            assert Pauses(tmp_path).resume("gate")  # as the command does, from another process

    world.clock.on_wait = resume_after_three
    world.run("gate")
    assert world.clock.waits == [1.0, 1.0, 1.0]
    assert world.ledger().selected == 3
    assert world.state()[0] is not CameraState.PAUSED
    world.spool.close()


def test_a_pause_in_the_middle_of_a_stream_closes_it(tmp_path: Path) -> None:
    world = World(tmp_path, {"gate": [[glance(0), glance(1)]]})
    world.health.pause("gate")
    assert world.pipelines["gate"].run_once(world.stop["gate"], world.stop["gate"]) is False
    assert world.spool.ledgers() == {}
    world.spool.close()


def test_skipped_pictures_are_counted_and_logged_ever_more_rarely(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad = [Skipped("gate", SkipReason.BROKEN, "a keyframe does not decode")] * 150
    world = World(tmp_path, {"gate": [[*bad, glance(0)]]})
    world.run("gate")
    assert world.pipelines["gate"].skipped == {"broken": 150}
    assert sum("picture skipped" in record.message for record in caplog.records) == 3  # the 1st, 10th and 100th
    assert world.ledger().selected == 1
    world.spool.close()


def test_a_full_disk_is_one_line_and_the_pictures_after_it_pass(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run("gate")
    world.redactors["gate"]._picture = jpeg_of(STEP_BYTES + STEP_BYTES // 2)  # more than the spool has taken beforehand
    monkeypatch.setattr(world.spool._database, "free_bytes", lambda: 1000)
    for _ in range(2):
        waiting = world.queue.take_next(0)
        assert waiting is not None
        world.pipelines["gate"].finish(waiting)
    monkeypatch.undo()
    world.redact_all()
    assert world.ledger().dropped == {"disk_full": 2}
    assert world.ledger().spooled == 1
    assert sum("disk full" in record.message for record in caplog.records) == 1
    assert sum("room again" in record.message for record in caplog.records) <= 1


def test_what_waits_when_the_agent_stops_is_interrupted_and_may_come_again(world: World) -> None:
    world.run("gate")
    stop = threading.Event()
    stop.set()
    redact_in_turn(world.queue, world.pipelines, stop, stop)
    assert world.ledger().dropped == {"interrupted": 3}
    assert world.spool.select(frame(0).observation_id, "gate")


def test_what_a_decoder_brings_after_the_stop_is_not_selected(world: World) -> None:
    world.stop["gate"].set()
    assert world.pipelines["gate"].run_once(world.stop["gate"], threading.Event()) is False
    assert world.spool.ledgers() == {}


def test_what_waits_at_a_change_of_configuration_is_redacted_to_the_last(world: World) -> None:
    world.run("gate")
    no_more = threading.Event()
    no_more.set()
    redact_in_turn(world.queue, world.pipelines, no_more, threading.Event())
    assert (world.ledger().spooled, world.ledger().dropped) == (3, {})


def test_a_still_scene_is_not_selected_again(tmp_path: Path) -> None:
    world = World(tmp_path, {"gate": [[glance(n, image=flat(50)) for n in range(10)]]})
    world.cameras["gate"] = world.cameras["gate"].model_copy(update={"selector": processes.Selector()})
    pipeline = Pipeline(
        world.cameras["gate"],
        Capture(world.cameras["gate"], world.sources["gate"], world.clock),
        world.redactors["gate"],
        world.queue,
        world.scheduler,
        world.detection_worker,
        world.spool,
        world.health,
        world.clock,
        Backoff(1, 1),
        lambda: None,
    )
    pipeline.run(world.stop["gate"], world.stop["gate"])
    assert world.ledger().selected == 1
    world.spool.close()


@pytest.mark.parametrize(("apart_s", "told"), [(1, 8), (0, 0)])  # a camera tells of itself once a second
def test_a_live_camera_takes_no_more_than_may_wait_and_nothing_overflows(
    apart_s: float, told: int, tmp_path: Path
) -> None:
    world = World(tmp_path, {"gate": [[glance(n) for n in range(10)]]}, per_lane=2, camera=live_camera)
    world.sources["gate"].before = lambda: world.clock.pass_s(apart_s)
    world.run("gate")
    assert len(world.queue) == 2
    assert world.ledger().selected == 2
    assert world.health.passed_over() == {"gate": told}
    world.redact_all()
    assert (world.ledger().spooled, world.ledger().dropped) == (2, {})
    assert world.scheduler.rate_per_s() is not None
    assert not world.captures["gate"]._orders.is_full  # there is room again
    world.spool.close()


def test_a_lost_camera_may_not_look_closer_any_more(tmp_path: Path) -> None:
    lost = Unreachable("gate", OTHER(detail="gone"))
    moving = [glance(n, image=flat(90 * (n % 2))) for n in range(4)]  # from its second picture on
    world = World(tmp_path, {"gate": [[*moving, lost], []]}, camera=live_camera)
    held: list[bool] = []
    world.sources["gate"].before = lambda: world.clock.pass_s(1)
    world.clock.on_wait = lambda _: held.append(world.scheduler._slots.holds("gate"))
    world.run("gate")
    assert world.captures["gate"]._orders.closer  # it had been told so
    assert held == [False]
    world.spool.close()
