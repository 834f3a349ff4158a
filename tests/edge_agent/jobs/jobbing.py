"""An agent's jobs with real orders, spool, queue and scheduler; recorders that play a script, and a grey redactor."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from edge_agent.capture.camera_capture import Capture
from edge_agent.errors import SourceError
from edge_agent.frames import Glance, Selected
from edge_agent.health.camera_health import Health
from edge_agent.health.pauses import Pauses
from edge_agent.jobs.runner import JobRunner
from edge_agent.jobs.span_run import AgentParts, SpanRun
from edge_agent.jobs.tally import JobTally
from edge_agent.pipeline import Pipeline
from edge_agent.remote_config.job_rules import Job
from edge_agent.scheduling.fair_queue import FairQueue
from edge_agent.scheduling.scheduler import Scheduler
from edge_agent.sources.span_progress import SpanProgress
from edge_agent.spool.spool import Spool
from provisioning.contracts.config import processes
from provisioning.contracts.fleet.commands import JobState, Verb
from provisioning.contracts.wire import codec
from tests.edge_agent import pipelines
from tests.edge_agent.commanding import JOB_SITE, Site
from tests.edge_agent.scheduling.obedient import Obedient
from tests.edge_agent.world import EPOCH_MS, GreyRedactor, edge_config, glance
from tests.support.waiting import until

BEGAN_MS = EPOCH_MS - 3_600_000
EVERY_MS = 1000
PICTURES = 20
ENDED_MS = BEGAN_MS + PICTURES * EVERY_MS
SPAN = {"kind": "span", "span": {"started_at_ms": BEGAN_MS, "ended_at_ms": ENDED_MS}}
TIMES = list(range(BEGAN_MS, ENDED_MS, EVERY_MS))


class Recorder:
    """What one camera's recorder holds; it may be stopped before a picture, or fail there."""

    def __init__(self) -> None:
        self.times = [BEGAN_MS - EVERY_MS, *TIMES, ENDED_MS]  # as one that gives more than was asked for
        self.holds_at_ms: int | None = None
        self.fails: list[SourceError] = []
        self.sessions = 0

    def frames(self, span: processes.RecordedSpan, stop: threading.Event) -> Iterator[Glance]:
        self.sessions += 1
        if self.fails:
            raise self.fails.pop(0)
        for number, at_ms in enumerate(self.times):
            if at_ms < span.started_at_ms - EVERY_MS:
                continue
            while self.holds_at_ms is not None and at_ms >= self.holds_at_ms and not stop.wait(0.005):
                pass
            if stop.is_set():
                return
            yield glance(number, camera_id="", at_ms=at_ms)


class _Session:
    def __init__(self, camera_id: str, recorder: Recorder, span: processes.RecordedSpan) -> None:
        self._camera_id = camera_id
        self._recorder = recorder
        self._span = span

    def frames(self, stop: threading.Event) -> Iterator[Glance]:
        for each in self._recorder.frames(self._span, stop):
            frame = each.frame()
            yield glance(int(frame.source_key[1:]), camera_id=self._camera_id, at_ms=each.captured_at_ms)


