"""One suite for every kind of camera: a folder, a video, snapshots over HTTP, and RTSP in H.264 and H.265.

drawn pictures ──▶ file | HTTP server | gst-rtsp-server ──▶ Source ──▶ Glance, Skipped
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.clock import SystemClock
from edge_agent.errors import SourceError
from edge_agent.frames import Frame, Glance, Skipped, SkipReason
from edge_agent.sources.picture_header import UnusablePictureError
from edge_agent.sources.replay.source import Replay
from edge_agent.sources.rtsp.source import Rtsp
from edge_agent.sources.snapshot.source import Snapshots
from edge_agent.sources.source import MeteredSource, Source
from edge_agent.sources.thumbnail import grey_of
from provisioning.contracts.config import processes
from tests.edge_agent.cameras import GOP, encoded, footage, serving
from tests.edge_agent.world import EPOCH_MS, FakeClock, noise
from tests.support.picture_camera import Given, PictureCamera

WIDTH, HEIGHT = 160, 96
PICTURES = [noise(seed, WIDTH, HEIGHT) for seed in range(2 * GOP)]


@dataclass(frozen=True)
class Kind:
    """A source under test; `broken` is the same with one picture damaged in the middle."""

    whole: Source
    broken: Source


def folder(path: Path, *, broken: bool) -> Source:
    place = path / f"folder-{broken}"
    place.mkdir()
    for number, picture in enumerate(PICTURES):
        data = cv2.imencode(".jpg", picture)[1].tobytes()
        (place / f"{number:03}.jpg").write_bytes(data[: len(data) // 2] if broken and number == GOP else data)
    return Replay("gate", processes.ReplaySource(path=place, realtime=False, started_at_ms=EPOCH_MS), SystemClock())


def video(path: Path, *, broken: bool) -> Source:
    """Annex B, so that damage stays inside its picture as it does on a wire."""
    units = encoded(path, PICTURES, "h264")
    if broken:
        units[GOP] = units[GOP][: len(units[GOP]) // 2]
    file = path / f"video-{broken}.h264"
    file.write_bytes(b"".join(units))
    return Replay("gate", processes.ReplaySource(path=file, realtime=False, started_at_ms=EPOCH_MS), SystemClock())


def snapshots(stack: ExitStack, *, broken: bool) -> Source:
    data = [cv2.imencode(".jpg", picture)[1].tobytes() for picture in PICTURES]
    if broken:
        data[GOP] = data[GOP][: len(data[GOP]) // 2]
    served = stack.enter_context(PictureCamera(lambda number: Given(data[number % len(data)])))
    return _snapshots(served.url)


def _snapshots(url: str) -> Source:
    return Snapshots("gate", processes.SnapshotSource(url=url, timeout_s=60), FakeClock(), lambda: None)


PEER = pytest.mark.peer


@pytest.fixture(
    params=["folder", "video", "snapshot", pytest.param("h264", marks=PEER), pytest.param("h265", marks=PEER)]
)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kind]:
    if request.param == "folder":
        yield Kind(folder(tmp_path, broken=False), folder(tmp_path, broken=True))
        return
    if request.param == "video":
        yield Kind(video(tmp_path, broken=False), video(tmp_path, broken=True))
        return
    if request.param == "snapshot":
        with ExitStack() as stack:
            yield Kind(snapshots(stack, broken=False), snapshots(stack, broken=True))
        return
    units = encoded(tmp_path, PICTURES, request.param)
    damaged = [*units[:GOP], cut(units[GOP], request.param), *units[GOP + 1 :]]
    with ExitStack() as stack:
        mounts = (
            footage(tmp_path / "whole.footage", request.param, units),
            footage(tmp_path / "broken.footage", request.param, damaged),
        )
        port, _ = stack.enter_context(serving("--mount", mounts[0], "--mount", mounts[1]))
        addresses = (f"rtsp://127.0.0.1:{port}/{name}" for name in ("whole", "broken"))
        yield Kind(*(Rtsp("gate", _rtsp(address), SystemClock()) for address in addresses))


def cut(keyframe: bytes, codec: str) -> bytes:
    """What a busy camera that loses packets leaves of a keyframe.

    Of H.265 it must be little: FFmpeg notices a damaged slice header, and not a slice that ends early.
    """
    if codec == "h264":
        return keyframe[: len(keyframe) // 2]
    slice_at = keyframe.rindex(b"\x00\x00\x01")
    return keyframe[: slice_at + 6]


def _rtsp(url: str) -> processes.RtspSource:
    return processes.RtspSource(url=url, connect_timeout_s=30, read_timeout_s=30)


def looked(source: Source, stop: threading.Event) -> Iterator[Frame | Skipped]:
    """Every picture in full, each before the next glance, as the contract wants."""
    for item in source.frames(stop):
        if not isinstance(item, Glance):
            if item is not None:
                yield item
            continue
        try:
            yield item.frame()
        except UnusablePictureError as error:
            yield Skipped(item.camera_id, error.reason, str(error))


def some(source: Source, number: int) -> list[Frame | Skipped]:
    return list(islice(looked(source, threading.Event()), number))


def test_frames_are_pictures_with_a_name_of_their_own(kind: Kind) -> None:
    items = some(kind.whole, 4)
    frames = [item for item in items if isinstance(item, Frame)]
    assert len(frames) == 4
    for each in frames:
        assert each.image.shape == (HEIGHT, WIDTH, 3)
        assert each.image.dtype == np.uint8
        assert each.camera_id == "gate"
        assert all("!" <= character <= "~" for character in each.source_key)
    times = [each.captured_at_ms for each in frames]
    assert times == sorted(times)
    assert len({each.observation_id for each in frames}) == 4


def test_the_picture_is_the_one_that_was_drawn(kind: Kind) -> None:
    (seen,) = some(kind.whole, 1)
    assert isinstance(seen, Frame)
    # Lossy, and a live camera may be met at any of its keyframes.
    distances = [float(np.abs(seen.image.astype(int) - drawn).mean()) for drawn in PICTURES]
    assert min(distances) < 0.6 * sorted(distances)[1]


def test_a_glance_is_what_the_picture_looks_like_from_afar(kind: Kind) -> None:
    glance = next(iter(kind.whole.frames(threading.Event())))
    assert isinstance(glance, Glance)
    assert glance.grey.shape == (36, 64)
    assert glance.grey.dtype == np.uint8
    assert not glance.pushed
    assert float(np.abs(glance.grey.astype(int) - grey_of(glance.pixels())).mean()) < 4


def test_stop_ends_it_quietly(kind: Kind) -> None:
    stop = threading.Event()
    frames = kind.whole.frames(stop)
    next(frames)
    stop.set()
    assert list(frames) == []


def test_it_can_be_opened_again(kind: Kind) -> None:
    for _ in range(2):
        assert isinstance(some(kind.whole, 1)[0], Frame)


def test_what_comes_over_the_network_is_counted(kind: Kind) -> None:
    some(kind.whole, 2)
    if isinstance(kind.whole, Replay):
        assert not isinstance(kind.whole, MeteredSource)
    else:
        assert isinstance(kind.whole, MeteredSource)
        assert kind.whole.meter.total_bytes > WIDTH * HEIGHT / 100


def test_a_broken_picture_is_skipped_and_the_next_ones_come(kind: Kind) -> None:
    stop = threading.Event()
    skipped: list[Skipped] = []
    after = 0
    for item in islice(looked(kind.broken, stop), 30):
        if isinstance(item, Skipped):
            skipped.append(item)
        elif skipped:
            after += 1
        if after == 2:
            break
    assert after == 2
    assert {item.reason for item in skipped} == {SkipReason.BROKEN}


def test_no_grey_half_is_ever_shown(kind: Kind) -> None:
    for item in islice(looked(kind.broken, threading.Event()), 6):
        if isinstance(item, Frame):
            assert item.image[-8:].std() > 20


@pytest.mark.parametrize("make", [
    lambda path: Replay("gate", processes.ReplaySource(path=path / "secret-name"), SystemClock()),
    lambda _: Rtsp("gate", _rtsp("rtsp://127.0.0.1:1/secret-name"), SystemClock()),
    lambda _: _snapshots("http://127.0.0.1:1/secret-name"),
])  # fmt: skip
def test_what_is_not_there_is_a_typed_error_without_its_address(make: Callable[[Path], Source], tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"^camera gate: .*check") as caught:
        some(make(tmp_path), 1)
    assert "secret-name" not in str(caught.value)
    assert caught.value.__context__ is None or "secret-name" not in str(caught.value.__context__)
