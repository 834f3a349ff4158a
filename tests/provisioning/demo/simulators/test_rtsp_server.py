"""The simulated cameras, seen by the decoder that the edge agent uses.

footage file ── rtsp_server.py (system python, gi) ── RTSP over TCP ── PyAV
"""

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.error import ExitError, HTTPNotFoundError, HTTPUnauthorizedError
from hypothesis import given
from hypothesis import strategies as st

from provisioning.demo import encode
from provisioning.demo.simulators import rtsp_server
from provisioning.demo.simulators.rtsp_server import FootageFile, FootageFormatError, read_footage, write_footage
from tests.support.waiting import LONG_S, until

SERVER = rtsp_server.__file__
SYSTEM_PYTHON = "/usr/bin/python3"
RATE = 25
GOP = 10
SIZE = (160, 96)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two GOPs of a picture that grows brighter, so that every picture can be told from the next."""
    path = tmp_path_factory.mktemp("video") / "ramp.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for number in range(2 * GOP):
            grey = np.full((SIZE[1], SIZE[0], 3), 20 + 10 * number, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path


@pytest.mark.parametrize("comes", [True, False], ids=["comes", "is ended first"])
def test_a_password_file_is_waited_for(tmp_path: Path, *, comes: bool) -> None:
    film, password = tmp_path / "film", tmp_path / "password"
    write_footage(film, "h264", (RATE, 1), [b"\0\0\0\1"])
    lock = ["--user", "admin", "--password-file", str(password), "--wait", "3600"]
    process = subprocess.Popen(
        [SYSTEM_PYTHON, SERVER, "--port", "0", "--mount", f"a={film}", *lock],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "not there yet" in process.stderr.readline()
        if comes:
            (tmp_path / "draft").touch(0o600)
            (tmp_path / "draft").write_text("secret")
            (tmp_path / "draft").rename(password)
            assert json.loads(process.stdout.readline())["mounts"] == ["/a"]
        process.terminate()
        process.communicate(timeout=LONG_S)
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate(timeout=LONG_S)


def encoded(video: Path, codec: str) -> Path:
    path = video.with_suffix("." + codec)
    if not path.exists():
        encode.main([str(video), str(path), "--codec", codec, "--gop", str(GOP)])
    return path


@pytest.fixture(scope="module", params=["h264", "h265"])
def footage(request: pytest.FixtureRequest, video: Path) -> Path:
    """Returns the video in each codec, for what is made of its units."""
    return encoded(video, request.param)


@pytest.fixture(scope="module")
def film(video: Path) -> Path:
    """Returns the video for what the server does with any."""
    return encoded(video, "h264")


@pytest.fixture
def serve(rtsp_python: str) -> Iterator[Callable[..., tuple[int, "subprocess.Popen[str]"]]]:
    """Start a server; it ends with the test."""
    running = []

    def start(*arguments: str) -> tuple[int, "subprocess.Popen[str]"]:
        process = subprocess.Popen([rtsp_python, SERVER, "--port", "0", *arguments], stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        return json.loads(process.stdout.readline())["port"], process

    yield start
    for process in running:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        assert process.wait(LONG_S) == 0
        assert process.stdout is not None
        process.stdout.close()


def watch(url: str, silence_s: float = LONG_S) -> "av.container.InputContainer":
    options = {"rtsp_transport": "tcp", "probesize": "200000", "analyzeduration": "500000"}
    return av.open(url, options=options, timeout=(LONG_S, silence_s))


@pytest.mark.peer
def test_footage_is_played_over_and_over_in_order_and_on_time(
    serve: Callable[..., tuple[int, object]], footage: Path
) -> None:
    port, _ = serve("--mount", f"street={footage}")
    units = 3 * len(read_footage(footage).units)
    times: list[int] = []
    brightness: list[float] = []
    with watch(f"rtsp://127.0.0.1:{port}/street") as container:
        for frame in container.decode(video=0):
            if frame.pts is not None:
                times.append(frame.pts)
                brightness.append(float(frame.to_ndarray(format="gray8").mean()))
            if len(times) == units:
                break
    assert {later - earlier for earlier, later in pairwise(times)} == {90_000 // RATE}
    falls = [number for number in range(1, units) if brightness[number] < brightness[number - 1]]
    assert len(falls) in {2, 3}, "one fall of brightness per loop"
    assert {later - earlier for earlier, later in pairwise(falls)} == {2 * GOP}


@pytest.mark.peer
def test_a_view_that_changes_interrupts_no_stream(
    serve: Callable[..., tuple[int, "subprocess.Popen[str]"]], film: Path, video: Path, tmp_path: Path
) -> None:
    playing, dark = tmp_path / "playing", tmp_path / "dark"
    shutil.copy(film, playing)
    encode.main([str(video), str(dark), "--gop", str(GOP), "--view", "dark", "--most", str(2 * GOP)])
    port, process = serve("--mount", f"a={playing}")
    with watch(f"rtsp://127.0.0.1:{port}/a") as container:
        pictures = (float(frame.to_ndarray(format="gray8").mean()) for frame in container.decode(video=0))
        assert any(grey > 150 for grey in islice(pictures, 2 * GOP))
        shutil.copy(dark, playing)
        process.send_signal(signal.SIGHUP)
        # The same connection goes on; what was under way is played first.
        until(lambda: max(islice(pictures, 2 * GOP)) < 60, "the dark view")


@pytest.mark.peer
def test_a_camera_that_is_set_to_mjpeg(serve: Callable[..., tuple[int, object]], video: Path) -> None:
    port, _ = serve("--mount", f"a={encoded(video, 'mjpg')}")
    with watch(f"rtsp://127.0.0.1:{port}/a") as container:
        assert container.streams.video[0].codec_context.name == "mjpeg"
        assert next(container.decode(video=0)).width == SIZE[0]


@pytest.mark.peer
def test_several_cameras_and_a_client_that_comes_back(serve: Callable[..., tuple[int, object]], film: Path) -> None:
    port, _ = serve("--mount", f"a={film}", "--mount", f"b={film}")
    for name in ("a", "b", "a", "a"):
        with watch(f"rtsp://127.0.0.1:{port}/{name}") as container:
            assert next(container.decode(video=0)).width == SIZE[0]
    with pytest.raises(HTTPNotFoundError):
        watch(f"rtsp://127.0.0.1:{port}/elsewhere")


@pytest.mark.peer
def test_two_clients_share_one_camera(serve: Callable[..., tuple[int, object]], film: Path) -> None:
    port, _ = serve("--mount", f"a={film}")
    url = f"rtsp://127.0.0.1:{port}/a"
    with watch(url) as first, watch(url) as second:
        assert next(first.decode(video=0)).width == next(second.decode(video=0)).width
        second.close()
        for _, frame in zip(range(2 * GOP), first.decode(video=0), strict=False):
            assert frame.width == SIZE[0]


@pytest.mark.peer
def test_a_password_is_asked_for(serve: Callable[..., tuple[int, object]], film: Path, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.touch(0o600)
    secret.write_text("p@ss:word\n")
    port, _ = serve("--mount", f"a={film}", "--user", "viewer", "--password-file", str(secret))
    with pytest.raises(HTTPUnauthorizedError):
        watch(f"rtsp://127.0.0.1:{port}/a")
    with pytest.raises(HTTPUnauthorizedError):
        watch(f"rtsp://viewer:wrong@127.0.0.1:{port}/a")
    with watch(f"rtsp://viewer:p%40ss%3Aword@127.0.0.1:{port}/a") as container:
        assert next(container.decode(video=0)).width == SIZE[0]


@pytest.mark.peer
def test_a_stream_can_fall_silent(serve: Callable[..., tuple[int, object]], film: Path) -> None:
    port, _ = serve("--mount", f"a={film}", "--stall-after", "a=1")
    seen: list[av.VideoFrame] = []
    with watch(f"rtsp://127.0.0.1:{port}/a", 5.0) as container, pytest.raises(ExitError):
        seen.extend(container.decode(video=0))
    assert 0 < len(seen) <= RATE + 1


@pytest.mark.peer
def test_a_camera_whose_clock_is_wrong_tells_its_own_time(serve: Callable[..., tuple[int, object]], film: Path) -> None:
    port, _ = serve("--mount", f"late={film}", "--mount", f"right={film}", "--clock-error", "late=-90")
    urls = [f"rtsp://127.0.0.1:{port}/{name}" for name in ("late", "right")]
    with ThreadPoolExecutor(len(urls)) as pool:  # each report comes only after seconds
        late_s, right_s = pool.map(_clock_error_s, urls)
    assert late_s == pytest.approx(-90, abs=30)
    assert right_s == pytest.approx(0, abs=30)


def _clock_error_s(url: str) -> float:
    """Seconds that the first sender report is ahead of this machine's clock."""
    with watch(url) as container:
        for packet in container.demux(video=0):
            if packet.has_sidedata("prft"):
                (sent_us,) = struct.unpack_from("<q", bytes(packet.get_sidedata("prft")))
                return float(sent_us / 1e6 - time.time())
    raise AssertionError(f"{url}: no sender report came")


