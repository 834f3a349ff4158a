"""A recording in which something drives over a line ──▶ capture, looks, queue, redactor ──▶ its snapshots.

Real but for the models: the machine detector finds what is bright.
"""

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from edge_agent.capture.camera_capture import Capture
from edge_agent.clock import Backoff
from edge_agent.frames import Glance, Redacted, Selected, SelectReason
from edge_agent.health.camera_health import Health
from edge_agent.health.pauses import Pauses
from edge_agent.pipeline import Pipeline
from edge_agent.redactor.redactor import CameraRedactor
from edge_agent.scheduling.detection_worker import DetectionWorker
from edge_agent.scheduling.fair_queue import FairQueue
from edge_agent.scheduling.scheduler import Scheduler
from edge_agent.spool.spool import Spool
from engines.runtimes.engine import Tensor
from provisioning.contracts.config import processes
from tests.edge_agent.redacting import FakeClock as Stopwatch
from tests.edge_agent.redacting import NoTinyFaces, blind_nanodet, detectors
from tests.edge_agent.world import EPOCH_MS, FakeClock, Image, edge_config, glance

WIDTH, HEIGHT = 640, 360
LINE = {"name": "gate", "start": (0.5, 1.0), "end": (0.5, 0.0)}


def bright(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A car where a tensor is brightest, if it is bright at all; and a person beside it, who is nobody's business."""
    (batch,) = inputs.values()
    outputs = blind_nanodet(inputs)
    for row, tensor in enumerate(batch):
        rows, columns = (side // 32 for side in tensor.shape[1:])
        light = tensor.mean(axis=0).reshape(rows, 32, columns, 32).mean(axis=(1, 3))
        cell = int(light.argmax())
        if light.max() > 1.0:
            outputs["class_32"][row, cell, 2] = 0.8
            outputs["class_32"][row, max(0, cell - 1), 0] = 0.9
            outputs["box_32"][row, [cell, max(0, cell - 1)], 1::11] = 9.0
    return outputs


def street(x: int) -> Image:
    """A bright block of 64 px, its middle at `x`."""
    image = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    image[148:212, max(0, x - 32) : max(0, x + 32)] = 250
    return image


class Driving:
    """Ten seconds, five pictures a second; 60 px a second to the right."""

    def frames(self, _: threading.Event) -> Iterator[Glance]:
        for number in range(50):
            yield glance(number, at_ms=EPOCH_MS + 200 * number, image=street(12 * number + 30))


class Noted:
    """A camera's redactor, and what it made."""

    def __init__(self, redactor: CameraRedactor) -> None:
        self.made: list[tuple[SelectReason, Redacted]] = []
        self._redactor = redactor
        self.detect = redactor.detect
        self.forget = redactor.forget
        self.expire = redactor.expire

    def redact(self, selected: Selected) -> Redacted:
        redacted = self._redactor.redact(selected)
        self.made.append((selected.reason, redacted))
        return redacted


@pytest.mark.parametrize(("lines", "events"), [([LINE], 1), ([], 0)])
def test_the_moment_of_a_crossing_is_a_snapshot_that_tells_it(
    lines: list[dict[str, object]], events: int, tmp_path: Path
) -> None:
    source = {"kind": "replay", "path": "nowhere", "realtime": False}
    camera = processes.Camera.model_validate({"id": "gate", "source": source, "lines": lines})
    edge = edge_config(tmp_path, camera, redactor={"overflow": "block", "queue_per_camera": 64})
    clock = FakeClock()
    spool = Spool(edge.spool, clock)
    health = Health("street", [camera], Pauses(tmp_path), clock, lambda: None)
    queue: FairQueue[Selected] = FairQueue(64, "block")
    captures = {"gate": Capture(camera, Driving(), clock)}
    scheduler = Scheduler(edge, captures, queue, clock)
    models = detectors(NoTinyFaces(), bright)
    redactor = Noted(CameraRedactor("street", camera, edge.redactor, models, Stopwatch()))
    detection_worker = DetectionWorker({"gate": redactor}, captures, scheduler, health, clock)
    pipeline = Pipeline(
        *(camera, captures["gate"], redactor, queue, scheduler, detection_worker, spool, health, clock),
        Backoff(1, 1),
        lambda: None,
    )
    pipeline.run(threading.Event(), threading.Event())
    while (selected := queue.take_next(0)) is not None:
        pipeline.finish(selected)
    reasons = [reason for reason, _ in redactor.made]
    assert reasons.count(SelectReason.EVENT) == events
    crossings = [
        (reason, crossing.line, crossing.to, made.snapshot.captured_at_ms - EPOCH_MS)
        for reason, made in redactor.made
        for machine in made.snapshot.machines
        if machine.motion is not None
        for crossing in machine.motion.crossed
    ]
    assert [each[:3] for each in crossings] == [(SelectReason.EVENT, "gate", "right")] * events
    assert all(4500 < at_ms < 7000 for *_, at_ms in crossings)  # its middle is on the line after 4.8 s
    ledger = spool.ledgers()["gate"]
    assert (ledger.selected, ledger.dropped) == (len(reasons), {})
    spool.close()
