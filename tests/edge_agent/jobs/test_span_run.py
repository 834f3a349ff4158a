"""One run of a span: what its pipeline reports stays its own, and machines are followed with tracks of its own."""

from collections.abc import Iterator

import pytest

from edge_agent.capture.camera_capture import CaptureLimits
from edge_agent.errors import DropReason, RedactionUnavailable
from edge_agent.frames import DetectionRequest, Followed, Reduced
from edge_agent.jobs.span_run import SpanRun
from edge_agent.jobs.tally import JobTally
from provisioning.contracts.causes import pictures
from provisioning.contracts.config.processes import RecordedSpan
from provisioning.contracts.fleet.commands import JobPhase, JobState, SpanWork
from tests.edge_agent.commanding import Site
from tests.edge_agent.jobs.jobbing import BEGAN_MS, ENDED_MS, SPAN, Recorder, World
from tests.edge_agent.scheduling.obedient import Obedient
from tests.edge_agent.world import EPOCH_MS, GreyRedactor, flat

REQUEST = DetectionRequest("gate", BEGAN_MS, Reduced(flat(0), (64, 36)), is_taken=False)
BROKEN = RedactionUnavailable(DropReason.REDACTION_UNAVAILABLE, pictures.MODEL_FAILED(detail="x"))


class Following(GreyRedactor):
    """Finds what the test says."""

    finds: Followed | RedactionUnavailable = Followed(take=True, events=1)
    forgotten = 0

    def detect(self, request: DetectionRequest, *, may_take: bool) -> Followed:
        assert may_take
        if isinstance(self.finds, RedactionUnavailable):
            raise self.finds
        return self.finds

    def forget(self) -> None:
        self.forgotten += 1

    def expire(self) -> None:
        pass


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(Site(tmp_path_factory.mktemp("site")), {"gate": Recorder()})
    yield made
    made.stop()


class Run:
    """A run that is not started."""

    def __init__(self, world: World) -> None:
        state = JobState(
            camera_id="gate", work=SpanWork.model_validate(SPAN), phase=JobPhase.WAITING, ordered_at_ms=EPOCH_MS
        )
        self.redactor = Following(world.cameras["gate"])
        self.capture = Obedient()
        self.run = SpanRun(
            "a",
            world.cameras["gate"],
            RecordedSpan(started_at_ms=BEGAN_MS, ended_at_ms=ENDED_MS),
            self.capture,
            self.redactor,
            JobTally(state),
            world.parts,
            looks_per_s=5.0,
        )


def test_machines_are_looked_for_between_snapshots_and_each_look_is_answered(world: World) -> None:
    its = Run(world)
    assert its.capture.orders == [CaptureLimits(looks_per_s=5.0)]
    its.run.put(REQUEST)
    its.redactor.finds = Followed(take=False, events=0)
    its.run.detect(REQUEST)
    its.redactor.finds = BROKEN
    its.run.detect(REQUEST)
    assert its.capture.answers == [(BEGAN_MS, True), (BEGAN_MS, False), (BEGAN_MS, False)]
    assert its.run.reason == BROKEN.reason
    its.run.turned("gate")
    assert its.redactor.forgotten == 1


def test_what_is_reported_of_a_job_does_not_reach_its_camera(world: World) -> None:
    run = Run(world).run
    before = world.health.statuses()
    run.unredacted("gate", BROKEN.reason)
    run.unusable("gate")
    run.lost("gate")
    assert (world.health.statuses(), world.captures["gate"].orders) == (before, [])
    assert run.reason == BROKEN.reason
    run.delivering("gate")
    assert run.reason is None
