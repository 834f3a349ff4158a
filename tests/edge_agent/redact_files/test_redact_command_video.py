"""Video through `wayside-edge redact`: every frame, at its time, upright, and nothing of what was not redacted."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from edge_agent.redact_files.errors import NotRedacted
from edge_agent.redact_files.file_redactor import FileRedactor, Written
from edge_agent.redact_files.job import FileKind, Item
from edge_agent.redact_files.video_file import Movie
from edge_agent.redactor.cover import COLOUR
from tests.edge_agent.painting import Boxes, Painter, nothing, whole
from tests.edge_agent.world import Image, flat, noise, write_video


def _video(
    path: Path,
    images: Sequence[Image],
    times: Sequence[int],
    *,
    per_s: int = 1000,
    sound: bool = False,
    turn: int = 0,
    pix_fmt: str = "yuv420p",
) -> Path:
    """A video whose frames are shown at `times`, in parts of a second."""
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as container:
        container.metadata["title"] = "A name and a place"
        stream = container.add_stream("libx264", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt, stream.codec_context.time_base = pix_fmt, Fraction(1, per_s)
        if turn:
            stream.set_display_rotation(turn)
        audio = container.add_stream("aac", rate=8000) if sound else None
        for image, at in zip(images, times, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = at, Fraction(1, per_s)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if isinstance(audio, av.AudioStream):
            voice = av.AudioFrame.from_ndarray(np.ones((1, 1024), np.float32), format="fltp", layout="mono")
            voice.sample_rate = 8000
            container.mux(audio.encode(voice))
            container.mux(audio.encode(None))
    return path


def _redacted(source: Path, target: Path, boxes: Boxes = whole) -> tuple[Written, Painter]:
    painter = Painter(boxes)
    item = Item(source, target, FileKind.VIDEO)
    return FileRedactor(lambda: painter).redact(item, lambda: None), painter


def _frames(path: Path) -> list[tuple[Fraction, Image]]:
    with av.open(str(path)) as container:
        return [
            (frame.pts * frame.time_base, np.asarray(frame.to_ndarray(format="bgr24"), np.uint8))
            for frame in container.decode(video=0)
            if frame.pts is not None and frame.time_base is not None
        ]


def _is_cover(image: Image) -> bool:
    return bool(np.abs(image.astype(int) - COLOUR).max() <= 4)


def test_every_frame_is_redacted_and_shown_at_its_own_time(tmp_path: Path) -> None:
    times = [0, 40, 45, 300, 301, 1000, 2500]
    source = _video(tmp_path / "a.mp4", [noise(n) for n in range(7)], times)
    written, painter = _redacted(source, tmp_path / "out.mp4")
    assert (written.frames, written.replaced) == (7, 0)
    shown = _frames(tmp_path / "out.mp4")
    assert [round(1000 * at) for at, _ in shown] == times
    assert [one.frame.captured_at_ms for one in painter.seen] == times
    assert all(_is_cover(image) for _, image in shown), "no raw pixel is in it"


def test_times_that_no_millisecond_holds_are_kept_exactly(tmp_path: Path) -> None:
    times = [1001 * n for n in range(6)]
    source = _video(tmp_path / "a.mp4", [noise(n) for n in range(6)], times, per_s=30000)
    _redacted(source, tmp_path / "out.mp4")
    assert [at for at, _ in _frames(tmp_path / "out.mp4")] == [Fraction(n, 30000) for n in times]


def test_what_stays_visible_is_what_the_redactor_left(tmp_path: Path) -> None:
    source = write_video(tmp_path / "a.avi", [flat(200)] * 3)
    _redacted(source, tmp_path / "out.mp4", lambda _: [(0, 0, 32, 36)])
    for _, image in _frames(tmp_path / "out.mp4"):
        assert _is_cover(image[4:32, 4:24])
        assert np.abs(image[4:32, 40:].astype(int) - 200).max() <= 6


def test_frames_in_another_order_of_decoding_come_out_in_order(tmp_path: Path) -> None:
    levels = [20, 60, 100, 140, 180, 220]
    source = write_video(tmp_path / "a.mp4", [flat(level) for level in levels], b_frames=2)
    _redacted(source, tmp_path / "out.mp4", nothing)
    shown = [float(image.mean()) for _, image in _frames(tmp_path / "out.mp4")]
    assert np.abs(np.array(shown) - levels).max() <= 8


def test_sound_and_metadata_stay_behind(tmp_path: Path) -> None:
    source = _video(tmp_path / "a.mp4", [noise(n) for n in range(4)], [0, 40, 80, 120], sound=True)
    with av.open(str(source)) as container:
        assert len(container.streams) == 2
        assert "title" in container.metadata
    _redacted(source, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        assert "title" not in container.metadata
        assert container.streams.video[0].codec_context.name == "h264"
    assert b"A name and a place" not in (tmp_path / "out.mp4").read_bytes()


def test_a_frame_that_fails_is_covered_from_edge_to_edge_and_counted(tmp_path: Path) -> None:
    source = write_video(tmp_path / "a.mp4", [flat(200)] * 6)
    written, _ = _redacted(source, tmp_path / "out.mp4", lambda number: None if number in {0, 3} else [])
    assert (written.frames, written.replaced) == (6, 2)
    assert written.covered_share == pytest.approx(4 / 6 * 1 + 2 / 6)  # the fake says 1 of every frame that it redacts
    assert [_is_cover(image) for _, image in _frames(tmp_path / "out.mp4")] == [True, False, False, True, False, False]


def test_a_video_of_which_no_frame_can_be_redacted_is_not_written(tmp_path: Path) -> None:
    source = write_video(tmp_path / "a.mp4", [flat(200)] * 3)
    with pytest.raises(NotRedacted, match="not one of its 3 frames"):
        _redacted(source, tmp_path / "out.mp4", lambda _: None)
    assert list(tmp_path.iterdir()) == [source]


def test_a_video_held_on_its_side_is_redacted_and_shown_upright(tmp_path: Path) -> None:
    image = flat(200, 64, 36)
    image[:18, :32] = 20  # upper left
    plain = write_video(tmp_path / "plain.mp4", [image] * 2)
    turned = _video(tmp_path / "turned.mp4", [image] * 2, [0, 40], turn=90)
    _redacted(plain, tmp_path / "1.mp4", nothing)
    _, painter = _redacted(turned, tmp_path / "2.mp4", nothing)
    (_, upright), (_, side) = _frames(tmp_path / "1.mp4")[0], _frames(tmp_path / "2.mp4")[0]
    assert painter.seen[0].frame.image.shape == (64, 36, 3)
    assert np.abs(side.astype(int) - np.rot90(upright)).mean() < 6


def test_odd_sides_lose_a_line(tmp_path: Path) -> None:
    source = _video(tmp_path / "a.mkv", [noise(1)[:95, :159]] * 2, [0, 40], pix_fmt="yuv444p")
    _redacted(source, tmp_path / "out.mp4", nothing)
    assert _frames(tmp_path / "out.mp4")[0][1].shape == (94, 158, 3)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_a_damaged_video_is_refused_or_covered_never_shown(tmp_path: Path, share: float) -> None:
    source = write_video(tmp_path / "a.avi", [noise(n) for n in range(10)])
    data = bytearray(source.read_bytes())
    middle = int(len(data) * share)
    data[middle : middle + 400] = bytes(400)
    source.write_bytes(data)
    try:
        _redacted(source, tmp_path / "out.mp4")
    except NotRedacted:
        assert not (tmp_path / "out.mp4").exists()
    else:
        assert all(_is_cover(image) for _, image in _frames(tmp_path / "out.mp4"))
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("content", [b"", b"nothing", b"\x00" * 5000])
def test_what_is_no_video_says_so(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(content)
    with pytest.raises(NotRedacted, match="no video"):
        Movie(file)