class World:
    """One agent from its start to its end, or to its kill; the next has the same folder, clock and recorders."""

    def __init__(self, site: Site, recorders: dict[str, Recorder]) -> None:
        self.site = site
        self.clock = site.clock
        self.recorders = recorders
        self.cameras = {name: pipelines.live_camera(name) for name in ("gate", "yard", "live-only")}
        folder: Path = site.folder
        self.spool = Spool(processes.Spool(directory=folder), self.clock)
        self.pauses = Pauses(folder)
        self.health = Health("street", list(self.cameras.values()), self.pauses, self.clock, lambda: None)
        self.queue: FairQueue[Selected] = FairQueue(2, "drop_oldest", site.orders.rank)
        self.captures = {name: Obedient() for name in self.cameras}
        self.scheduler = Scheduler(edge_config(folder, *self.cameras.values()), self.captures, self.queue, self.clock)
        self.lanes: dict[str, Pipeline] = {}
        self.abandon = threading.Event()
        self.begun: list[str] = []
        self.share = 0.0
        self.progress: Callable[[], SpanProgress] | None = None
        self.parts = AgentParts(
            self.queue,
            self.scheduler,
            self.spool,
            self.pauses.is_paused,
            self.clock,
            lambda: None,
            self.abandon,
        )
        self.site_of_jobs = JOB_SITE
        self.runner = self._runner()
        self._is_stopped = False
        self._after: World | None = None

    def _runner(self) -> JobRunner:
        return JobRunner(
            self.site.orders,
            self.site_of_jobs,
            self._begin,
            self.lanes,
            self.scheduler.raise_rates,
            self.health.statuses,
            self.pauses.is_paused,
            lambda: self.share,
            self.clock,
        )

    def _begin(self, job_id: str, job: Job, left: processes.RecordedSpan, tally: JobTally) -> SpanRun:
        camera = self.cameras[job.state.camera_id].model_copy(update={"source": pipelines.recorder(job_id).source})
        self.begun.append(job_id)
        source = _Session(camera.id, self.recorders[camera.id], left)
        capture = Capture(camera, source, self.clock)
        redactor = GreyRedactor(camera)
        return SpanRun(job_id, camera, left, capture, redactor, tally, self.parts, progress=self.progress)

    # --- the centre

    def order(self, number: int, job: str, work: object = None, camera_id: str = "gate", **changes: object) -> None:
        self.site.send(
            self.site.command(number, Verb.START, camera_id=camera_id, job=job, work=work or SPAN, **changes)
        )
        assert self.site.word == (number, True)

    def tell(self, number: int, verb: Verb, job: str, camera_id: str = "gate", **changes: object) -> None:
        self.site.send(self.site.command(number, verb, camera_id=camera_id, job=job, **changes))
        assert self.site.word == (number, True)

    def job(self, job_id: str) -> JobState:
        return self.site.orders.jobs()[job_id].state

    # --- the agent

    def tick(self, seconds: float = 1.0) -> None:
        self.clock.pass_s(seconds)
        self.runner.tick()

    def redact(self, count: int = 1000) -> None:
        """So many of the pictures that wait, at most."""
        for _ in range(count):
            selected = self.queue.take_next(0)
            if selected is None:
                return
            self.lanes[selected.lane].finish(selected)

    def work_until_ended(self, job_id: str) -> JobState:
        def has_ended() -> bool:
            self.tick()
            self.redact()
            return self.job(job_id).phase.has_ended

        until(has_ended, job_id)
        return self.job(job_id)

    def work_until_idle(self) -> None:
        """Until no job runs."""

        def is_idle() -> bool:
            self.tick()
            self.redact()
            return not self.lanes

        until(is_idle)
        self.tick()

    def work_until_held(self, job_id: str, recorder: Recorder, at_ms: int) -> None:
        """Until all pictures before `at_ms` are in the spool."""
        recorder.holds_at_ms = at_ms

        def is_held() -> bool:
            self.tick()
            self.redact()
            return self.job(job_id).reached_ms == at_ms - EVERY_MS

        until(is_held, job_id)

    def spooled(self) -> list[int]:
        """Capture times of all pictures in the spool, in order."""
        stored = self.spool.next_unsent((), (), max_messages=10_000, max_bytes=2**40)
        return sorted(codec.decode_snapshot(each.payload)[0].captured_at_ms for each in stored)

    def stop(self) -> None:
        """In order, as `Agent.stop`."""
        stop = threading.Event()
        stop.set()
        self.runner.run(stop)
        self.abandon.set()
        while (left := self.queue.take_next(0)) is not None:
            self.lanes[left.lane].interrupt(left)
        self.runner.settle()
        self.close()

    def close(self) -> None:
        """Closes the spool, and those of the agents after this one: a connection does not close itself."""
        if not self._is_stopped:
            self._is_stopped = True
            self.spool.close()
        if self._after is not None:
            self._after.close()

    def next(self) -> "World":
        """The agent that starts on what is on the disk."""
        self.site.orders = self.site.start()
        self._after = World(self.site, self.recorders)
        return self._after

    def kill(self) -> "World":
        """An agent that starts on the disk as it is now; what this one does from here on does not count."""
        folder = self.site.folder.with_name(self.site.folder.name + "-after")
        shutil.copytree(self.site.folder, folder)
        for recorder in self.recorders.values():
            recorder.holds_at_ms = None
        self.stop()
        self.site.folder = folder
        return self.next()
