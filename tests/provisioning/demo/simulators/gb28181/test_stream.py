"""One session's packets: what arrives, in which order, with which times, and what each fault makes of them."""

import io
import struct
from itertools import pairwise
from typing import Any, NamedTuple

import av
import pytest

from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.footage import Codec, Footage, nal_units
from provisioning.demo.simulators.gb28181.sdp import MediaOrder
from provisioning.demo.simulators.gb28181.stream import Burst, Stream
from tests.provisioning.demo.simulators.gb28181.scripted_platform import PLATFORM_ID
from tests.support.gb28181_devices import film

SSRC = 200000001


class Packet(NamedTuple):
    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def read(data: bytes) -> Packet:
    first, second, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", data)
    assert first == 0x80
    return Packet(bool(second & 0x80), second & 0x7F, sequence, timestamp, ssrc, data[12:])


def session(
    *faults: DeviceFault, source: Footage | None = None, span: tuple[int, int] | None = None, **options: Any
) -> Stream:
    profile = DeviceProfile(PLATFORM_ID, "p", faults=frozenset(faults), **options)
    order = MediaOrder("udp", ("192.0.2.1", 30000), SSRC, span, 1.0)
    return Stream(source or film(), order, profile)


def bursts(stream: Stream, count: int = 100) -> list[Burst]:
    return [stream.burst() for _ in range(count)]


def packets(*faults: DeviceFault, count: int = 100, **options: Any) -> list[Packet]:
    stream = session(*faults, **options)
    sent = [packet for burst in bursts(stream, count) for packet in burst.packets]
    return [read(packet) for packet in [*sent, *stream.rest()]]


def test_live_goes_round_and_time_goes_on() -> None:
    stream = session()
    sent = bursts(stream)
    assert [burst.is_keyframe for burst in sent] == ([True] + [False] * 24) * 4
    assert {burst.gap_s for burst in sent} == {0.04}
    found = [read(packet) for burst in sent for packet in burst.packets]
    assert {packet.ssrc for packet in found} == {SSRC}
    assert {packet.payload_type for packet in found} == {96}
    assert [b.sequence - a.sequence for a, b in pairwise(found)] == [1] * (len(found) - 1)
    times = [read(burst.packets[0]).timestamp for burst in sent]
    assert times == [3600 + 3600 * number for number in range(100)]
    for burst in sent:
        assert {read(packet).timestamp for packet in burst.packets} == {read(burst.packets[0]).timestamp}
        assert [read(packet).marker for packet in burst.packets] == [False] * (len(burst.packets) - 1) + [True]
    assert max(len(packet.payload) for packet in packets(packet_bytes=100)) == 100


def test_a_span_has_its_pictures_and_begins_with_a_keyframe() -> None:
    stream = session(span=(1_000_000_001, 1_000_000_004))
    count = 0
    while not stream.is_over:
        burst = stream.burst()
        assert count or burst.is_keyframe
        count += 1
    assert count == 75
    stream.seek(2.0)
    burst = stream.burst()
    assert burst.is_keyframe
    assert read(burst.packets[0]).timestamp == 3600 + 2 * 90_000
    assert not session(DeviceFault.PLAYS_ON, span=(0, 1)).is_over


def test_plays_on() -> None:
    stream = session(DeviceFault.PLAYS_ON, span=(0, 1))
    bursts(stream, 200)
    assert not stream.is_over


def test_so_many_pictures_and_silence() -> None:
    stream = session(pictures=3)
    bursts(stream, 3)
    assert stream.is_over


def test_a_keyframe_on_demand() -> None:
    stream = session()
    bursts(stream, 10)
    stream.key_frame()
    burst = stream.burst()
    assert burst.is_keyframe
    assert read(burst.packets[0]).timestamp == 3600 * 11


def test_joined_mid_gop() -> None:
    sent = bursts(session(DeviceFault.JOINED_MID_GOP), 30)
    assert [burst.is_keyframe for burst in sent].index(True) == 13


def test_loss_is_the_same_each_time_and_about_its_share() -> None:
    lost, again, other = (
        [packet.sequence for packet in packets(DeviceFault.LOSS, loss=0.05, count=1000, packet_bytes=100, seed=seed)]
        for seed in (1, 1, 2)
    )
    whole = len(packets(count=1000, packet_bytes=100))
    assert lost == again
    assert lost[:100] != other[:100]
    assert 0.04 < 1 - len(lost) / whole < 0.06
    dropped = sum(burst.dropped for burst in bursts(session(DeviceFault.LOSS, loss=0.05, packet_bytes=100), 1000))
    assert dropped == whole - len(lost)


def test_packets_overtake_within_the_window_and_none_is_lost() -> None:
    plain = [packet.sequence for packet in packets(packet_bytes=100)]
    mixed = [packet.sequence for packet in packets(DeviceFault.REORDER, packet_bytes=100)]
    assert mixed != plain
    assert sorted(mixed) == sorted(plain)
    assert max(abs(mixed.index(number) - at) for at, number in enumerate(plain)) <= 8


