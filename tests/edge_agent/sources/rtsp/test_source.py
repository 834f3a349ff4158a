"""Everything that an RTSP camera does wrong, and that no secret shows whatever happens.

gst-rtsp-server | a bare socket ──▶ Rtsp ──▶ typed errors
"""

import signal
import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice, pairwise
from pathlib import Path
from statistics import median

import av.error
import pytest

from edge_agent.clock import Clock, SystemClock
from edge_agent.errors import (
    Ended,
    NoAnswer,
    NoPicture,
    NotFound,
    SourceError,
    Stalled,
    TransportRefused,
    Unreachable,
    WrongCredentials,
)
from edge_agent.frames import Glance
from edge_agent.sources.capture_time import BELIEVED_MS, DROPPED_MS, LATE_MS
from edge_agent.sources.rtsp.source import Rtsp
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import ClockQuality
from tests.edge_agent.cameras import encoded, footage, serving
from tests.edge_agent.world import FakeClock, noise

SECRET = "s3cr:t/p@ss"
QUOTED = "s3cr%3At%2Fp%40ss"
OPTIONS = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: DESCRIBE, SETUP, PLAY\r\n\r\n"
SDP = b"v=0\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:v\r\n"
DESCRIBED = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s" % (
    len(SDP),
    SDP,
)


def patient(url: str) -> processes.RtspSource:
    return processes.RtspSource(url=url, connect_timeout_s=60, read_timeout_s=60)


def source(url: str, password: Path | None = None, *, connect_s: float = 60, read_s: float = 60) -> Rtsp:
    options: dict[str, object] = {"url": url, "connect_timeout_s": connect_s, "read_timeout_s": read_s}
    if password is not None:
        options |= {"username": "viewer", "password_file": password}
    return Rtsp("gate", processes.RtspSource.model_validate(options), SystemClock())


def secret_file(folder: Path, text: str = SECRET) -> Path:
    path = folder / "password"
    path.touch(0o600)
    path.write_text(text + "\n")
    return path


def failure(camera: Rtsp) -> SourceError:
    """The error of one attempt, shown to hold neither the password nor the path of the address."""
    with pytest.raises(SourceError) as caught:
        for _ in camera.frames(threading.Event()):
            pass
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__context__)
    for word in (SECRET, QUOTED, "rtsp://", "token"):
        assert word not in shown
    assert str(caught.value).startswith("camera gate: ")
    return caught.value


