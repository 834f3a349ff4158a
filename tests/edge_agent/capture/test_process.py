"""A camera's process falls, hangs, lies, or outlives its agent.

agent ─▶ fork server ─▶ camera's process ◀── gst-rtsp-server
"""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from edge_agent.agent import open_capture
from edge_agent.capture import wire
from edge_agent.capture.camera_capture import CaptureLimits
from edge_agent.capture.fork_server import Child, ForkServer
from edge_agent.capture.process import CaptureProcess
from edge_agent.clock import Clock, SystemClock
from edge_agent.errors import Crashed, Stalled
from edge_agent.frames import Selected, SelectReason
from edge_agent.source_kinds import Timeouts
from provisioning.contracts.causes.work import OTHER
from provisioning.contracts.config import processes
from tests.edge_agent.cameras import GOP, encoded, footage, serving
from tests.edge_agent.world import FakeClock, noise
from tests.support.waiting import until

SECRET = "s3cr3t-p4ss"
TIMEOUTS = Timeouts(connect_s=5.0, read_s=4.0)


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    made = ForkServer()
    yield made
    made.close()


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[processes.Camera]:
    """One with a password."""
    folder = tmp_path_factory.mktemp("street")
    mount = footage(folder / "street.footage", "h264", encoded(folder, [noise(n) for n in range(GOP)], "h264"))
    password = folder / "password"
    password.touch(0o600)
    password.write_text(SECRET)
    with serving("--mount", mount, "--user", "viewer", "--password-file", str(password)) as (port, _):
        source = processes.RtspSource(
            url=f"rtsp://127.0.0.1:{port}/street", username="viewer", password_file=password,
            connect_timeout_s=60, read_timeout_s=60,
        )  # fmt: skip
        yield processes.Camera(id="gate", source=source)


def opened(camera: processes.Camera, server: ForkServer, clock: Clock | None = None) -> CaptureProcess:
    capture = open_capture(camera, clock or SystemClock(), server=server)
    assert isinstance(capture, CaptureProcess)
    return capture


def is_there(pid: int) -> bool:
    """Alive; a zombie is not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.peer
class TestCamera:
    """With a camera on the other side."""

    @pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
    def test_a_crash_is_told_and_the_next_attempt_goes_on_from_there(
        self, number: signal.Signals, camera: processes.Camera, server: ForkServer
    ) -> None:
        capture = opened(camera, server)
        items = capture.selected(threading.Event())
        first = next(items)
        assert isinstance(first, Selected)
        assert capture.pid is not None
        os.kill(capture.pid, number)
        with pytest.raises(Crashed, match=rf"^camera gate: the decoder crashed \({number.name}\); it is started again"):
            list(items)
        assert capture.pid is None
        with closing(capture.selected(threading.Event())) as again:
            second = next(again)
        assert not (isinstance(second, Selected) and second.reason is SelectReason.FIRST)

    def test_one_that_hangs_is_ended_and_told_as_stalled(self, camera: processes.Camera, server: ForkServer) -> None:
        clock = FakeClock()
        capture = opened(camera, server, clock)
        items = capture.selected(threading.Event())
        next(items)
        pid = capture.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        clock.monotonic_s = count(200.0, 200.0).__next__  # type: ignore[method-assign] # time passes from look to look
        with pytest.raises(Stalled, match="gave no sign of life for 180 s and was ended"):
            list(items)
        until(lambda: not is_there(pid))

    def test_its_address_and_password_are_in_no_argument_and_no_environment(
        self, camera: processes.Camera, server: ForkServer
    ) -> None:
        capture = opened(camera, server)
        stop = threading.Event()
        items = capture.selected(stop)
        assert isinstance(next(items), Selected)  # so it was sent its password
        assert capture.pid is not None
        (parent,) = [pid for pid in children(os.getpid()) if capture.pid in children(pid)]
        for pid in (capture.pid, parent):
            shown = b"".join((Path("/proc") / str(pid) / name).read_bytes() for name in ("cmdline", "environ"))
            assert SECRET.encode() not in shown
            assert b"rtsp://" not in shown
        assert (Path("/proc") / str(capture.pid) / "comm").read_text() == "gate\n"
        limits = (Path("/proc") / str(capture.pid) / "limits").read_text()
        assert "Max core file size        0                    0" in limits

    def test_a_fork_server_that_falls_takes_its_cameras_and_another_is_started(
        self, camera: processes.Camera, server: ForkServer
    ) -> None:
        capture = opened(camera, server)
        items = capture.selected(threading.Event())
        next(items)
        pid = capture.pid
        assert pid is not None
        (parent,) = [each for each in children(os.getpid()) if pid in children(each)]
        os.kill(parent, signal.SIGKILL)
        with pytest.raises(Crashed, match="the process of its decoder is gone"):
            list(items)
        until(lambda: not is_there(pid))
        assert next(capture.selected(threading.Event()))

    def test_no_process_outlives_its_agent(self, camera: processes.Camera) -> None:
        program = f"""
