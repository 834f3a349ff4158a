"""The program stream, read by FFmpeg and byte by byte."""

import io
import struct
from itertools import pairwise
from pathlib import Path

import av
import pytest

from provisioning.demo.simulators.gb28181 import footage, ps
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.footage import Codec, Footage, Unit
from provisioning.demo.simulators.gb28181.ps import ProgramStream
from tests.support.gb28181_devices import film

CODECS: tuple[Codec, ...] = ("h264", "h265")
START_90K = 90_000


def stream(source: Footage, *faults: DeviceFault) -> bytes:
    writer = ProgramStream(source.codec, frozenset(faults))
    return b"".join(writer.pack(unit, unit.pts_90k + START_90K, unit.dts_90k + START_90K).data for unit in source.units)


def decoded(data: bytes) -> tuple[str, list[int]]:
    """Codec, and the time of each picture in 90 kHz."""
    with av.open(io.BytesIO(data), "r", format="mpeg") as container:
        video = container.streams.video[0]
        return video.codec_context.name, [frame.pts or 0 for frame in container.decode(video)]


@pytest.mark.parametrize("codec", CODECS)
def test_ffmpeg_decodes_as_many_pictures_as_were_put_in(codec: Codec) -> None:
    source = film(codec)
    name, times = decoded(stream(source))
    assert name == {"h264": "h264", "h265": "hevc"}[codec]
    assert times == [unit.pts_90k + START_90K for unit in source.units]


@pytest.mark.parametrize(
    "faults",
    [
        [DeviceFault.AUDIO],
        [DeviceFault.AUDIO_ANNOUNCED],
        [DeviceFault.AUDIO_LISTED_FIRST],
        [DeviceFault.NO_SYSTEM_HEADER],
        [DeviceFault.VIDEO_E2],
        [DeviceFault.PRIVATE_STREAMS],
        [DeviceFault.BAD_PSM_CRC],
        [DeviceFault.NO_PSM],
    ],
    ids=lambda faults: faults[0].value,
)
def test_what_ffmpeg_bears(faults: list[DeviceFault]) -> None:
    assert len(decoded(stream(film(), *faults))[1]) == 50


@pytest.mark.parametrize("codec", CODECS)
def test_a_wrong_map_misleads_who_believes_it(codec: Codec) -> None:
    with av.open(io.BytesIO(stream(film(codec), DeviceFault.WRONG_PSM_CODEC)), "r", format="mpeg") as container:
        assert container.streams.video[0].codec_context.name == {"h264": "hevc", "h265": "h264"}[codec]


def test_pictures_that_are_shown_in_another_order(tmp_path: Path) -> None:
    path = tmp_path / "b-frames.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"bf": "2", "g": "12"})
        video.width, video.height, video.pix_fmt = 320, 192, "yuv420p"
        for picture in footage._pictures((320, 192), 36):
            container.mux(video.encode(picture.reformat(format="yuv420p")))
        container.mux(video.encode(None))
    source = footage.load(path)
    assert any(unit.pts_90k != unit.dts_90k for unit in source.units)
    _, times = decoded(stream(source))
    assert times == sorted(unit.pts_90k + START_90K for unit in source.units)
    assert {later - earlier for earlier, later in pairwise(times)} == {3600}


def test_audio_is_silence_of_the_right_length() -> None:
    with av.open(io.BytesIO(stream(film(), DeviceFault.AUDIO)), "r", format="mpeg") as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
        assert container.streams.audio[0].codec_context.name == "pcm_alaw"
    assert samples == pytest.approx(8000 * 49 / 25, abs=400)


def test_headers_bit_by_bit() -> None:
    # 0x123456789 as 33 bits between markers, extension 0, rate 20000 × 50 B/s.
    scr = f"{0x123456789:033b}"
    bits = f"01{scr[:3]}1{scr[3:18]}1{scr[18:]}1{0:09b}1{20000:022b}1111111000"
    assert ps.pack_header(0x123456789).hex() == f"000001ba{int(bits, 2):020x}" == "000001ba6634573c4c01013883f8"


def test_crc() -> None:
    assert ps.crc32_mpeg(b"123456789") == 0x0376E6E7  # the check value of CRC-32/MPEG-2
    writer = ProgramStream("h265", frozenset())
    _, _, stream_map = writer.pack(film("h265").units[0], 0, 0).headers
    assert stream_map[:6] == b"\0\0\1\xbc\x00\x0e"
    assert stream_map[12:16] == b"\x24\xe0\0\0"
    assert ps.crc32_mpeg(stream_map) == 0  # over all with its CRC


def test_a_large_picture_is_several_packets_and_one_time() -> None:
    unit = Unit(b"\0\0\0\1\x65" + bytes(range(1, 251)) * 800, 0, 0, is_keyframe=True)
    packets = ProgramStream("h264", frozenset()).pack(unit, 0x1_2345_6789, 0x1_2345_6789).packets
    assert len(packets) == 4
    payload = b""
    for number, packet in enumerate(packets):
        start, length, flags, head = struct.unpack_from(">IHxBB", packet)
        assert (start, length) == (0x1E0, len(packet) - 6)
        assert (flags, head) == ((0x80, 5) if number == 0 else (0, 0))
        payload += packet[9 + head :]
    assert payload == unit.data
    assert packets[0][9:14].hex() == "298d15cf13"


def test_lengths_of_zero_and_maps_that_come_late() -> None:
    unit = film().units[0]
    (packet,) = ProgramStream("h264", frozenset({DeviceFault.PES_LENGTH_ZERO})).pack(unit, 0, 0).packets
    assert packet[:6] == b"\0\0\1\xe0\0\0"
    writer = ProgramStream("h264", frozenset({DeviceFault.LATE_PSM}))
    maps = [any(head[3] == 0xBC for head in writer.pack(unit, 0, 0).headers) for _ in range(4)]
    assert maps == [False, False, True, True]
    long = ProgramStream("h264", frozenset({DeviceFault.BAD_PSM_LENGTH})).pack(unit, 0, 0).headers[2]
    assert struct.unpack_from(">H", long, 10)[0] > len(long)


def test_short_packs() -> None:
    writer = ProgramStream("h264", frozenset({DeviceFault.SHORT_PACK}))
    heads = [writer.pack(unit, 0, 0).headers[0] for unit in film().units[:20]]
    assert [len(head) for head in heads] == ([14] * 9 + [4]) * 2
