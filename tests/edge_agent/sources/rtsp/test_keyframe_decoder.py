"""packets ──▶ Eye ──▶ which pictures are decoded and looked at: keyframes, or more while something moves."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from edge_agent.frames import SkipReason
from edge_agent.sources.capture_time import CaptureTime
from edge_agent.sources.picture_header import UnusablePictureError
from edge_agent.sources.rtsp.keyframe_decoder import DecodedPicture, StreamDecoder, bgr, last_of
from edge_agent.sources.thumbnail import grey_of
from provisioning.contracts.wire.messages import ClockQuality
from tests.edge_agent.world import EPOCH_MS, Image, noise, write_video

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

    from edge_agent.sources.capture_time import Packet

CODECS = pytest.mark.parametrize("codec", ["libx264", "libx265"])
PICTURES = [noise(seed) for seed in range(15)]
GOP = 5


@contextmanager
def stream(path: Path, codec: str, b_frames: int = 0) -> Iterator[tuple["VideoCodecContext", list["Packet"]]]:
    """Decoder and packets of a recording, 40 ms apart."""
    file = write_video(path / "street.mkv", PICTURES, codec=codec, gop=GOP, b_frames=b_frames)
    with av.open(str(file)) as container:
        decoder = container.streams.video[0].codec_context
        decoder.thread_type, decoder.thread_count = "NONE", 1
        yield decoder, [packet for packet in container.demux(video=0) if packet.size]


def at(packet: "Packet") -> CaptureTime:
    """Matroska counts in milliseconds."""
    assert packet.pts is not None
    return CaptureTime(EPOCH_MS + packet.pts, ClockQuality.ARRIVAL, f"k{packet.pts}", None)


def nth(seen: DecodedPicture) -> int:
    return round((seen.stamp.at_ms - EPOCH_MS) / 40)


def drawn(image: Image) -> int:
    return int(np.argmin([np.abs(image.astype(int) - picture).mean() for picture in PICTURES]))


def looks(eye: StreamDecoder, packets: Sequence["Packet"]) -> list[DecodedPicture | UnusablePictureError]:
    return [looked for packet in packets for looked in eye.decode(packet, at(packet))]


@CODECS
def test_b_frames_do_not_hold_a_keyframe_back(codec: str, tmp_path: Path) -> None:
    # A decoder that is fed keyframes alone keeps one or two of them for reordering: 2 to 4 s of a live camera.
    with stream(tmp_path, codec, b_frames=2) as (decoder, packets):
        eye = StreamDecoder(decoder)
        for packet in packets:
            seen = list(eye.decode(packet, at(packet)))
            assert len(seen) == packet.is_keyframe
            for each in seen:
                assert isinstance(each, DecodedPicture)
                assert drawn(each.pixels()) == nth(each)


@CODECS
@pytest.mark.parametrize("b_frames", [0, 2])
def test_while_something_moves_it_looks_so_often_and_at_every_keyframe(
    codec: str, b_frames: int, tmp_path: Path
) -> None:
    with stream(tmp_path, codec, b_frames) as (decoder, packets):
        eye = StreamDecoder(decoder)
        eye.per_second = 12.5  # every other picture
        seen = [each for each in looks(eye, packets) if isinstance(each, DecodedPicture)]
        numbers = [nth(each) for each in seen]
        assert numbers == sorted(set(numbers))
        assert {0, 2, 4, 5, 7, 9, 10} <= set(numbers)
        assert not {1, 3, 6, 8} & set(numbers)
        assert [drawn(each.pixels()) for each in seen] == numbers


@CODECS
def test_it_begins_a_row_at_a_keyframe_and_ends_it_at_once(codec: str, tmp_path: Path) -> None:
    with stream(tmp_path, codec) as (decoder, packets):
        eye = StreamDecoder(decoder)
        numbers = []
        for number, packet in enumerate(packets):
            eye.per_second = 25.0 if 2 <= number < 8 else 0.0
            numbers += [nth(each) for each in eye.decode(packet, at(packet)) if isinstance(each, DecodedPicture)]
        assert numbers == [0, 5, 6, 7, 10]


@CODECS
def test_a_thumbnail_is_what_the_picture_looks_like_from_afar(codec: str, tmp_path: Path) -> None:
    with stream(tmp_path, codec) as (decoder, packets):
        (seen,) = looks(StreamDecoder(decoder), packets[:1])
        assert isinstance(seen, DecodedPicture)
        assert seen.grey().shape == (36, 64)
        assert np.abs(seen.grey().astype(int) - grey_of(seen.pixels())).mean() < 4


def test_damage_between_keyframes_ends_the_row_and_the_next_keyframe_begins_another(tmp_path: Path) -> None:
    with stream(tmp_path, "libx264") as (decoder, packets):
        hurt: Packet = av.Packet(bytes(packets[2])[:8] + bytes(packets[2].size - 8))
        hurt.pts, hurt.dts, hurt.time_base = packets[2].pts, packets[2].dts, packets[2].time_base
        eye = StreamDecoder(decoder)
        eye.per_second = 25.0
        seen = looks(eye, [*packets[:2], hurt, *packets[3:]])
        damage = [each for each in seen if isinstance(each, UnusablePictureError)]
        assert [each.reason for each in damage] == [SkipReason.BROKEN]
        numbers = [nth(each) for each in seen if isinstance(each, DecodedPicture)]
        assert not {2, 3, 4} & set(numbers)
        assert {0, 1, *range(5, 14)} <= set(numbers)


@CODECS
def test_the_last_of_a_row_is_decoded_from_its_keyframe_on(codec: str, tmp_path: Path) -> None:
    with stream(tmp_path, codec) as (decoder, packets):
        for end in (6, 8, 10, 7):
            picture = last_of(decoder, packets[5:end])
            assert drawn(bgr(picture)) == end - 1
