"""Footage of any file."""

from fractions import Fraction
from pathlib import Path

import av
import pytest

from provisioning.demo.simulators import rtsp_server
from provisioning.demo.simulators.gb28181 import footage
from provisioning.demo.simulators.gb28181.footage import Codec, Footage, annexb, nal_units
from provisioning.errors import DemoError
from tests.support.gb28181_devices import film


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_drawn(codec: Codec) -> None:
    source = film(codec)
    assert [unit.is_keyframe for unit in source.units] == ([True] + [False] * 24) * 2
    assert source.duration_s == 2.0
    assert len({unit.data for unit in source.units}) == 50


def sets(source: Footage) -> list[bool]:
    """Whether each keyframe has its parameter sets."""
    wanted = {7, 8} if source.codec == "h264" else {32, 33, 34}
    return [
        wanted <= {unit[0] & 31 if source.codec == "h264" else unit[0] >> 1 & 63 for unit in nal_units(picture.data)}
        for picture in source.units
        if picture.is_keyframe
    ]


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "es"])
def test_a_video_file(codec: Codec, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"film.{suffix}"
    with av.open(str(path), "w", format={"es": "hevc" if codec == "h265" else codec}.get(suffix)) as container:
        stream = container.add_stream("libx264" if codec == "h264" else "libx265", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 192, "yuv420p"
        stream.codec_context.gop_size = 12
        if codec == "h265":
            stream.options = {"x265-params": "log-level=none"}
        for picture in footage._pictures((320, 192), 30):
            container.mux(stream.encode(picture.reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    source = footage.load(path)
    assert (source.codec, len(source.units)) == (codec, 30)
    assert all(sets(source))
    assert source.units[0].dts_90k == 0
    assert abs(source.duration_s - 1.2) < 0.05
    decoder = av.CodecContext.create("h264" if codec == "h264" else "hevc", "r")
    pictures = [frame for unit in source.units for frame in decoder.decode(av.Packet(unit.data))]
    assert len(pictures) + len(decoder.decode(None)) == 30


def test_a_footage_file(tmp_path: Path) -> None:
    path = tmp_path / "film.h265"
    units = [unit.data for unit in film("h265").units]
    rtsp_server.write_footage(path, "h265", (25, 1), units)
    assert footage.load(path) == film("h265")


def test_what_cannot_be_sent(tmp_path: Path) -> None:
    text, missing, other = (tmp_path / name for name in ("a.txt", "b.mp4", "c.mkv"))
    text.write_text("no video " * 100)
    with av.open(str(other), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 192, "yuv420p"
        for picture in footage._pictures((320, 192), 3):
            container.mux(stream.encode(picture.reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    for path in (text, missing, other):
        with pytest.raises(DemoError, match=path.name):
            footage.load(path)
    with pytest.raises(DemoError):
        annexb("h264", [film().units[1].data], Fraction(25))


def test_keyframes_are_found() -> None:
    source = film()
    assert [source.keyframe_at(position) for position in (0, 0.99, 1.0, 1.5, 2.0, 1e9 + 1)] == [0, 0, 25, 25, 0, 25]
    assert [source.keyframe_after(number) for number in (0, 1, 25, 26)] == [0, 25, 25, 0]
