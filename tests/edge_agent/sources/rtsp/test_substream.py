"""The small stream is watched while it is looked at closer, or always; pictures are of the main one.

gst-rtsp-server: /main 320×192 and /small 160×96 ──▶ Rtsp ──▶ Glance
"""

import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from edge_agent.clock import SystemClock
from edge_agent.errors import NotFound
from edge_agent.frames import Glance, Skipped, SkipReason
from edge_agent.sources.rtsp import source as rtsp
from edge_agent.sources.rtsp.source import Rtsp
from edge_agent.sources.thumbnail import grey_of
from provisioning.contracts.config import processes
from tests.edge_agent.cameras import GOP, encoded, footage, serving
from tests.edge_agent.world import Image, noise

pytestmark = pytest.mark.peer

MAIN = [noise(seed, 320, 192) for seed in range(GOP)]
SMALL = [picture[::2, ::2].copy() for picture in MAIN]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("footage")
    mounts = (
        footage(folder / "main.footage", "h264", encoded(folder, MAIN, "h264")),
        footage(folder / "small.footage", "h264", encoded(folder, SMALL, "h264")),
    )
    with serving("--mount", mounts[0], "--mount", mounts[1]) as (found, _):
        yield found


@pytest.fixture(params=["for a closer look", "always"], autouse=True)
def always(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """A large main stream is never decoded for a look; this one is small, so the limit has to be smaller."""
    is_always: bool = request.param == "always"
    if is_always:
        monkeypatch.setattr(rtsp, "_LARGE_PX", 1)
    return is_always


def opened(port: int, main: str = "main", small: str = "small") -> Rtsp:
    place = f"rtsp://127.0.0.1:{port}"
    return opened_at(f"{place}/{main}", f"{place}/{small}")


def opened_at(main_url: str, small_url: str) -> Rtsp:
    source = processes.RtspSource(url=main_url, substream_url=small_url, connect_timeout_s=60, read_timeout_s=60)
    return Rtsp("gate", source, SystemClock())


def nearest(image: Image) -> int:
    return int(np.argmin([np.abs(image.astype(int) - drawn).mean() for drawn in MAIN]))


def test_pictures_are_the_main_streams_keyframes_at_first_sight_by_the_small_one(port: int) -> None:
    stop = threading.Event()
    keys = set()
    pictures = (item for item in opened(port).frames(stop) if item is not None)  # None: nothing came for a while
    for item in islice(pictures, 4):
        assert isinstance(item, Glance)
        keys.add(item.source_key)
        image = item.pixels()
        assert image.shape == (192, 320, 3)
        assert nearest(image) == 0
        # Both cameras' keyframes show the same picture here, so the glance is of it too.
        assert np.abs(item.grey.astype(int) - grey_of(image)).mean() < 8
    assert len(keys) == 4
    stop.set()


def test_while_it_is_looked_at_closer_a_picture_is_of_this_very_moment(port: int) -> None:
    camera, stop = opened(port), threading.Event()
    numbers = set()
    keys = []
    for count, item in enumerate(camera.frames(stop)):
        camera.attend(25)
        if isinstance(item, Glance):
            numbers.add(nearest(item.pixels()))
            keys.append(item.source_key)
        if len(numbers) > 2:
            break
        assert count < 100
    assert len(set(keys)) == len(keys)


def test_without_a_small_stream_the_main_one_is_watched_and_that_is_said_once(port: int) -> None:
    camera = opened(port, small="none")
    skipped: list[Skipped] = []
    glances = 0
    for item in camera.frames(threading.Event()):
        if isinstance(item, Skipped):
            skipped.append(item)
        elif item is not None:
            assert item.pixels().shape == (192, 320, 3)
            glances += bool(skipped)
        camera.attend(25)
        if glances == 8:
            break
    assert [each.reason for each in skipped] == [SkipReason.SUBSTREAM]
    assert "has no such stream" in skipped[0].message
    assert "rtsp://" not in skipped[0].message


def test_without_a_main_stream_there_is_no_camera(port: int) -> None:
    with pytest.raises(NotFound):
        next(opened(port, main="none").frames(threading.Event()))


def test_a_small_stream_that_ends_hands_over_to_the_main_one(port: int, tmp_path: Path) -> None:
    mount = footage(tmp_path / "small.footage", "h264", encoded(tmp_path, SMALL, "h264"))
    with serving("--mount", mount) as (other, process):
        camera = opened_at(f"rtsp://127.0.0.1:{port}/main", f"rtsp://127.0.0.1:{other}/small")
        frames = camera.frames(threading.Event())
        for item in frames:
            camera.attend(25)
            if isinstance(item, Glance) and item.source_key.startswith("k") and is_receiving():
                break
        process.kill()
        lost = next(item for item in frames if isinstance(item, Skipped))
        assert lost.reason is SkipReason.SUBSTREAM
        assert any(isinstance(item, Glance) for item in islice(frames, 20))


def test_stop_ends_both(port: int) -> None:
    camera, stop = opened(port), threading.Event()
    frames = camera.frames(stop)
    next(frames)
    camera.attend(25)
    while not is_receiving():
        next(frames)
    stop.set()
    assert list(frames) == []
    assert not is_receiving()


def test_back_in_a_quiet_scene_only_what_is_needed_is_received(port: int, *, always: bool) -> None:
    camera, stop = opened(port), threading.Event()
    frames = camera.frames(stop)
    next(frames)
    camera.attend(25)
    while not is_receiving():
        next(frames)
    camera.attend(0)
    keys = [item.source_key for item in islice(frames, 6) if isinstance(item, Glance)]
    assert len(set(keys)) == len(keys) > 2
    assert is_receiving() == always
    stop.set()
    assert list(frames) == []


def test_coming_and_going_between_close_and_quiet_no_capture_time_goes_back(port: int) -> None:
    camera, stop = opened(port), threading.Event()
    times = []
    pictures = (item for item in camera.frames(stop) if isinstance(item, Glance))
    for number, item in enumerate(islice(pictures, 24)):
        times.append(item.captured_at_ms)
        camera.attend(25 if number % 8 < 5 else 0)
    stop.set()
    assert times == sorted(times)


def is_receiving() -> bool:
    """Whether a main stream is received beside a small one."""
    return any(thread.name.startswith("main stream") for thread in threading.enumerate())
