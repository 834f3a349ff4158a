"""A recorder's span in a process of its own, as the agent captures it: the plan stays with the agent, pictures wait.

RecorderPlayback ─▶ CaptureProcess ── ReplayRequest ─▶ the camera's process ◀── RTSP ── simulated recorder
"""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.agent import open_capture
from edge_agent.capture.camera_capture import Captured, Capturing
from edge_agent.capture.fork_server import ForkServer
from edge_agent.capture.process import CaptureProcess
from edge_agent.clock import SystemClock
from edge_agent.errors import NotFound
from edge_agent.frames import Selected
from edge_agent.sources.recorder.playback import RecorderPlayback
from edge_agent.sources.recorder.span_camera import span_camera
from provisioning.contracts.config.processes import Camera, RecordedSpan, RecorderSource, RtspSource, Selector
from provisioning.contracts.config.recorder import RtspRecorder
from provisioning.net.digest import Account
from tests.edge_agent.fetching import FILM, START_S
from tests.support.recorded_film import moment_in
from tests.support.rtsp_recorder import Behaviour
from tests.support.rtsp_recorder import RtspRecorder as Simulated

LIVE = Camera(
    id="gate",
    source=RtspSource(url="rtsp://127.0.0.1/live"),
    selector=Selector(max_per_second=25, change_threshold=0),
)
PASSWORD = "s3cret-only-once"


@pytest.fixture
def simulated() -> Iterator[Simulated]:
    held = {"1": [(START_S - 600, START_S + 600)]}
    with Simulated(Behaviour(held, login=Account("admin", PASSWORD)), FILM) as served:
        yield served


@pytest.fixture
def server() -> Iterator[ForkServer]:
    made = ForkServer()
    yield made
    made.close()


class Span:
    """A span of the live camera's past, as a job fetches it."""

    def __init__(self, simulated: Simulated, folder: Path, server: ForkServer, seconds: int = 20) -> None:
        password = folder / "password"
        password.touch(0o600)
        password.write_text(PASSWORD)
        recorder = RtspRecorder.model_validate(
            {
                "id": "nvr",
                "url": f"{simulated.url}/replay/{{channel}}",
                "speed": 16,
                "channels": {"gate": "1"},
                "username": "admin",
                "password_file": password,
            }
        )
        span = RecordedSpan(started_at_ms=START_S * 1000, ended_at_ms=(START_S + seconds) * 1000)
        camera = span_camera(LIVE, [recorder], span)
        assert isinstance(camera.source, RecorderSource)
        self.channel = RecorderPlayback(camera.id, camera.source, recorder, SystemClock(), None)
        self.capture: Capturing = open_capture(camera, SystemClock(), None, server, self.channel)
        self.stop = threading.Event()

    def taken(self) -> Iterator[Captured]:
        for item in self.capture.selected(self.stop):
            if isinstance(item, Selected):
                at_ms = item.frame.captured_at_ms
                assert moment_in(item.frame.image, at_ms) == at_ms
                yield item


def seconds(items: Iterator[Captured]) -> list[int]:
    return [item.frame.captured_at_ms // 1000 - START_S for item in items if isinstance(item, Selected)]


def test_every_second_of_the_span_is_selected(simulated: Simulated, server: ForkServer, tmp_path: Path) -> None:
    span = Span(simulated, tmp_path, server)
    assert isinstance(span.capture, CaptureProcess)
    assert seconds(span.taken()) == list(range(20))
    assert span.channel.progress().is_over
    assert list(span.taken()) == []


def test_broken_off_another_process_goes_on(simulated: Simulated, server: ForkServer, tmp_path: Path) -> None:
    simulated.behaviour.hangs_up_after = [8.0]
    assert sorted(set(seconds(Span(simulated, tmp_path, server).taken()))) == list(range(20))


def test_nothing_of_it_is_the_agents_error(simulated: Simulated, server: ForkServer, tmp_path: Path) -> None:
    simulated.behaviour.recordings.clear()
    with pytest.raises(NotFound):
        list(Span(simulated, tmp_path, server).taken())


def test_its_process_writes_no_file_and_holds_no_password_in_its_surroundings(
    simulated: Simulated, server: ForkServer, tmp_path: Path
) -> None:
    with (tmp_path / "written").open("w") as file:
        assert file.name in open_for_writing(os.getpid()), "the look finds what is there"
    Path(file.name).unlink()
    span = Span(simulated, tmp_path, server)
    taken = span.taken()
    next(taken)
    assert isinstance(span.capture, CaptureProcess)
    assert span.capture.pid is not None
    assert open_for_writing(span.capture.pid) == []
    process = Path(f"/proc/{span.capture.pid}")
    assert PASSWORD.encode() not in (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
    span.stop.set()
    list(taken)
    assert [path.name for path in tmp_path.iterdir()] == ["password"]


def open_for_writing(pid: int) -> list[str]:
    """Lists files on disks that a process holds open for writing; what it closes during the look is not among them."""
    found = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            flags = int((Path(f"/proc/{pid}/fdinfo") / descriptor.name).read_text().split("flags:")[1].split()[0], 8)
            target = str(descriptor.readlink())
        except FileNotFoundError:
            continue
        is_file = target.startswith("/") and not target.startswith(("/dev/", "/memfd:")) and "/fd/" not in target
        if flags & (os.O_WRONLY | os.O_RDWR) and is_file and not target.endswith("(deleted)"):
            found.append(target)
    return found