@contextmanager
def listener(*answers: bytes, closes: bool = False) -> Iterator[int]:
    """A port that accepts, gives a request each of these answers, and says nothing more, or hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []

        def accept() -> None:
            try:
                while True:
                    connection, _ = server.accept()
                    held.append(connection)
                    for answer in answers:
                        connection.recv(4096)
                        connection.sendall(answer)
                    if closes:
                        connection.close()
            except OSError:
                return  # the test closed the port

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in held:
            connection.close()


def test_a_refused_port(tmp_path: Path) -> None:
    error = failure(source("rtsp://127.0.0.1:1/token", secret_file(tmp_path)))
    assert isinstance(error, Unreachable)
    assert "127.0.0.1:1 refuses the connection" in str(error)


def test_a_host_that_nobody_knows(tmp_path: Path) -> None:
    assert isinstance(failure(source("rtsp://no-such-camera.invalid/token", secret_file(tmp_path))), Unreachable)


def test_a_port_that_listens_and_is_silent(tmp_path: Path) -> None:
    with listener() as port:
        error = failure(source(f"rtsp://127.0.0.1:{port}/token", secret_file(tmp_path), connect_s=0.5))
    assert isinstance(error, NoAnswer)
    assert "accepts the connection and does not answer within 0.5 s: restart the camera" in str(error)


def test_a_camera_that_holds_its_description_back_has_not_answered(tmp_path: Path) -> None:
    with listener(OPTIONS) as port:
        error = failure(source(f"rtsp://127.0.0.1:{port}/token", secret_file(tmp_path), connect_s=0.5))
    assert isinstance(error, NoAnswer)


def test_a_camera_that_refuses_to_send_over_tcp(tmp_path: Path) -> None:
    with listener(OPTIONS, DESCRIBED, b"RTSP/1.0 461 Unsupported Transport\r\nCSeq: 3\r\n\r\n") as port:
        error = failure(source(f"rtsp://127.0.0.1:{port}/token", secret_file(tmp_path)))
    assert isinstance(error, TransportRefused)
    assert f"127.0.0.1:{port} offers no RTSP over TCP" in str(error)


def test_a_camera_at_an_ipv6_address_is_named_with_brackets(tmp_path: Path) -> None:
    error = failure(source("rtsp://[::1]:1/token", secret_file(tmp_path)))
    assert "[::1]:1 " in str(error)


def test_a_port_that_speaks_http(tmp_path: Path) -> None:
    with listener(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", closes=True) as port:
        error = failure(source(f"rtsp://127.0.0.1:{port}/token", secret_file(tmp_path)))
    assert isinstance(error, NoPicture)
    assert "offers no RTSP video" in str(error)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("401 Unauthorized", WrongCredentials),
        ("403 Forbidden", WrongCredentials),
        ("404 Not Found", NotFound),
        ("503 Service Unavailable", Unreachable),
    ],
)
def test_what_a_camera_answers(status: str, expected: type[SourceError], tmp_path: Path) -> None:
    with listener(f"RTSP/1.0 {status}\r\nCSeq: 1\r\n\r\n".encode()) as port:
        error = failure(source(f"rtsp://127.0.0.1:{port}/token", secret_file(tmp_path)))
    assert isinstance(error, expected)


def test_ffmpeg_would_have_shown_the_password(tmp_path: Path) -> None:
    # The premise of all this: its error text is the address with user and password.
    with pytest.raises(av.error.ConnectionRefusedError, match=SECRET[:4]):
        av.open(f"rtsp://viewer:{QUOTED}@127.0.0.1:1/token", format="rtsp")


def test_a_password_that_others_may_read(tmp_path: Path) -> None:
    path = secret_file(tmp_path)
    path.chmod(0o644)
    error = failure(source("rtsp://127.0.0.1:1/token", path))
    assert isinstance(error, WrongCredentials)
    assert "chmod 600" in str(error)


def test_a_password_too_long_for_ffmpeg_is_not_sent_in_part(tmp_path: Path) -> None:
    error = failure(source("rtsp://127.0.0.1:1/token", secret_file(tmp_path, "@" * 60)))
    assert isinstance(error, WrongCredentials)
    assert "room for 127" in str(error)


@pytest.mark.peer
class TestServer:
    """With a real server on the other side."""

    def test_right_and_wrong_password(self, tmp_path: Path) -> None:
        mount = footage(tmp_path / "token.footage", "h264", encoded(tmp_path, [noise(1)], "h264"))
        password = secret_file(tmp_path)
        (tmp_path / "other").mkdir()
        wrong = secret_file(tmp_path / "other", "wr0ng")
        with serving("--mount", mount, "--user", "viewer", "--password-file", str(password)) as (port, _):
            url = f"rtsp://127.0.0.1:{port}/token"
            assert isinstance(next(source(url, password).frames(threading.Event())), Glance)
            assert isinstance(failure(source(url, wrong)), WrongCredentials)
            assert isinstance(failure(source(url)), WrongCredentials)

    def test_no_such_stream(self, tmp_path: Path) -> None:
        mount = footage(tmp_path / "a.footage", "h264", encoded(tmp_path, [noise(1)], "h264"))
        with serving("--mount", mount) as (port, _):
            assert isinstance(failure(source(f"rtsp://127.0.0.1:{port}/token")), NotFound)

    def test_a_stream_that_stalls(self, tmp_path: Path) -> None:
        mount = footage(tmp_path / "token.footage", "h264", encoded(tmp_path, [noise(1)], "h264"))
        with serving("--mount", mount, "--stall-after", "token=2") as (port, _):
            error = failure(source(f"rtsp://127.0.0.1:{port}/token", read_s=0.5))
        assert isinstance(error, Stalled)
        assert "0.5 s" in str(error)

    def test_a_frozen_and_a_killed_server(self, tmp_path: Path) -> None:
        mount = footage(tmp_path / "token.footage", "h264", encoded(tmp_path, [noise(1)], "h264"))
        with serving("--mount", mount) as (port, process):
            frames = source(f"rtsp://127.0.0.1:{port}/token", read_s=0.5).frames(threading.Event())

            def freeze(_: object) -> None:
                process.send_signal(signal.SIGSTOP)

            with pytest.raises(Stalled):  # before the first picture, too, where the machine stands still
                list(map(freeze, frames))
            process.send_signal(signal.SIGCONT)
            frames = source(f"rtsp://127.0.0.1:{port}/token").frames(threading.Event())
            next(frames)
            process.kill()
            with pytest.raises(Ended):
                list(frames)

    @pytest.mark.parametrize("codec", ["h264", "h265"])
    def test_a_change_of_resolution_just_works(self, codec: str, tmp_path: Path) -> None:
        small = encoded(tmp_path, [noise(seed) for seed in range(5)], codec)
        large = encoded(tmp_path, [noise(seed, 320, 192) for seed in range(5)], codec)
        mount = footage(tmp_path / "token.footage", codec, [*small, *large])
        with serving("--mount", mount) as (port, _):
            frames = source(f"rtsp://127.0.0.1:{port}/token").frames(threading.Event())
            seen = [item.pixels().shape if isinstance(item, Glance) else item for item in islice(frames, 8) if item]
        assert set(seen) == {(96, 160, 3), (192, 320, 3)}

    def test_capture_time_is_the_arrival_of_the_packet(self, tmp_path: Path) -> None:
        mount = footage(tmp_path / "token.footage", "h264", encoded(tmp_path, [noise(1)], "h264"))
        clock = FakeClock()
        with serving("--mount", mount) as (port, _):
            camera = Rtsp("gate", patient(f"rtsp://127.0.0.1:{port}/token"), clock)
            glances = (item for item in camera.frames(threading.Event()) if isinstance(item, Glance))
            first = next(glances)
            clock.pass_s(60)
            second = next(glances)
        assert second.captured_at_ms - first.captured_at_ms == 60_000
        assert first.source_key != second.source_key

    def test_a_camera_that_knows_the_time_dates_its_pictures_and_one_that_does_not_is_known(
        self, tmp_path: Path
    ) -> None:
        mount = footage(tmp_path / "token.footage", "h264", encoded(tmp_path, [noise(1)], "h264"))
        with serving("--mount", mount) as (port, _):
            right_ms = dated(f"rtsp://127.0.0.1:{port}/token", SystemClock(), ClockQuality.SYNCED)
            wrong_ms = dated(f"rtsp://127.0.0.1:{port}/token", HourAhead(), ClockQuality.ARRIVAL)
        assert -LATE_MS <= right_ms <= DROPPED_MS  # a picture that is believed may be late
        assert abs(wrong_ms + 3_600_000) < 60_000

    def test_a_clock_at_the_bound_changes_sides_once_at_most_and_no_capture_time_goes_back(
        self, tmp_path: Path
    ) -> None:
        mount = footage(tmp_path / "token.footage", "h264", encoded(tmp_path, [noise(1)], "h264"))
        clock = Shifted()
        offsets_ms: list[float] = []
        bound_ms: list[float] = []
        seen: list[Glance] = []
        with serving("--mount", mount) as (port, _):
            camera = Rtsp("gate", patient(f"rtsp://127.0.0.1:{port}/token"), clock)
            for glance in camera.frames(threading.Event()):
                camera.attend(25)
                if not isinstance(glance, Glance) or camera.sender_offset_ms is None:
                    continue
                if clock.ahead_ms:
                    seen.append(glance)
                    bound_ms.append(camera.sender_offset_ms)
                else:
                    offsets_ms.append(camera.sender_offset_ms)
                if len(offsets_ms) == 25:  # from here on it is as far ahead as a clock may be, give or take a jitter
                    clock.ahead_ms = round(median(offsets_ms) - DROPPED_MS)
                if len(seen) == 100:
                    break
        assert all(before.captured_at_ms <= after.captured_at_ms for before, after in pairwise(seen))
        if max(bound_ms) - min(bound_ms) < DROPPED_MS - BELIEVED_MS:  # a machine that stands still moves it by more
            assert sum(before.clock is not after.clock for before, after in pairwise(seen)) <= 1


def dated(url: str, clock: Clock, wanted: ClockQuality) -> float:
    """How far the server's clock is from ours, by its reports, once a picture is dated as wanted."""
    camera = Rtsp("gate", patient(url), clock)
    for glance in camera.frames(threading.Event()):
        # Of a busy machine the first reports may come too late to be believed.
        if isinstance(glance, Glance) and camera.sender_offset_ms is not None and glance.clock is wanted:
            return camera.sender_offset_ms
    raise AssertionError("the stream ended")


class Shifted(SystemClock):
    ahead_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.ahead_ms


class HourAhead(SystemClock):
    def now_ms(self) -> int:
        return super().now_ms() + 3_600_000