def test_duplicates_and_wrap() -> None:
    plain = packets()
    twice = packets(DeviceFault.DUPLICATE)
    assert len(twice) == len(plain) + -(-len(plain) // 10)
    assert [packet.sequence for packet in packets(DeviceFault.SEQUENCE_WRAP)][:40] == [
        *range(65500, 65536),
        *range(4),
    ]


def test_timestamps_and_markers() -> None:
    assert {packet.timestamp for packet in packets(DeviceFault.CONSTANT_TIMESTAMP)} == {0}
    each = packets(DeviceFault.TIMESTAMP_PER_PACKET, packet_bytes=100)
    assert len({packet.timestamp for packet in each}) == len(each)
    assert not any(packet.marker for packet in packets(DeviceFault.NO_MARKER))


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_raw_video_can_be_put_together_again(codec: Codec) -> None:
    source = film(codec)
    found = packets(DeviceFault.RAW_VIDEO, source=source, count=50, packet_bytes=60)
    assert {packet.payload_type for packet in found} == {98 if codec == "h264" else 100}
    units: list[bytes] = []
    for packet in found:
        payload = packet.payload
        if codec == "h264":
            is_part, head, whole = payload[0] & 0x1F == 28, 2, bytes([payload[0] & 0xE0 | payload[1] & 0x1F])
            starts = payload[1] & 0x80
        else:
            is_part, head = payload[0] >> 1 & 0x3F == 49, 3
            whole, starts = bytes([payload[0] & 0x81 | (payload[2] & 0x3F) << 1, payload[1]]), payload[2] & 0x80
        if not is_part:
            units.append(payload)
        elif starts:
            units.append(whole + payload[head:])
        else:
            units[-1] += payload[head:]
    assert units == [unit for picture in source.units for unit in nal_units(picture.data)]
    assert sum(len(packet.payload) == 60 for packet in found) > 20


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_transport_stream_is_read_by_ffmpeg(codec: Codec) -> None:
    found = packets(DeviceFault.TRANSPORT_STREAM, source=film(codec))
    assert {packet.payload_type for packet in found} == {33}
    assert all(len(packet.payload) % 188 == 0 and packet.payload[0] == 0x47 for packet in found)
    data = b"".join(packet.payload for packet in found)
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        video = container.streams.video[0]
        times = [frame.pts for frame in container.decode(video)]
    assert times == [3600 + 3600 * number for number in range(100)]


def test_headers_in_pieces() -> None:
    tiny = packets(DeviceFault.TINY_HEADERS, count=1)
    assert [packet.payload[3] for packet in tiny] == [0xBA, 0xBB, 0xBC, 0xE0]
    split = packets(DeviceFault.SPLIT_HEADERS, count=1)
    assert [len(packet.payload) for packet in split[:6]] == [11] * 6
    whole = b"".join(packet.payload for packet in packets(count=1))
    for found in (tiny, split):
        assert b"".join(packet.payload for packet in found) == whole


def test_lengths_that_begin_with_a_dollar() -> None:
    big = film(gop=50)
    source = Footage("h264", (big.units[0].__class__(big.units[0].data + b"\1" * 30_000, 0, 0, True),), 3600)
    found = packets(DeviceFault.LENGTH_2400, source=source, count=1)
    assert [len(packet.payload) + 12 for packet in found[:3]] == [0x2400] * 3


def test_foreign_packets() -> None:
    found = packets(DeviceFault.AUDIO_PACKETS)
    assert {packet.payload_type for packet in found} == {96, 8}
    assert len({packet.ssrc for packet in found}) == 2
    noisy = session(DeviceFault.RTCP_NOISE).burst().packets
    assert [noisy[0][1], noisy[1], noisy[2]] == [200, b"\0\1noise", b""]
    assert struct.unpack(">I", noisy[0][4:8]) == (SSRC,)
    assert session(DeviceFault.SIP_ON_MEDIA_PORT).burst().packets[0].startswith(b"REGISTER sip:")


def test_another_source_after_two_seconds() -> None:
    changed = [packet.ssrc for packet in packets(DeviceFault.SSRC_CHANGES)]
    assert set(changed) == {SSRC, SSRC + 1}
    times = [packet.timestamp for packet in packets(DeviceFault.SSRC_CHANGES) if packet.ssrc == SSRC + 1]
    assert min(times) == 3600 + 2 * 90_000


def test_zeros_for_ever() -> None:
    found = packets(DeviceFault.ENDLESS_ZEROS)
    zeros = [packet for packet in found if not any(packet.payload)]
    assert min(packet.timestamp for packet in zeros) == 3600 + 90_000
    assert all(any(packet.payload) for packet in found if packet.timestamp < 90_000)
