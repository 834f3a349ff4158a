"""Whole pipelines with cameras that play a script and a redactor that paints all grey."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from edge_agent.capture.camera_capture import Capture
from edge_agent.clock import Backoff
from edge_agent.errors import SourceError
from edge_agent.frames import Glance, Selected, Skipped
from edge_agent.health.camera_health import Health
from edge_agent.health.pauses import Pauses
from edge_agent.pipeline import Pipeline
from edge_agent.scheduling.detection_worker import DetectionWorker
from edge_agent.scheduling.fair_queue import FairQueue
from edge_agent.scheduling.scheduler import Scheduler
from edge_agent.spool.spool import Spool
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import CameraState, Ledger
from tests.edge_agent.world import (
    EPOCH_MS,
    FakeClock,
    GreyRedactor,
    edge_config,
    replay_camera,
)


def live_camera(name: str) -> processes.Camera:
    """Takes every picture that it may."""
    source = processes.RtspSource(url="rtsp://127.0.0.1/a")
    return processes.Camera(id=name, source=source, selector=processes.Selector(change_threshold=0, max_per_second=25))


PLATFORM = {"host": "127.0.0.1", "platform_id": "34020000002000000001"}


def recorder(name: str) -> processes.Camera:
    """Recordings that a device holds."""
    source = {"kind": "gb28181", "device_id": "34020000001180000001", "channel_id": "34020000001310000001"}
    span = {"started_at_ms": EPOCH_MS, "ended_at_ms": EPOCH_MS + 60_000}
    login = {"username": "34020000001180000001", "password_sealed": "0" * 64}
    return processes.Camera.model_validate(
        {
            "id": name,
            "source": source | login | {"span": span},
            "selector": {"change_threshold": 0, "max_per_second": 25},
        }
    )


Script = Sequence[Glance | Skipped | SourceError]


class ScriptedSource:
    """Plays one script an attempt; the last attempt ends the test's run."""

    def __init__(self, attempts: Sequence[Script], stop: threading.Event) -> None:
        self._attempts = list(attempts)
        self._stop = stop
        self.opened = 0
        self.before: Callable[[], None] = lambda: None

    def frames(self, _: threading.Event) -> Iterator[Glance | Skipped]:
        script = self._attempts[self.opened]
        self.opened += 1
        for item in script:
            if isinstance(item, SourceError):
                raise item
            self.before()
            yield item
        if self.opened == len(self._attempts):
            self._stop.set()


class World:
    """Several cameras, one redaction queue, one spool."""

    def __init__(
        self,
        folder: Path,
        scripts: dict[str, Sequence[Script]],
        *,
        per_lane: int = 64,
        camera: Callable[[str], processes.Camera] | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.stop = {name: threading.Event() for name in scripts}
        self.spool = Spool(processes.Spool(directory=folder), self.clock)
        self.cameras = {name: replay_camera(name, folder) if camera is None else camera(name) for name in scripts}
        self.pauses = Pauses(folder)
        self.health = Health("street", list(self.cameras.values()), self.pauses, self.clock, lambda: None)
        self.queue: FairQueue[Selected] = FairQueue(per_lane, "drop_oldest")
        self.redactors = {name: GreyRedactor(camera) for name, camera in self.cameras.items()}
        self.sources = {name: ScriptedSource(script, self.stop[name]) for name, script in scripts.items()}
        self.captures = {name: Capture(self.cameras[name], self.sources[name], self.clock) for name in scripts}
        edge = edge_config(folder, *self.cameras.values(), gb28181=PLATFORM)
        self.scheduler = Scheduler(edge, self.captures, self.queue, self.clock)
        self.detection_worker = DetectionWorker({}, self.captures, self.scheduler, self.health, self.clock)
        self.spooled: list[int] = []
        self.pipelines = {
            name: Pipeline(
                camera,
                self.captures[name],
                self.redactors[name],
                self.queue,
                self.scheduler,
                self.detection_worker,
                self.spool,
                self.health,
                self.clock,
                Backoff(1.0, 30.0, chance=lambda: 1.0),
                lambda: self.spooled.append(self.spool.messages),
            )
            for name, camera in self.cameras.items()
        }

    def run(self, camera_id: str) -> None:
        self.pipelines[camera_id].run(self.stop[camera_id], self.stop[camera_id])

    def redact_all(self) -> None:
        while (waiting := self.queue.take_next(0)) is not None:
            self.pipelines[waiting.frame.camera_id].finish(waiting)

    def ledger(self, camera_id: str = "gate") -> Ledger:
        ledger = self.spool.ledgers()[camera_id]
        assert ledger.balanced
        return ledger

    def state(self, camera_id: str = "gate") -> tuple[CameraState, str]:
        (status,) = [status for status in self.health.statuses() if status.camera_id == camera_id]
        return status.state, status.cause