@pytest.mark.parametrize("option", ["--stall-after", "--clock-error"])
def test_conduct_of_a_mount_that_is_not_there_is_one_line(option: str, film: Path) -> None:
    assert "b: no such mount" in complain("--mount", f"a={film}", option, "b=1")


def complain(*arguments: str) -> str:
    done = subprocess.run(
        [SYSTEM_PYTHON, SERVER, *arguments], capture_output=True, text=True, check=False, timeout=LONG_S
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


@pytest.mark.peer
def test_a_taken_port_is_one_line(serve: Callable[..., tuple[int, object]], film: Path) -> None:
    port, _ = serve("--mount", f"a={film}")
    assert f"port {port} of 127.0.0.1 is taken" in complain("--port", str(port), "--mount", f"a={film}")


def test_a_readable_password_is_one_line(film: Path, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("open")
    secret.chmod(0o644)
    line = complain("--mount", f"a={film}", "--user", "viewer", "--password-file", str(secret))
    assert "chmod 600" in line
    assert "open\n" not in line


def test_help_needs_neither_the_project_nor_gstreamer(tmp_path: Path) -> None:
    done = subprocess.run(
        [SYSTEM_PYTHON, "-I", "-S", SERVER, "--help"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert "--mount NAME=FILE" in done.stdout


def test_encoded_footage_has_a_keyframe_every_gop_and_nowhere_else(footage: Path) -> None:
    played = read_footage(footage)
    name = {"h264": "h264", "h265": "hevc"}[played.codec]
    decoder = av.CodecContext.create(name, "r")
    keys = []
    for unit in played.units:
        packet = av.Packet(unit)
        keys += [frame.key_frame for frame in decoder.decode(packet)]  # type: ignore[attr-defined]  # create() is typed as the base class
    keys += [frame.key_frame for frame in decoder.decode(None)]  # type: ignore[attr-defined]  # the same
    assert [number for number, key in enumerate(keys) if key] == [0, GOP]
    assert Fraction(*played.rate) == RATE


def test_a_source_that_is_no_video_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    done = subprocess.run(
        [sys.executable, "-m", "provisioning.demo.encode", "text.mp4", "out"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(SERVER).parents[3])},
    )
    assert done.returncode == 2
    assert "text.mp4: cannot be made into footage" in done.stderr
    assert not (tmp_path / "out").exists()


@given(st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=20), st.sampled_from(["h264", "h265"]))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, units: list[bytes], codec: str) -> None:
    path = tmp_path_factory.getbasetemp() / "footage"
    write_footage(path, codec, (30000, 1001), units)
    assert read_footage(path) == FootageFile(codec, (30000, 1001), tuple(units))


@given(st.binary(max_size=200))
def test_damaged_footage_is_an_error_of_its_own(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged"
    for prefix in (b"", b"WAYFh264" + b"\0\0\0\x19\0\0\0\1"):
        path.write_bytes(prefix + data)
        try:
            played = read_footage(path)
        except FootageFormatError:
            continue
        assert sum(map(len, played.units)) + 4 * len(played.units) == len(data)


def test_times_never_drift() -> None:
    ntsc = FootageFile("h264", (30000, 1001), (b"x",))
    assert ntsc.pts_ns(30000) == 1001 * 1_000_000_000
