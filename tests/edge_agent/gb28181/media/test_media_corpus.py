"""Every quirk of RTP and PS that devices are known for, by its file: which of the twelve pictures come of it."""

from functools import cache

import pytest

from edge_agent.gb28181.media.depacketizer import SipOnMediaPort, Unsupported
from edge_agent.gb28181.media.rtp import Noise
from edge_agent.gb28181.media.rtp_tcp import FramingError
from provisioning.demo.simulators.gb28181.footage import nal_units
from tests.edge_agent.gb28181.arrivals import Heard, arrived, connection
from tests.edge_agent.gb28181.corpus_file import CORPUS, corpus

ALL = list(range(12))
"""A keyframe, and every fourth after it; the last one is known to be whole by its marker."""
BUT_LAST = ALL[:-1]
"""Where no marker is believed, a picture ends where the next begins."""
PICTURES = {
    "ps-audio-announced.rtp": ALL,
    "ps-audio-listed-first.rtp": ALL,
    "ps-audio.rtp": BUT_LAST,
    "ps-bad-pes-header-length.rtp": ALL,
    "ps-bad-psm-crc.rtp": ALL,
    "ps-bad-psm-info-length.rtp": ALL,
    "ps-bad-psm-length-long.rtp": ALL,
    "ps-bad-psm-length-short.rtp": ALL,
    "ps-endless-zeros.rtp": [0, 1, 2, 3, 4],
    "ps-joined-mid-gop.rtp": [4, 5, 6, 7, 8, 9, 10, 11, 0, 1],
    "ps-late-psm.rtp": ALL,
    "ps-mpeg-4.rtp": [],
    "ps-no-psm.rtp": ALL,
    "ps-no-system-header.rtp": ALL,
    "ps-pes-length-0.rtp": ALL[:-2],
    "ps-picture-over-64k.rtp": ALL,
    "ps-private-streams.rtp": ALL,
    "ps-psm-h264-data-h265.rtp": ALL,
    "ps-psm-h265-data-h264.rtp": ALL,
    "ps-short-pack.rtp": ALL,
    "ps-split-headers.rtp": ALL,
    "ps-tiny-headers.rtp": ALL,
    "ps-trailing-zeros.rtp": BUT_LAST,
    "ps-video-e2.rtp": ALL,
    "rtp-audio-8.rtp": ALL,
    "rtp-audio-same-ssrc.rtp": ALL,
    "rtp-constant-timestamp.rtp": ALL,
    "rtp-duplicate.rtp": ALL,
    "rtp-loss-h265.rtp": [0, 1, 2, 3, 8, 9],
    "rtp-loss.rtp": [0, 1, 2, 3, 8, 9],
    "rtp-no-marker.rtp": BUT_LAST,
    "rtp-noise.rtp": ALL,
    "rtp-plain-h264.rtp": ALL,
    "rtp-plain-h265.rtp": ALL,
    "rtp-raw-100.rtp": ALL,
    "rtp-raw-98.rtp": ALL,
    "rtp-raw-h265-as-98.rtp": ALL,
    "rtp-reorder.rtp": ALL,
    "rtp-sequence-wrap.rtp": ALL,
    "rtp-sip-text.rtp": [],
    "rtp-ssrc-change.rtp": ALL + ALL,
    "rtp-timestamp-per-packet.rtp": ALL,
    "rtp-ts-33.rtp": ALL[:-2],
    "rtp-wrong-ssrc.rtp": ALL,
    "tcp-dollar.tcp": ALL,
    "tcp-length-2400.tcp": ALL,
    "tcp-overwritten.tcp": [0, *range(4, 12)],
    "tcp-plain.tcp": ALL,
    "tcp-private-head.tcp": ALL,
}
_FILLER = 12


def slices(data: bytes) -> bytes:
    """Of an access unit, whatever its start codes, and without filler data."""
    return b"".join(b"\0\0\1" + unit for unit in nal_units(data) if unit[0] != _FILLER)


@cache
def originals() -> list[tuple[str, bytes]]:
    return [
        (unit.codec, slices(unit.data))
        for name in ("rtp-plain-h264.rtp", "rtp-plain-h265.rtp")
        for unit in arrived(name).units
    ]


def numbers(heard: Heard) -> list[int]:
    """Which pictures came: ValueError for any that is not as it was sent."""
    return [originals().index((unit.codec, slices(unit.data))) % len(ALL) for unit in heard.units]


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_come_as_they_were_sent_or_not_at_all(name: str) -> None:
    heard = arrived(name)
    assert numbers(heard) == PICTURES[name]
    assert [unit.is_keyframe for unit in heard.units] == [number % 4 == 0 for number in numbers(heard)]
    assert heard.most_held_bytes < 150_000


@pytest.mark.parametrize("name", PICTURES)
def test_times_go_on_from_picture_to_picture(name: str) -> None:
    times = [unit.pts_90k for unit in arrived(name).units if unit.pts_90k is not None]
    one_stream = times if name != "rtp-ssrc-change.rtp" else times[:12]
    assert len(times) == len(PICTURES[name])
    assert one_stream == sorted(set(one_stream))


def test_every_file_is_looked_at() -> None:
    files = {file.name for file in CORPUS.iterdir() if file.suffix in {".rtp", ".tcp"}}
    assert files == {*PICTURES, "tcp-http.tcp"}
    described = (CORPUS / "README.md").read_text(encoding="utf-8")
    assert [name for name in files if f"| {name} |" not in described] == []


@pytest.mark.parametrize("name", [name for name in PICTURES if name.endswith(".tcp")])
def test_a_connection_may_be_cut_at_each_byte(name: str) -> None:
    data = corpus(name)
    assert numbers(connection(data[at : at + 1] for at in range(len(data)))) == PICTURES[name]


def test_what_is_no_media_of_the_stream_is_counted() -> None:
    noise = arrived("rtp-noise.rtp").receiver.noise
    assert noise == {Noise.RTCP: 1, Noise.SHORT: 4, Noise.OTHER: 4}
    assert arrived("rtp-audio-8.rtp").receiver.noise == {Noise.FOREIGN: 3}
    assert arrived("rtp-ssrc-change.rtp").receiver.noise == {Noise.FOREIGN: 6}


def test_a_sender_report_is_kept() -> None:
    report = arrived("rtp-noise.rtp").receiver.report
    assert report is not None
    assert report.ssrc == 200_000_001


def test_what_cannot_be_shown_is_said() -> None:
    assert arrived("ps-mpeg-4.rtp").events == [Unsupported("MPEG-4 video")]
    assert arrived("rtp-sip-text.rtp").events == [SipOnMediaPort(), SipOnMediaPort()]


def test_losses_are_counted_and_told() -> None:
    heard = arrived("rtp-loss.rtp")
    assert (heard.receiver.lost_packets, heard.damaged) == (2, 2)


def test_a_connection_that_carries_something_else_is_given_up() -> None:
    with pytest.raises(FramingError, match="47 45 54 20 2f"):
        arrived("tcp-http.tcp")
