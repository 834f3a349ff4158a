"""A camera that a test speaks for."""

from pathlib import Path

from edge_agent.frames import CaptureStats
from edge_agent.health.camera_health import Health
from edge_agent.health.pauses import Pauses
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import CameraFacts, CameraStatus, PictureCheck
from tests.edge_agent.world import FakeClock

DEVICE = "34020000001320000001"


def live_camera(camera_id: str = "gate", **options: object) -> processes.Camera:
    """A stream that nobody opens."""
    return processes.Camera.model_validate({"id": camera_id, "source": {"kind": "rtsp", "url": "rtsp://h/s"}} | options)


def pushing_camera(camera_id: str = "gate") -> processes.Camera:
    """A device with a keepalive of ten seconds."""
    source = {"kind": "viid", "device_id": DEVICE, "username": "u", "password_file": "p", "keepalive_s": 10}
    return processes.Camera.model_validate({"id": camera_id, "source": source})


class Watched:
    """One camera's health under a clock that a test moves."""

    def __init__(self, folder: Path, camera: processes.Camera) -> None:
        self.clock = FakeClock()
        self.changes = 0
        self.pauses = Pauses(folder)
        self.health = Health("street", [camera], self.pauses, self.clock, self.changed)
        self._id = camera.id
        self.pictures = self.passed_over = self.received_bytes = 0
        self.cpu_ms = 0.0
        self.clock_changes = 0
        self.published: list[CameraStatus] = []

    def changed(self) -> None:
        self.changes += 1

    def see(
        self,
        pictures: int = 1,
        *,
        offset_ms: float | None = None,
        scores: dict[PictureCheck, float] | None = None,
    ) -> None:
        """A word of its capture, with so many new pictures."""
        self.pictures += pictures
        self.cpu_ms += 5.0 * pictures
        self.health.sighted(
            CaptureStats(
                camera_id=self._id,
                at_ms=self.clock.now_ms(),
                pictures=self.pictures,
                passed_over=self.passed_over,
                moving=False,
                decode_cpu_ms=self.cpu_ms,
                sender_offset_ms=offset_ms,
                scores=scores,
                clock_changes=self.clock_changes,
                received_bytes=self.received_bytes,
            )
        )

    def restart(self) -> None:
        """The capture's counts begin anew."""
        self.pictures = self.passed_over = self.clock_changes = self.received_bytes = 0
        self.cpu_ms = 0.0

    def status(self) -> CameraStatus:
        (status,) = self.health.statuses()
        return status

    def facts(self) -> CameraFacts:
        return self.health.facts()[self._id]

    def live(self, seconds: float, *, step_s: float = 1.0) -> list[tuple[str, str]]:
        """Let time pass as the publisher sees it: what it would have told, at most once a step."""
        told = []
        for _ in range(round(seconds / step_s)):
            self.clock.pass_s(step_s)
            status = self.status()
            if not self.published or self.published[-1] != status:
                self.published.append(status)
                told.append((status.state.value, status.code))
        return told