import sys, threading
from edge_agent.agent import open_capture
from edge_agent.clock import SystemClock
from edge_agent.capture.fork_server import ForkServer
from provisioning.contracts.config.processes import Camera
capture = open_capture(Camera.model_validate_json({camera.model_dump_json()!r}), SystemClock(), server=ForkServer())
for item in capture.selected(threading.Event()):
    print(capture.pid, flush=True)
"""
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as agent:
            assert agent.stdout is not None
            pid = int(agent.stdout.readline())
            (parent,) = children(agent.pid)
            assert is_there(pid)
            assert is_there(parent)
            agent.kill()
            until(lambda: not is_there(pid) and not is_there(parent))


MakeLying = Callable[[Callable[[socket.socket], object]], "Lying"]


class Lying(ForkServer):
    """Its child is the test."""

    def __init__(self, speak: Callable[[socket.socket], object]) -> None:
        """`speak` is called once the child's start has come, which is left unread."""
        super().__init__()
        self._speak = speak
        self.killed = 0
        self.theirs: socket.socket | None = None
        self.thread: threading.Thread | None = None

    def fork(self) -> Child:
        ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.thread = threading.Thread(target=self._play, args=[self.theirs])
        self.thread.start()
        return Child(0, ours)

    def kill(self, child: Child) -> None:
        self.killed += 1

    def _play(self, theirs: socket.socket) -> None:
        theirs.recv(1, socket.MSG_PEEK)
        self._speak(theirs)


@pytest.fixture
def lying() -> Iterator[MakeLying]:
    made: list[Lying] = []

    def make(speak: Callable[[socket.socket], object]) -> Lying:
        made.append(Lying(speak))
        return made[-1]

    yield make
    for server in made:
        assert server.thread is not None
        assert server.theirs is not None
        server.thread.join()
        server.theirs.close()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"{}", "sent 2 bytes that are no message"),
        (b"\x80\x04K\x01.", "no message"),  # a pickle
        (wire.encode(wire.ProcessEnded(exit_code=3)), r"crashed \(exit 3\)"),
        (
            wire.encode(
                wire.PictureSelected(
                    captured_at_ms=1, clock="arrival", source_key="k", reason="first", width=90, height=90, memory=None
                )
            ),
            "a picture without pixels",
        ),
        (wire.encode(wire.SourceFailed(error="KeyboardInterrupt", reason=OTHER(detail="x"))), "camera gate: x"),
    ],
)
def test_what_a_process_in_other_hands_may_say(lying: MakeLying, said: bytes, told: str) -> None:
    source = processes.RtspSource(url="rtsp://127.0.0.1/a")
    server = lying(lambda theirs: theirs.send(said))
    capture = CaptureProcess(processes.Camera(id="gate", source=source), TIMEOUTS, FakeClock(), server, lambda: None)
    with pytest.raises(Exception, match=told) as caught:
        next(capture.selected(threading.Event()))
    assert type(caught.value).__module__ == "edge_agent.errors"


def test_how_it_ended_is_heard_though_it_had_not_read_all_that_it_was_told(lying: MakeLying) -> None:
    source = processes.RtspSource(url="rtsp://127.0.0.1/a")

    def fall(theirs: socket.socket) -> None:
        theirs.send(wire.encode(wire.ProcessEnded(exit_code=-signal.SIGSEGV)))
        theirs.close()  # with the start unread: Linux resets the connection

    camera = processes.Camera(id="gate", source=source)
    capture = CaptureProcess(camera, TIMEOUTS, FakeClock(), lying(fall), lambda: None)
    with pytest.raises(Crashed, match=r"crashed \(SIGSEGV\)"):
        next(capture.selected(threading.Event()))


def test_a_process_hears_when_its_picture_was_taken_over_and_not_before(lying: MakeLying) -> None:
    source = processes.RtspSource(url="rtsp://127.0.0.1/a")
    image = noise(1)
    descriptor = wire.picture_file(image)
    taken = wire.PictureSelected(
        captured_at_ms=1, clock="arrival", source_key="k", reason="first", width=160, height=96, memory=None
    )

    def speak(theirs: socket.socket) -> None:
        socket.send_fds(theirs, [wire.encode(taken)], [descriptor])
        theirs.send(wire.encode(wire.PictureSkipped(reason="broken", message="a keyframe that does not decode")))

    server = lying(speak)
    capture = CaptureProcess(processes.Camera(id="gate", source=source), TIMEOUTS, FakeClock(), server, lambda: None)
    items = capture.selected(threading.Event())
    selected = next(items)
    assert isinstance(selected, Selected)
    assert np.array_equal(selected.frame.image, image)
    capture.obey(CaptureLimits(is_full=True))
    next(items)
    os.close(descriptor)
    assert server.theirs is not None
    heard = [wire.read_order(server.theirs.recv(wire.MAX_BYTES)) for _ in range(3)]
    assert [order.kind for order in heard] == ["start", "obey", "next"]
