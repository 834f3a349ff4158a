"""The fake world around an agent: time that a test moves, a redactor that covers everything, drawn pictures."""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import RedactionUnavailable
from edge_agent.frames import Frame, Glance, Redact, Redacted, Selected, SelectReason
from edge_agent.sources.thumbnail import glance_of
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import ClockQuality, Picture, PictureState, Quality, Redaction, Snapshot

EPOCH_MS = 1_700_000_000_000
Image = NDArray[np.uint8]


class FakeClock:
    """Time passes only where somebody waits, or the test says so."""

    def __init__(self, now_ms: int = EPOCH_MS) -> None:
        self._start_ms = now_ms
        self._elapsed_s = 0.0
        self.waits: list[float] = []
        self.on_wait: Callable[[float], None] = lambda _: None

    def now_ms(self) -> int:
        return self._start_ms + round(self._elapsed_s * 1000)

    def monotonic_s(self) -> float:
        return self._elapsed_s

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        if not event.is_set():
            self.waits.append(timeout_s)
            self._elapsed_s += timeout_s
            self.on_wait(timeout_s)
        return event.is_set()

    def pass_s(self, seconds: float) -> None:
        self._elapsed_s += seconds


class GreyRedactor:
    """Covers the whole picture, one grey; or fails as often as it is told to."""

    def __init__(self, camera: processes.Camera, agent_id: str = "street", size_px: int = 32) -> None:
        self._camera = camera
        self._agent_id = agent_id
        cover = np.full((size_px, size_px, 3), 128, np.uint8)
        self._picture = cv2.imencode(".jpg", cover)[1].tobytes()
        self._size_px = size_px
        self.failures: list[RedactionUnavailable] = []
        self.seen: list[Selected] = []

    def redact(self, selected: Selected) -> Redacted:
        self.seen.append(selected)
        if self.failures:
            raise self.failures.pop(0)
        return redacted(selected.frame, self._picture, self._size_px, self._agent_id)


def grey_for(camera: processes.Camera) -> Redact:
    return GreyRedactor(camera)


def redacted(frame: Frame, picture: bytes, size_px: int = 32, agent_id: str = "street") -> Redacted:
    """Only a test may make one beside the redactor."""
    snapshot = Snapshot(
        observation_id=frame.observation_id,
        agent_id=agent_id,
        camera_id=frame.camera_id,
        source_key=frame.source_key,
        captured_at_ms=frame.captured_at_ms,
        clock=frame.clock,
        picture=Picture(
            state=PictureState.KEPT if picture else PictureState.WITHHELD,
            width=size_px,
            height=size_px,
            bytes=len(picture),
            sha256=hashlib.sha256(picture).hexdigest(),
        ),
        quality=Quality(sharpness=0, brightness=0.5, contrast=0),
        machines=(),
        people=0,
        redaction=Redaction(policy="test", models={}, regions=(), covered_share=1),
    )
    return Redacted(snapshot, picture)


def jpeg_of(size_bytes: int) -> bytes:
    """Bytes that pass for a JPEG where nobody decodes them."""
    return b"\xff\xd8\xff" + bytes(size_bytes - 3)


def frame(number: int = 0, *, camera_id: str = "gate", at_ms: int | None = None, image: Image | None = None) -> Frame:
    return Frame(
        camera_id,
        EPOCH_MS + 1000 * number if at_ms is None else at_ms,
        ClockQuality.SYNCED,
        f"f{number}",
        flat(0) if image is None else image,
    )


def glance(number: int = 0, *, camera_id: str = "gate", at_ms: int | None = None, image: Image | None = None) -> Glance:
    made = frame(number, camera_id=camera_id, at_ms=at_ms, image=image)
    return glance_of(made.camera_id, made.captured_at_ms, made.clock, made.source_key, made.image)


def selected(number: int = 0, *, camera_id: str = "gate") -> Selected:
    return Selected(frame(number, camera_id=camera_id), SelectReason.FIRST)


def flat(level: int, width: int = 64, height: int = 36) -> Image:
    return np.full((height, width, 3), level, np.uint8)


def noise(seed: int, width: int = 160, height: int = 96) -> Image:
    """A quilt of 8 px patches: many bytes to encode, so that damage shows, and still itself after lossy coding."""
    patches = np.random.default_rng(seed).integers(0, 255, (height // 8, width // 8, 3), dtype=np.uint8)
    return np.repeat(np.repeat(patches, 8, axis=0), 8, axis=1)


def write_video(path: Path, images: list[Image], *, codec: str = "libx264", gop: int = 5, b_frames: int = 0) -> Path:
    height, width = images[0].shape[:2]
    fixed = "scenecut=0:open-gop=0"  # keyframes where they are expected and nowhere else, as a camera has them
    x265: dict[str, object] = {
        "x265-params": f"keyint={gop}:min-keyint={gop}:bframes={b_frames}:{fixed}:log-level=none"
    }
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = x265 if codec == "libx265" else {"g": str(gop), "bf": str(b_frames), "sc_threshold": "0"}
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return path


def replay_camera(camera_id: str, path: Path, **options: object) -> processes.Camera:
    """A camera that plays a recording as fast as it is taken and takes every picture of it."""
    source: dict[str, object] = {"kind": "replay", "path": path, "started_at_ms": EPOCH_MS, "realtime": False}
    return processes.Camera.model_validate(
        {
            "id": camera_id,
            "source": source | options,
            "selector": {"change_threshold": 0, "max_per_second": 25},
        }
    )


def edge_config(folder: Path, *cameras: processes.Camera, **sections: object) -> processes.EdgeConfig:
    broker = {"host": "127.0.0.1", "port": 1, "ca_file": "ca", "cert_file": "cert", "key_file": "key"}
    return processes.EdgeConfig.model_validate(
        {
            "agent_id": "street",
            "broker": broker,
            "models_dir": folder / "models",
            "spool": {"directory": folder / "spool"},
            "cameras": [camera.model_dump() for camera in cameras],
        }
        | sections
    )
