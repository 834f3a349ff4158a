"""One suite for looking at a camera in this process and in one of its own.

drawn pictures ──▶ gst-rtsp-server ──▶ Capture | CaptureProcess ──▶ Selected, Look, Skipped, Sighting
"""

import threading
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest

from edge_agent.agent import open_capture
from edge_agent.capture.camera_capture import Captured, CaptureLimits, Capturing
from edge_agent.capture.fork_server import ForkServer
from edge_agent.clock import SystemClock
from edge_agent.errors import Ended, NotFound, Unreachable, WrongCredentials
from edge_agent.frames import CaptureStats, DetectionRequest, Selected, SelectReason, Skipped, SkipReason
from provisioning.contracts.config import processes
from tests.edge_agent.cameras import GOP, encoded, footage, serving
from tests.edge_agent.world import Image, flat, noise

pytestmark = pytest.mark.peer

PICTURES = [noise(seed) for seed in range(2 * GOP)]
STREET = [np.roll(noise(1), 8 * n, axis=1) for n in range(2 * GOP)]
Open = Callable[..., Capturing]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server with a lively camera, a still one, one that damages keyframes, and one with a password."""
    folder = tmp_path_factory.mktemp("footage")
    lively = encoded(folder, PICTURES, "h264")
    still = encoded(folder, [flat(90, 160, 96)] * GOP, "h264")
    damaged = [*lively[:GOP], lively[GOP][: len(lively[GOP]) // 2], *lively[GOP + 1 :]]
    mounts = [
        footage(folder / f"{name}.footage", "h264", units)
        for name, units in (("lively", lively), ("still", still), ("damaged", damaged))
    ]
    with serving(*(word for mount in mounts for word in ("--mount", mount))) as (port, _):
        yield port


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    made = ForkServer()
    yield made
    made.close()


@pytest.fixture(params=["in this process", "in its own"])
def opened(request: pytest.FixtureRequest, served: int, server: ForkServer) -> Open:
    own = server if request.param == "in its own" else None

    def open_it(
        mount: str, *, port: int = served, source: dict[str, object] | None = None, **selector: float
    ) -> Capturing:
        camera = processes.Camera.model_validate(
            {
                "id": "gate",
                "source": {"kind": "rtsp", "url": f"rtsp://127.0.0.1:{port}/{mount}"} | (source or {}),
                "selector": {"max_per_second": 25, **selector},
                "lines": [{"name": "line", "start": (0.5, 0), "end": (0.5, 1)}],
            }
        )
        return open_capture(camera, SystemClock(), server=own)

    return open_it


def some(capture: Capturing, number: int, kind: type[Captured]) -> list[Captured]:
    stop = threading.Event()
    items = list(islice((item for item in capture.selected(stop) if isinstance(item, kind)), number))
    stop.set()
    return items


def test_looks_come_between_keyframes_and_the_picture_that_is_asked_for_is_of_that_look(opened: Open) -> None:
    capture = opened("lively", change_threshold=255)
    capture.obey(CaptureLimits(looks_per_s=25))
    looks: list[DetectionRequest] = []
    taken: list[Selected] = []
    for item in capture.selected(threading.Event()):
        if isinstance(item, DetectionRequest):
            looks.append(item)
            capture.answer(item.captured_at_ms, take=len(looks) == 2 * GOP)
        taken += [item] if isinstance(item, Selected) else []
        if len(taken) == 2:
            break
    assert taken[1].reason is SelectReason.EVENT
    frame = taken[1].frame
    (its,) = [each for each in looks if each.captured_at_ms == frame.captured_at_ms]
    assert its is looks[2 * GOP - 1]
    assert its.reduced.size == (160, 96)
    assert its.reduced.image.shape == (96, 160, 3)
    assert np.abs(its.reduced.image.astype(int) - frame.image).mean() < 2
    assert distances(frame.image)[0] < 0.6 * distances(frame.image)[1]


def distances(image: Image) -> list[float]:
    return sorted(float(np.abs(image.astype(int) - drawn).mean()) for drawn in PICTURES)


def test_what_is_selected_is_the_picture_that_was_drawn(opened: Open) -> None:
    first, second = some(opened("lively"), 2, Selected)
    assert isinstance(first, Selected)
    assert isinstance(second, Selected)
    assert (first.reason, second.reason) == (SelectReason.FIRST, SelectReason.CHANGE)
    for each in (first, second):
        assert each.frame.camera_id == "gate"
        assert each.frame.image.shape == (96, 160, 3)
        assert each.frame.image.flags.writeable
        nearest, next_nearest, *_ = distances(each.frame.image)
        assert nearest < 0.6 * next_nearest
    assert first.frame.observation_id != second.frame.observation_id


def test_a_word_comes_with_the_first_picture_and_its_counts_grow_over_all_attempts(opened: Open) -> None:
    capture = opened("lively")
    first, second = some(capture, 2, CaptureStats)
    (third,) = some(capture, 1, CaptureStats)
    seen = [each for each in (first, second, third) if isinstance(each, CaptureStats)]
    assert seen[0].pictures == 1
    assert seen[0].pictures < seen[1].pictures < seen[2].pictures
    assert 0 < seen[0].decode_cpu_ms <= seen[1].decode_cpu_ms < seen[2].decode_cpu_ms
    assert seen[1].moving
    assert seen[0].scores is not None


def test_a_still_scene_is_taken_once_also_when_the_camera_comes_back(opened: Open) -> None:
    capture = opened("still")
    assert [each.reason for each in some(capture, 1, Selected) if isinstance(each, Selected)] == [SelectReason.FIRST]
    for _ in range(2):
        stop = threading.Event()
        for item in capture.selected(stop):
            assert isinstance(item, CaptureStats)
            break


def test_what_it_may_not_take_is_counted_and_the_camera_is_seen_all_the_same(opened: Open) -> None:
    capture = opened("lively")
    capture.obey(CaptureLimits(least_ms=3_600_000))
    stop = threading.Event()
    taken = 0
    for item in capture.selected(stop):
        taken += isinstance(item, Selected)
        if isinstance(item, CaptureStats) and item.passed_over:
            break
    assert taken == 1  # the first

    capture.obey(CaptureLimits())
    assert some(capture, 1, Selected)

    capture.obey(CaptureLimits(is_full=True))
    for item in capture.selected(stop):
        assert not isinstance(item, Selected)
        if isinstance(item, CaptureStats) and item.passed_over > taken:
            break


def test_orders_reach_a_capture_at_work(opened: Open) -> None:
    capture = opened("lively")
    capture.obey(CaptureLimits(is_full=True))
    stop = threading.Event()
    kinds = []
    for item in capture.selected(stop):
        if not isinstance(item, Skipped):
            kinds.append(type(item))
        if len(kinds) == 1:
            capture.obey(CaptureLimits())
        if kinds[-1:] == [Selected]:
            break
    assert kinds[0] is CaptureStats


def test_while_it_moves_it_is_looked_at_closer_if_that_is_allowed(opened: Open) -> None:
    def gaps(*, closer: bool) -> Iterator[int]:
        """Between the pictures that are taken, as the camera counts: 90,000 a second."""
        capture = opened("lively", moving_per_second=25)
        capture.obey(CaptureLimits(closer=closer))
        stop = threading.Event()
        keys = (item.frame.source_key for item in capture.selected(stop) if isinstance(item, Selected))
        yield from (int(b[1:]) - int(a[1:]) for a, b in pairwise(keys) if a[0] == b[0] == "k")
        stop.set()

    keyframes = GOP * 90_000 // 25
    assert all(gap % keyframes == 0 for gap in islice(gaps(closer=False), 6))
    assert any(0 < gap < keyframes for gap in islice(gaps(closer=True), 60))


def test_a_broken_picture_is_skipped_and_the_next_ones_come(opened: Open) -> None:
    stop = threading.Event()
    skipped: list[Skipped] = []
    after = 0
    for item in opened("damaged", change_threshold=0).selected(stop):
        if isinstance(item, Skipped):
            skipped.append(item)
        after += bool(skipped) and isinstance(item, Selected)
        if after == 2:
            break
    assert {each.reason for each in skipped} == {SkipReason.BROKEN}


def test_stop_ends_it_quietly(opened: Open) -> None:
    stop = threading.Event()
    items = opened("lively").selected(stop)
    next(items)
    stop.set()
    assert not any(isinstance(item, Selected) for item in items)


def test_what_is_wrong_with_the_camera_is_told_in_the_same_words(opened: Open, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"^camera gate: 127\.0\.0\.1:\d+ has no such stream"):
        some(opened("nothing"), 1, Selected)
    with pytest.raises(Unreachable, match=r"^camera gate: 127\.0\.0\.1:1 refuses the connection"):
        some(opened("lively", port=1), 1, Selected)
    missing = {"username": "viewer", "password_file": str(tmp_path / "none")}
    with pytest.raises(WrongCredentials, match="cannot be read"):
        some(opened("lively", source=missing), 1, Selected)


def test_a_password_opens_the_camera_and_a_wrong_one_does_not(opened: Open, tmp_path: Path) -> None:
    mount = footage(tmp_path / "closed.footage", "h264", encoded(tmp_path, PICTURES[:GOP], "h264"))
    for name, text in (("right", "s3cr:t/p@ss"), ("wrong", "wr0ng")):
        (tmp_path / name).touch(0o600)
        (tmp_path / name).write_text(text)
    with serving("--mount", mount, "--user", "viewer", "--password-file", str(tmp_path / "right")) as (port, _):
        right = {"username": "viewer", "password_file": str(tmp_path / "right")}
        assert some(opened("closed", port=port, source=right), 1, Selected)
        with pytest.raises(WrongCredentials, match="refuses user or password"):
            some(opened("closed", port=port, source=right | {"password_file": str(tmp_path / "wrong")}), 1, Selected)


def test_a_camera_that_reboots_ends_it(opened: Open, tmp_path: Path) -> None:
    mount = footage(tmp_path / "gone.footage", "h264", encoded(tmp_path, PICTURES[:GOP], "h264"))
    with serving("--mount", mount) as (port, process):
        items = opened("gone", port=port).selected(threading.Event())
        next(items)
        process.kill()
        with pytest.raises(Ended, match=r"(closed|broke) the stream"):
            list(items)
