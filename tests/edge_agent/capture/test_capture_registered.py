"""A registered device's media in a process of its own: the agent holds the session, the process has its socket.

sessions ─▶ CaptureProcess ── start + socket ─▶ the camera's process, played by the test
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from edge_agent.agent import open_capture
from edge_agent.capture import wire
from edge_agent.capture.camera_capture import Captured, CaptureLimits, Capturing
from edge_agent.capture.fork_server import Child, ForkServer
from edge_agent.capture.process import CaptureProcess
from edge_agent.errors import Ended, NoPicture, SourceError, Stalled
from edge_agent.frames import CaptureStats, Skipped
from edge_agent.sources.gb28181.media_socket import Media
from provisioning.contracts.causes.work import OTHER
from provisioning.contracts.config import processes
from tests.edge_agent.world import EPOCH_MS, FakeClock
from tests.support.waiting import LONG_S

SOURCE = processes.Gb28181Source(
    device_id="34020000001180000001",
    channel_id="34020000001320000001",
    username="34020000001180000001",
    password_sealed="ab" * 40,
)
CAMERA = processes.Camera(id="gate", source=SOURCE)
RTP = bytes([0x80, 96]) + bytes(10)
Does = Callable[["Played"], None]
"""What the process does in one attempt, in a thread of its own."""


class Channel:
    """Gives as many sessions as it is told."""

    def __init__(self, sessions: int = 1, *, transport: str = "udp", excused: type[SourceError] | None = None) -> None:
        self.left = sessions
        self.transport = transport
        self.trouble: SourceError | None = None
        self.excused = excused
        self.reached: list[int] = []
        self.told = ["a piece of the recording could not be had"]
        self.sock: socket.socket | None = None

    @property
    def is_over(self) -> bool:
        return self.left == 0

    @contextmanager
    def open(self) -> Iterator[Media]:
        remote = ("192.0.2.10", 0)
        if self.transport == "udp":
            with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
                sock.bind(("127.0.0.1", 0))
                self.sock = sock
                yield Media("udp", sock, remote, 7, "127.0.0.1:30000", EPOCH_MS, EPOCH_MS + 9, lambda: self.trouble)
        else:
            yield Media("tcp_active", None, remote, None, "192.0.2.10:15060", ended=lambda: self.trouble)
        self.left -= 1

    def reach(self, at_ms: int) -> None:
        self.reached.append(at_ms)

    def excuses(self, error: SourceError) -> bool:
        if self.excused is not None and isinstance(error, self.excused):
            self.left -= 1
            return True
        return False

    def complaints(self) -> list[str]:
        told, self.told = self.told, []
        return told


class Played(ForkServer):
    """Its children are scripts."""

    def __init__(self, *does: Does) -> None:
        super().__init__()
        self._does = iter(does)
        self._threads: list[threading.Thread] = []
        self.killed = self.told_to_stop = 0
        self.start: wire.StartCapture | None = None
        self.sockets: list[socket.socket] = []
        self.channel: socket.socket | None = None

    def fork(self) -> Child:
        ours, self.channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        thread = threading.Thread(target=self._play, args=[next(self._does)])
        thread.start()
        self._threads.append(thread)
        return Child(0, ours)

    def kill(self, child: Child) -> None:
        self.killed += 1

    def say(self, *reports: wire.Report) -> None:
        assert self.channel is not None
        for report in reports:
            self.channel.send(wire.encode(report))

    def hear(self) -> wire.Command:
        assert self.channel is not None
        return wire.read_order(self.channel.recv(wire.MAX_BYTES))

    def close(self) -> None:
        for thread in self._threads:
            thread.join(LONG_S)
            assert not thread.is_alive()

    def _play(self, does: Does) -> None:
        assert self.channel is not None
        with self.channel:
            data, descriptors, _, _ = socket.recv_fds(self.channel, wire.MAX_BYTES, 4)
            start = wire.read_order(data)
            if isinstance(start, wire.StopCapture):
                self.told_to_stop += 1
                return
            assert isinstance(start, wire.StartCapture)
            self.start = start
            # Its own: the next session's process may begin before this one has ended.
            self.sockets = sockets = [socket.socket(fileno=descriptor) for descriptor in descriptors]
            try:
                does(self)
            finally:
                for sock in sockets:
                    sock.close()


def seen(at_ms: int) -> wire.StatsReport:
    return wire.StatsReport(
        at_ms=at_ms, pictures=1, passed_over=0, moving=False, decode_cpu_ms=1.0, sender_offset_ms=None, scores=None,
        clock_changes=1,
        received_bytes=1,
    )  # fmt: skip


def ends(played: Played) -> None:
    """As a child does: it is told to stop, and the fork server has the last word."""
    assert isinstance(played.hear(), wire.StopCapture)
    played.say(wire.ProcessEnded(exit_code=0))


def opened(channel: Channel, server: Played) -> Capturing:
    capture = open_capture(CAMERA, FakeClock(), None, server, channel)
    assert isinstance(capture, CaptureProcess)
    return capture


def captured(channel: Channel, *does: Does) -> tuple[list[Captured], Played]:
    with closing(Played(*does)) as server:
        return list(opened(channel, server).selected(threading.Event())), server


def test_the_process_has_the_socket_and_is_told_what_to_expect_and_no_secret() -> None:
    came: list[bytes] = []
    channel = Channel()

    def does(played: Played) -> None:
        (sock,) = played.sockets
        assert channel.sock is not None
        channel.sock.sendto(RTP, sock.getsockname())
        came.append(sock.recv(100))
        played.say(seen(EPOCH_MS + 5), wire.CaptureOver())
        ends(played)

    items, server = captured(channel, does)
    assert came == [RTP]
    assert server.start is not None
    assert server.start.password is None
    assert server.start.media == wire.ExpectedMedia(
        transport="udp",
        remote=("192.0.2.10", 0),
        ssrc=7,
        advertised="127.0.0.1:30000",
        started_at_ms=EPOCH_MS,
        ended_at_ms=EPOCH_MS + 9,
    )
    assert [type(item) for item in items] == [CaptureStats, Skipped]
    assert channel.reached == [EPOCH_MS + 5]


def test_where_we_connect_there_is_no_socket() -> None:
    def does(played: Played) -> None:
        assert played.sockets == []
        played.say(wire.CaptureOver())
        ends(played)

    _, server = captured(Channel(transport="tcp_active"), does)
    assert server.start is not None
    assert server.start.media is not None
    assert server.start.media.transport == "tcp_active"


def test_when_the_session_ends_the_process_is_stopped_and_the_camera_says_why() -> None:
    channel = Channel()
    stopped: list[wire.Command] = []

    def does(played: Played) -> None:
        channel.trouble = Ended("gate", OTHER(detail="device D, channel C: it hung up"))
        played.say(wire.Alive())
        stopped.append(played.hear())
        played.say(wire.ProcessEnded(exit_code=0))

    with closing(Played(does)) as server, pytest.raises(Ended, match=r"channel C: it hung up$"):
        list(opened(channel, server).selected(threading.Event()))
    assert stopped == [wire.StopCapture()]
    assert server.killed == 0


def test_one_that_says_nothing_is_stopped_too_when_its_session_ends() -> None:
    channel = Channel()
    timer = threading.Timer(0.05, setattr, [channel, "trouble", Stalled("gate", OTHER(detail="away"))])
    timer.start()
    with closing(Played(ends)) as server, pytest.raises(Stalled, match="away"):
        list(opened(channel, server).selected(threading.Event()))
    timer.join()


def test_the_next_session_of_a_recording_has_a_process_of_its_own_and_goes_on_from_there() -> None:
    def over(played: Played) -> None:
        played.say(seen(EPOCH_MS), wire.CaptureOver())
        ends(played)

    def said(played: Played) -> None:
        played.say(
            seen(EPOCH_MS + 1),
            wire.SourceFailed(error="Ended", reason=OTHER(detail="the device closed the connection")),
        )
        ends(played)

    channel = Channel(2, excused=Ended)
    items, server = captured(channel, over, said)
    assert channel.reached == [EPOCH_MS, EPOCH_MS + 1]
    assert [(item.pictures, item.clock_changes) for item in items if isinstance(item, CaptureStats)] == [(1, 1), (2, 2)]
    assert server.start is not None
    assert server.start.last_ms == EPOCH_MS
    assert [item.message for item in items if isinstance(item, Skipped)] == [
        "a piece of the recording could not be had"
    ]


def test_an_error_that_is_no_end_is_told() -> None:
    def does(played: Played) -> None:
        played.say(wire.SourceFailed(error="NoPicture", reason=OTHER(detail="no media within 12 s")))
        ends(played)

    with closing(Played(does)) as server, pytest.raises(NoPicture, match="no media within 12 s"):
        list(opened(Channel(excused=Ended), server).selected(threading.Event()))


def test_a_device_that_does_not_answer_leaves_no_process() -> None:
    def never(_: Played) -> None:
        raise AssertionError

    class Refused(Channel):
        @contextmanager
        def open(self) -> Iterator[Media]:
            raise NoPicture("gate", OTHER(detail="device D is busy"))
            yield

    server = Played(never)
    with pytest.raises(NoPicture, match="device D is busy"):
        list(opened(Refused(), server).selected(threading.Event()))
    server.close()
    assert server.told_to_stop == 1


def test_stopped_before_it_began_nothing_is_started() -> None:
    stop = threading.Event()
    stop.set()
    server = Played()
    assert list(opened(Channel(), server).selected(stop)) == []


def test_a_silent_process_is_ended_after_three_times_the_silence_that_its_receiver_takes() -> None:
    channel, clock = Channel(), FakeClock()
    over = threading.Event()

    def does(_: Played) -> None:
        while not over.wait(0.05):  # again: who waits may not have begun yet
            clock.pass_s(58)

    with closing(Played(does)) as server:
        capture = open_capture(CAMERA, clock, None, server, channel)
        capture.obey(CaptureLimits())
        items = capture.selected(threading.Event())
        with pytest.raises(Stalled, match="gave no sign of life for 57 s"):
            next(items)
        assert server.killed >= 1
        over.set()
