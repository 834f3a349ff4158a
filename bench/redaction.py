"""Redaction of one street picture, against its dearest part alone: a face search at the picture's own size."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from bench.measure import Comparison, compare, cpu_ms
from edge_agent.clock import SystemClock
from edge_agent.frames import Frame, Selected, SelectReason
from edge_agent.redactor import Redactors
from engines.catalog import Catalog
from engines.detector import Detector
from provisioning.contracts.config import Broker, Camera, EdgeConfig, Redactor, RtspSource, Spool
from provisioning.contracts.messages import ClockQuality

FRAME = 150
"""Of the street clip: cars, a parked bicycle, distant people."""


def measure(scratch: Path) -> Iterator[Comparison]:
    """CPU milliseconds at the clip's own size, 720p and 1080p."""
    catalog = Catalog()
    redactor = Redactors.load(_config(catalog.models_dir, scratch), SystemClock())
    camera = redactor.config.cameras[0]
    faces = Detector.load(catalog, "centerface", threads=2)
    for width, height in ((640, 272), (1280, 720), (1920, 1080)):
        image = _picture(catalog, (width, height))
        selected = Selected(Frame(camera.id, 1, ClockQuality.ARRIVAL, "k1", image), SelectReason.FIRST)
        ours = redactor.for_camera(camera)
        yield compare(
            f"redact {width}x{height}",
            "CPU ms",
            lambda ours=ours, selected=selected: cpu_ms(lambda: ours.redact(selected)),  # type: ignore[misc]
            lambda image=image: cpu_ms(lambda: faces.detect(image)),  # type: ignore[misc] # bound now, not at call
            baseline_is="one CenterFace pass at the picture's own size, nothing covered or encoded",
            runs=5,
        )


def _picture(catalog: Catalog, size: tuple[int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    capture = cv2.VideoCapture(str(catalog.path("bikes")))
    for _ in range(FRAME):
        capture.grab()
    _, image = capture.read()
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def _config(models_dir: Path, scratch: Path) -> EdgeConfig:
    return EdgeConfig(
        agent_id="bench",
        broker=Broker(host="127.0.0.1", ca_file=scratch / "c", cert_file=scratch / "e", key_file=scratch / "k"),
        models_dir=models_dir,
        spool=Spool(directory=scratch / "redaction-spool"),
        redactor=Redactor(timeout_s=120),
        cameras=(Camera(id="bench", source=RtspSource(url="rtsp://127.0.0.1/bench")),),
    )
