"""A recording as a camera: the same ids at every run, paced or as fast as it is taken, and no file name anywhere.

folder | picture | video ──▶ Replay ──▶ Glance, Skipped
"""

import struct
import threading
import zlib
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.errors import NoPicture, NotFound
from edge_agent.frames import Frame, Glance, Skipped, SkipReason
from edge_agent.sources.replay.source import Replay
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import ClockQuality
from tests.edge_agent.world import EPOCH_MS, FakeClock, Image, flat, noise, write_video

STARTED_MS = EPOCH_MS - 86_400_000


def replay(path: Path, clock: FakeClock | None = None, **options: object) -> Replay:
    source = processes.ReplaySource.model_validate({"path": path, "realtime": False, **options})
    return Replay("gate", source, clock or FakeClock())


def play(camera: Replay, number: int | None = None) -> list[Glance | Skipped]:
    return list(islice(camera.frames(threading.Event()), number))


def frames(items: list[Glance | Skipped]) -> list[Frame]:
    return [item.frame() for item in items if isinstance(item, Glance)]


def write(path: Path, image: Image) -> Path:
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())
    return path


def png_header(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(header)) + chunk + struct.pack(">I", zlib.crc32(chunk))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        write(tmp_path / f"{number}.png", flat(10 * number))
    return tmp_path


def test_with_a_start_time_every_run_gives_the_same_ids(folder: Path) -> None:
    first = frames(play(replay(folder, FakeClock(), started_at_ms=STARTED_MS, interval_s=2)))
    again = frames(play(replay(folder, FakeClock(EPOCH_MS + 999), started_at_ms=STARTED_MS, interval_s=2)))
    assert [frame.captured_at_ms - STARTED_MS for frame in first] == [0, 2000, 4000, 6000]
    assert {frame.clock for frame in first} == {ClockQuality.SYNCED}
    assert [frame.observation_id for frame in first] == [frame.observation_id for frame in again]


def test_without_one_a_fast_replay_ends_now_and_a_paced_one_starts_now(folder: Path) -> None:
    fast = frames(play(replay(folder)))
    assert [frame.captured_at_ms - EPOCH_MS for frame in fast] == [-4000, -3000, -2000, -1000]
    clock = FakeClock()
    paced = frames(play(replay(folder, clock, realtime=True)))
    assert [frame.captured_at_ms - EPOCH_MS for frame in paced] == [0, 1000, 2000, 3000]
    assert clock.monotonic_s() == pytest.approx(3.0)
    assert {frame.clock for frame in [*fast, *paced]} == {ClockQuality.ARRIVAL}


def test_a_paced_replay_keeps_its_pace_behind_a_slow_taker(folder: Path) -> None:
    clock = FakeClock()
    for _ in replay(folder, clock, realtime=True).frames(threading.Event()):
        clock.pass_s(0.7)
    assert clock.monotonic_s() == pytest.approx(3.7)


def test_a_loop_never_repeats_an_id(folder: Path) -> None:
    looped = frames(play(replay(folder, loop=True, started_at_ms=STARTED_MS), 10))
    assert [frame.captured_at_ms - STARTED_MS for frame in looped] == [1000 * n for n in range(10)]
    assert len({frame.observation_id for frame in looped}) == 10
    assert len({frame.source_key for frame in looped}) == 10


def test_stop_interrupts_the_wait_for_the_next_picture(folder: Path) -> None:
    stop = threading.Event()
    clock = FakeClock()
    clock.on_wait = lambda _: stop.set()
    assert len(list(replay(folder, clock, realtime=True, interval_s=3600).frames(stop))) == 1


