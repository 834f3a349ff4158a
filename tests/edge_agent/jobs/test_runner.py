"""centre's order ──▶ JobRunner ──▶ capture ──▶ lane of the job ──▶ redactor ──▶ spool, beside the live stream."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from edge_agent.capture.camera_capture import CaptureLimits
from edge_agent.errors import NotFound, Silent
from edge_agent.frames import Selected, SelectReason
from edge_agent.remote_config.job_rules import JobSite
from edge_agent.sources.span_progress import RecorderClock, SpanProgress
from provisioning.contracts.causes import gb28181, recorders
from provisioning.contracts.config.processes import RecordedSpan
from provisioning.contracts.fleet.commands import JobPhase, Priority, Verb
from tests.edge_agent.commanding import Site
from tests.edge_agent.jobs.jobbing import BEGAN_MS, ENDED_MS, EVERY_MS, PICTURES, SPAN, TIMES, Recorder, World
from tests.edge_agent.world import EPOCH_MS, frame
from tests.support.waiting import until

LIVE = {"kind": "live", "until_ms": EPOCH_MS + 600_000, "max_per_second": 5}
STOPPED_MS = BEGAN_MS + 8 * EVERY_MS
SILENT = Silent("gate", gb28181.INVITE_OFFLINE(device="d", channel="c"))
NOTHING = NotFound("gate", recorders.NO_RECORDER())


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(Site(tmp_path_factory.mktemp("site")), {"gate": Recorder(), "yard": Recorder()})
    yield made
    for recorder in made.recorders.values():
        recorder.holds_at_ms = None
    made.abandon.set()
    made.close()


def test_a_span_comes_to_the_spool_with_its_times_and_nothing_beside_it(world: World) -> None:
    world.order(1, "a")
    state = world.work_until_ended("a")
    assert (state.phase, state.reason) == (JobPhase.DONE, None)
    assert world.spooled() == TIMES
    assert (state.selected, state.spooled, state.dropped) == (PICTURES, PICTURES, {})
    assert state.reached_ms in {TIMES[-1], ENDED_MS}
    assert state.begun_at_ms is not None
    assert state.speed is not None
    assert state.speed > 0
    assert world.lanes == {}
    assert world.health.statuses()[0].state.value == "starting", "the camera's own state is its own"
    world.stop()


def test_paused_it_keeps_its_place_and_goes_on_behind_it(world: World) -> None:
    world.order(1, "a")
    world.work_until_held("a", world.recorders["gate"], STOPPED_MS)
    world.tell(2, Verb.PAUSE, "a")
    world.work_until_idle()
    world.recorders["gate"].holds_at_ms = None
    for _ in range(5):
        world.tick()
    assert (world.job("a").phase, world.spooled()) == (JobPhase.PAUSED, TIMES[:8])
    world.tell(3, Verb.RESUME, "a")
    state = world.work_until_ended("a")
    assert (state.phase, state.selected, world.spooled()) == (JobPhase.DONE, PICTURES, TIMES)
    assert world.recorders["gate"].sessions == 2
    world.stop()


@pytest.mark.parametrize("redacted", [0, 1, 2], ids="redacted={}".format)
def test_killed_in_the_middle_every_picture_comes_once(world: World, redacted: int) -> None:
    world.order(1, "a")
    world.work_until_held("a", world.recorders["gate"], STOPPED_MS)
    world.recorders["gate"].holds_at_ms = None
    until(lambda: len(world.queue) == 2)
    world.redact(redacted)
    until(lambda: world.spool.ledgers()["gate"].selected == 11 + redacted)  # its lane is full, and the third waits
    world.tick(10)
    after = world.kill()
    assert after.job("a").phase is JobPhase.RUNNING
    state = after.work_until_ended("a")
    assert (state.phase, after.spooled()) == (JobPhase.DONE, TIMES)
    assert state.selected == state.spooled + sum(state.dropped.values())
    ledger = after.spool.ledgers()["gate"]
    assert ledger.balanced
    assert set(ledger.dropped) <= {"interrupted"}
    after.stop()


def test_stopped_in_order_it_goes_on_at_the_next_start(world: World) -> None:
    world.order(1, "a")
    world.work_until_held("a", world.recorders["gate"], STOPPED_MS)
    world.recorders["gate"].holds_at_ms = None
    until(lambda: len(world.queue) == 2)
    world.stop()
    after = world.next()
    state = after.work_until_ended("a")
    assert (state.phase, after.spooled()) == (JobPhase.DONE, TIMES)
    assert state.dropped["interrupted"] >= 2
    assert state.selected == state.spooled + sum(state.dropped.values())
    after.stop()


def test_a_span_up_to_now_by_a_clock_that_is_ahead_waits_until_it_is_over_here(world: World) -> None:
    late = {"kind": "span", "span": {"started_at_ms": BEGAN_MS, "ended_at_ms": EPOCH_MS + 3000}}
    world.order(1, "a", late)
    world.tick()
    reason = world.job("a").reason
    assert reason is not None
    assert (world.job("a").phase, reason.code, world.begun) == (JobPhase.WAITING, "job_waits_for_end", [])
    world.tick(2)
    assert world.job("a").phase is JobPhase.RUNNING
    world.work_until_ended("a")
    world.stop()


def test_a_repeated_span_is_known_already(world: World) -> None:
    world.order(1, "a")
    world.work_until_ended("a")
    world.order(2, "again")
    state = world.work_until_ended("again")
    assert (state.phase, state.spooled, state.dropped) == (JobPhase.DONE, 0, {"duplicate": PICTURES})
    assert world.spooled() == TIMES
    world.stop()


def test_two_at_once_one_a_camera_and_by_priority(world: World) -> None:
    for recorder in world.recorders.values():
        recorder.holds_at_ms = STOPPED_MS
    world.order(1, "a")
    world.order(2, "b")
    world.order(3, "c", camera_id="yard", priority=Priority.LAST)
    world.order(4, "d", camera_id="yard", priority=Priority.FIRST)
    world.tick()
    assert world.begun == ["d", "a"]
    waiting = world.job("b").reason
    assert waiting is not None
    assert (world.job("b").phase, waiting.code, waiting.params) == (
        JobPhase.WAITING,
        "job_waits_for_turn",
        {"running": "2"},
    )
    for recorder in world.recorders.values():
        recorder.holds_at_ms = None
    for job_id in "abcd":
        world.work_until_ended(job_id)
    assert world.begun[:2] == ["d", "a"]
    assert sorted(world.begun) == ["a", "b", "c", "d"]
    world.stop()


def test_cancelled_it_ends_and_what_was_selected_still_comes(world: World) -> None:
    world.order(1, "a")
    world.work_until_held("a", world.recorders["gate"], STOPPED_MS)
    world.tell(2, Verb.CANCEL, "a")
    world.work_until_idle()
    assert (world.job("a").phase, world.spooled()) == (JobPhase.CANCELLED, TIMES[:8])
    assert world.job("a").selected == world.job("a").spooled == 8
    world.stop()


def test_a_camera_that_shows_a_face_stops_its_job_until_a_person_resumes_it(world: World) -> None:
    world.order(1, "a")
    world.work_until_held("a", world.recorders["gate"], STOPPED_MS)
    world.health.pause("gate")
    world.work_until_idle()
    reason = world.job("a").reason
    assert reason is not None
    assert (world.job("a").phase, reason.code) == (JobPhase.WAITING, "job_camera_leaked")
    world.recorders["gate"].holds_at_ms = None
    world.pauses.resume("gate")
    state = world.work_until_ended("a")
    assert (state.phase, world.spooled()) == (JobPhase.DONE, TIMES)
    world.stop()


def test_a_spool_that_is_nearly_full_is_left_to_live_cameras(world: World) -> None:
    world.order(1, "a")
    world.work_until_held("a", world.recorders["gate"], STOPPED_MS)
    world.recorders["gate"].holds_at_ms = None
    world.share = 0.8
    world.work_until_idle()
    reason = world.job("a").reason
    assert reason is not None
    assert (world.job("a").phase, reason.code) == (JobPhase.WAITING, "job_waits_for_room")
    world.share = 0.75
    world.tick()
    assert world.job("a").phase is JobPhase.WAITING
    world.share = 0.6
    state = world.work_until_ended("a")
    assert (state.phase, world.spooled()) == (JobPhase.DONE, TIMES)
    world.stop()


def test_a_camera_that_is_configured_no_more_ends_its_jobs_with_a_cause(world: World) -> None:
    world.order(1, "a")
    world.order(2, "b", LIVE)
    world.work_until_held("a", world.recorders["gate"], STOPPED_MS)
    world.stop()
    after = world.next()
    after.site_of_jobs = JobSite(cameras=frozenset({"yard"}), recorded=frozenset({"yard"}), live=frozenset({"yard"}))
    after.runner = after._runner()
    after.tick()
    for job_id in ("a", "b"):
        state = after.job(job_id)
        assert state.reason is not None
        assert (state.phase, state.reason.code, state.ended_at_ms is None) == (
            JobPhase.FAILED,
            "job_camera_gone",
            False,
        )
    assert after.job("a").spooled == 8
    after.stop()


def test_what_does_not_pass_by_itself_fails_a_job_at_once(world: World) -> None:
    world.recorders["gate"].fails = [NOTHING]
    world.order(1, "a")
    state = world.work_until_ended("a")
    assert (state.phase, state.reason) == (JobPhase.FAILED, NOTHING.reason)
    world.recorders["gate"].times = []
    world.order(2, "b")
    state = world.work_until_ended("b")
    assert state.reason is not None
    assert (state.phase, state.reason.code) == (JobPhase.FAILED, "job_nothing_came")
    world.stop()


@pytest.mark.parametrize(
    ("left_out", "phase", "failed"), [((3, 5), JobPhase.DONE, "2"), ((15, PICTURES), JobPhase.FAILED, "5")]
)
def test_gaps_are_stated_and_a_span_without_its_end_is_not_done(
    world: World, left_out: tuple[int, int], phase: JobPhase, failed: str
) -> None:
    def part(first: int, last: int) -> RecordedSpan:
        return RecordedSpan(started_at_ms=BEGAN_MS + first * EVERY_MS, ended_at_ms=BEGAN_MS + last * EVERY_MS)

    world.progress = lambda: SpanProgress(
        part(0, PICTURES), ENDED_MS, (part(0, 1),), (part(*left_out),), is_over=True, clock=RecorderClock()
    )
    world.order(1, "a")
    state = world.work_until_ended("a")
    assert state.reason is not None
    assert (state.phase, state.reason.code) == (phase, "job_gaps")
    assert state.reason.params == {"missing": "1", "failed": failed}
    world.stop()


def test_a_recorder_that_has_nothing_more_is_believed_after_a_minute(world: World) -> None:
    world.order(1, "a")
    world.work_until_held("a", world.recorders["gate"], STOPPED_MS)
    world.tell(2, Verb.PAUSE, "a")
    world.work_until_idle()
    world.recorders["gate"].holds_at_ms = None
    world.recorders["gate"].fails = [NOTHING] * 100_000
    world.tell(3, Verb.RESUME, "a")
    state = world.work_until_ended("a")
    assert (state.phase, state.reason, world.spooled()) == (JobPhase.DONE, NOTHING.reason, TIMES[:8])
    world.stop()


def test_a_recorder_that_is_away_is_waited_for_and_not_for_ever(world: World) -> None:
    world.recorders["gate"].fails = [SILENT] * 3
    world.order(1, "a")
    assert world.work_until_ended("a").phase is JobPhase.DONE
    world.recorders["gate"].fails = [SILENT] * 100_000
    world.order(2, "b")
    state = world.work_until_ended("b")
    assert (state.phase, state.reason) == (JobPhase.FAILED, SILENT.reason)
    world.stop()


def test_a_live_camera_keeps_its_turn(world: World) -> None:
    world.order(1, "a", priority=Priority.FIRST)
    world.tick()
    until(lambda: len(world.queue) == 2)
    mine = Selected(frame(99, camera_id="gate"), SelectReason.CHANGE)
    world.queue.put("gate", mine, world.abandon)
    first = [world.queue.take_next(0), world.queue.take_next(0)]
    assert mine in first
    for each in first:
        if each is not mine and each is not None:
            world.lanes[each.lane].finish(each)
    world.work_until_ended("a")
    world.stop()


# --- live work


def limits(world: World) -> float:
    """How often the gate may select at the moment, where that is raised."""
    orders = world.captures["gate"].orders
    return orders[-1].max_per_s if orders else 0.0


def test_a_live_stream_is_looked_at_more_often_and_gives_it_back_in_time(world: World) -> None:
    world.order(1, "a", LIVE)
    world.tick()
    assert world.captures["gate"].orders == [CaptureLimits(closer=True, max_per_s=5)]
    assert (world.job("a").phase, limits(world)) == (JobPhase.RUNNING, 5)
    world.tick(598)
    assert limits(world) == 5
    world.tick(1)
    assert (world.job("a").phase, limits(world)) == (JobPhase.DONE, 0)
    assert world.captures["gate"].orders[-1] == CaptureLimits()
    world.stop()


def test_a_clock_that_is_set_back_makes_it_no_longer_and_one_set_forward_ends_it(world: World) -> None:
    world.order(1, "a", LIVE)
    world.tick()
    world.clock._start_ms -= 3_600_000
    world.tick(598)
    assert limits(world) == 5
    world.tick(2)
    assert (world.job("a").phase, limits(world)) == (JobPhase.DONE, 0)
    world.clock._start_ms += 3_600_000
    world.order(2, "b", {**LIVE, "until_ms": world.clock.now_ms() + 600_000})
    world.tick()
    assert limits(world) == 5
    world.clock._start_ms += 600_000
    world.tick()
    assert (world.job("b").phase, limits(world)) == (JobPhase.DONE, 0)
    world.stop()


@pytest.mark.parametrize(
    ("off_s", "set_back_ms", "phase"), [(100, 0, "running"), (600, 0, "done"), (100, 900_000, "running")]
)
def test_it_goes_on_after_a_restart_for_what_is_left(world: World, off_s: int, set_back_ms: int, phase: str) -> None:
    world.order(1, "a", LIVE)
    world.tick()
    world.tick(300)
    world.tick()  # written
    after = world.kill()
    after.clock.pass_s(off_s)
    after.clock._start_ms -= set_back_ms
    after.runner = after._runner()
    after.tick()
    assert (after.job("a").phase.value, limits(after)) == (phase, 5 if phase == "running" else 0)
    after.tick(300)
    assert (after.job("a").phase, limits(after)) == (JobPhase.DONE, 0)
    after.stop()


def test_paused_it_gives_the_rate_back_and_its_time_runs_on(world: World) -> None:
    world.order(1, "a", LIVE)
    world.tick()
    world.tell(2, Verb.PAUSE, "a")
    world.tick()
    assert (world.job("a").phase, limits(world)) == (JobPhase.PAUSED, 0)
    world.tell(3, Verb.RESUME, "a")
    world.tick()
    assert (world.job("a").phase, limits(world)) == (JobPhase.RUNNING, 5)
    world.tell(4, Verb.CANCEL, "a")
    world.tick()
    assert (world.job("a").phase, limits(world)) == (JobPhase.CANCELLED, 0)
    world.order(5, "b", LIVE)
    world.tell(6, Verb.PAUSE, "b")
    world.tick(600)
    assert world.job("b").phase is JobPhase.DONE
    world.stop()


def test_a_selected_picture_of_a_job_is_no_picture_of_the_cameras_share(world: World) -> None:
    own = Selected(frame(1, camera_id="gate"), SelectReason.CHANGE)
    fetched = replace(own, job="job/a")
    assert (own.lane, fetched.lane) == ("gate", "job/a")
    world.scheduler.queued(fetched)
    world.scheduler.left(fetched, 1.0)
    assert world.captures["gate"].orders == []
    assert SPAN["kind"] == "span"