def test_bad_pictures_are_named_by_number_and_the_rest_goes_on(tmp_path: Path) -> None:
    whole = cv2.imencode(".jpg", noise(1))[1].tobytes()
    secret = "Zhang-San"
    contents = {
        "a.jpg": whole,
        "b.jpg": whole[: len(whole) // 2],
        "c.jpg": b"",
        "d.txt": b"notes",
        "e.png": png_header(16384, 16384),
        "f.png": png_header(1, 70_000),
        "g.gif": b"GIF89a",
        "h.jpg": whole,
    }
    for name, data in contents.items():
        (tmp_path / f"{name[0]}-{secret}{name[1:]}").write_bytes(data)
    items = play(replay(tmp_path, started_at_ms=STARTED_MS))
    kinds = [item.reason if isinstance(item, Skipped) else None for item in items]
    assert kinds == [
        None,
        SkipReason.BROKEN,
        SkipReason.UNKNOWN_FORMAT,
        SkipReason.UNKNOWN_FORMAT,
        SkipReason.TOO_LARGE,
        SkipReason.TOO_LARGE,
        SkipReason.UNKNOWN_FORMAT,
        None,
    ]
    assert [frame.source_key for frame in frames(items)] == ["f0", "f7"]
    assert secret not in repr(items)
    assert isinstance(items[1], Skipped)
    assert items[1].message == "picture 2 of 8 is a JPEG that is cut off"


def test_a_single_picture_is_a_folder_of_one(tmp_path: Path) -> None:
    (only,) = frames(play(replay(write(tmp_path / "one.bmp", noise(3)), started_at_ms=STARTED_MS)))
    assert np.array_equal(only.image, noise(3))


def test_a_sideways_photograph_is_turned_upright(tmp_path: Path) -> None:
    upright = flat(0, 64, 32)
    upright[:, :16] = 255  # white at the left
    data = cv2.imencode(".jpg", upright)[1].tobytes()
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"  # orientation 6: turn right
    turned = data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]
    (tmp_path / "turned.jpg").write_bytes(turned)
    (frame,) = frames(play(replay(tmp_path)))
    assert frame.image.shape == (64, 32, 3)
    assert frame.image[:12].mean() > 200  # white at the top


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_video_gives_every_frame_at_its_time(codec: str, tmp_path: Path) -> None:
    path = write_video(tmp_path / "street.mp4", [noise(n) for n in range(12)], codec=codec, gop=6, b_frames=2)
    items = frames(play(replay(path, started_at_ms=STARTED_MS)))
    assert [frame.captured_at_ms - STARTED_MS for frame in items] == [40 * n for n in range(12)]
    assert len({frame.observation_id for frame in items}) == 12
    ends_now = frames(play(replay(path)))
    assert ends_now[0].captured_at_ms == EPOCH_MS - 480


def test_a_video_that_is_cut_off_gives_what_is_there(tmp_path: Path) -> None:
    path = write_video(tmp_path / "street.mkv", [noise(n) for n in range(20)])
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    items = frames(play(replay(path, started_at_ms=STARTED_MS)))
    assert 5 < len(items) < 20


def test_what_cannot_be_played_says_so_without_its_name(tmp_path: Path) -> None:
    secret = "Zhang-San"
    (tmp_path / f"{secret}.mp4").write_bytes(b"no video at all")
    (tmp_path / "empty").mkdir()
    (tmp_path / "junk").mkdir()
    (tmp_path / "junk" / "a.jpg").write_bytes(b"x")
    with pytest.raises(NotFound, match="check `path`") as missing:
        play(replay(tmp_path / f"{secret}.avi"))
    with pytest.raises(NotFound, match="check `path`") as missing_picture:
        play(replay(tmp_path / f"{secret}.jpg"))
    with pytest.raises(NoPicture, match="no video") as junk:
        play(replay(tmp_path / f"{secret}.mp4"))
    with pytest.raises(NoPicture, match="empty"):
        play(replay(tmp_path / "empty"))
    with pytest.raises(NoPicture, match="nothing in the recording"):  # a loop must not spin on it
        play(replay(tmp_path / "junk", loop=True))
    for caught in (missing, missing_picture, junk):
        assert secret not in str(caught.value)
