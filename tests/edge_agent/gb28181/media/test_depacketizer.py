"""From datagrams and bytes to whole pictures: who is heard, and what comes out after damage."""

import itertools
import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.gb28181.media.depacketizer import (
    MAX_EARLY_BYTES,
    MAX_EVENTS,
    AccessUnit,
    Damaged,
    Receiver,
    SipOnMediaPort,
    Unsupported,
)
from edge_agent.gb28181.media.nal import Codec
from edge_agent.gb28181.media.rtp import Noise
from edge_agent.gb28181.media.rtp_reorder import WAIT_S
from edge_agent.gb28181.media.rtp_tcp import FramingError
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.footage import Footage, Unit
from provisioning.demo.simulators.gb28181.sdp import MediaOrder
from provisioning.demo.simulators.gb28181.stream import TYPE_PS, RtpWriter, Stream
from tests.edge_agent.gb28181.arrivals import HOST, SSRC, Heard, connection, datagrams
from tests.edge_agent.gb28181.nal_text import START, key, plain

GOP = 5
TICK = 3600


def footage(codec: Codec = "h264", pictures: int = 40, *, slices: int = 1, size: int = 300) -> Footage:
    units = tuple(
        Unit(
            plain(codec, n, slices=slices, size=size) if n % GOP else key(codec, n, slices=slices, size=size * 3),
            n * TICK,
            n * TICK,
            n % GOP == 0,
        )
        for n in range(pictures)
    )
    return Footage(codec, units, pictures * TICK)


def sent(shown: Footage, *faults: DeviceFault, ssrc: int = SSRC, limit: int = 200, seed: int = 1) -> list[bytes]:
    profile = DeviceProfile("34020000002000000001", "none", faults=frozenset(faults), packet_bytes=limit, seed=seed)
    stream = Stream(shown, MediaOrder("udp", (HOST, 1), ssrc, None, 1.0), profile)
    return [packet for _ in shown.units for packet in stream.burst().packets] + stream.rest()


def framed(packets: list[bytes]) -> bytes:
    return b"".join(len(packet).to_bytes(2) + packet for packet in packets)


def data(heard: Heard) -> list[bytes]:
    return [unit.data for unit in heard.units]


def pictures(shown: Footage) -> list[bytes]:
    return [unit.data for unit in shown.units]


def test_what_was_sent_comes_out_over_udp_and_tcp() -> None:
    shown = footage(slices=2)
    for heard in (datagrams(sent(shown)), connection([framed(sent(shown))])):
        assert data(heard) == pictures(shown)
        assert [unit.pts_90k for unit in heard.units] == [(1 + n) * TICK for n in range(40)]
        assert heard.damaged == 0


def test_the_last_packet_of_a_connection_counts_when_nothing_follows() -> None:
    receiver = Receiver("tcp")
    receiver.receive_bytes(framed(sent(footage())), 5.0)
    assert receiver.get_timer() == 5.0 + WAIT_S
    before = sum(isinstance(event, AccessUnit) for event in iter(receiver.next_event, None))
    receiver.handle_timer(5.1)
    assert receiver.next_event() is None
    receiver.handle_timer(5.3)
    assert (before, isinstance(receiver.next_event(), AccessUnit)) == (39, True)
    assert receiver.get_timer() is None


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("slices", [1, 4])
@pytest.mark.parametrize(
    "faults", [(), (DeviceFault.NO_MARKER,), (DeviceFault.RAW_VIDEO,), (DeviceFault.TRANSPORT_STREAM,)]
)
def test_after_loss_each_picture_is_whole_and_a_row_begins_with_a_keyframe(
    codec: Codec, slices: int, faults: tuple[DeviceFault, ...]
) -> None:
    shown = footage(codec, 100, slices=slices, size=150)
    numbers = {unit.data.replace(b"\0\0\0\1", b"\0\0\1"): n for n, unit in enumerate(shown.units)}
    assert len(numbers) == len(shown.units)
    survived = 0
    for seed in range(3):
        heard = datagrams(sent(shown, DeviceFault.LOSS, DeviceFault.REORDER, *faults, seed=seed))
        came = [numbers[picture.replace(b"\0\0\0\1", b"\0\0\1")] for picture in data(heard)]
        assert came == sorted(set(came))
        for before, after in itertools.pairwise([-2, *came]):
            assert after == before + 1 or after % GOP == 0
        survived += sum(n % GOP == 0 for n in came)
        assert heard.damaged > 0
        assert heard.most_held_bytes < 30_000
    assert survived > 20


def test_pictures_of_the_first_moments_after_a_slip_of_the_numbers() -> None:
    shown = footage(pictures=20)
    packets = sent(shown)
    heard = datagrams([*packets, *(p[:2] + struct.pack(">H", n) + p[4:] for n, p in enumerate(packets, 40_000))])
    assert heard.damaged == 1
    assert data(heard)[:20] == pictures(shown)
    assert data(heard)[20:] == pictures(shown)[5:]  # the first packet of the new numbers was taken for a stray


def test_another_host_is_noise_until_the_first_is_silent() -> None:
    receiver = Receiver("udp")
    packets = sent(footage())
    for number, packet in enumerate(packets[:20]):
        receiver.receive_datagram(packet, HOST, number * 0.01)
        receiver.receive_datagram(packet, "192.0.2.99", number * 0.01)
    assert receiver.noise == {Noise.FOREIGN: 20}
    receiver.receive_datagram(packets[20], "192.0.2.99", 9.0)
    assert receiver.heard_s == 9.0


def test_the_promised_stream_wins_over_one_that_came_before() -> None:
    other, promised = footage("h265", 10), footage("h264", 10)
    heard = datagrams([*sent(other, ssrc=9)[:10], *sent(promised), *sent(other, ssrc=9)])
    assert {unit.codec for unit in heard.units} == {"h264"}
    # Without a promise, or after two seconds without the promised one, the first that comes is it.
    heard = datagrams([*sent(other, ssrc=9), *sent(promised)], ssrc=None)
    assert {unit.codec for unit in heard.units} == {"h265"}
    heard = datagrams([*sent(other, ssrc=9)[:10], b"", *sent(other, ssrc=9), *sent(promised)])
    assert {unit.codec for unit in heard.units} == {"h264", "h265"}
    assert heard.damaged == 1


def test_what_came_before_another_stream_is_believed_is_not_thrown_away() -> None:
    shown = footage(pictures=40)
    packets, receiver, keyframes = sent(shown, ssrc=9), Receiver("udp", SSRC), []
    for number, packet in enumerate(packets):
        receiver.receive_datagram(packet, HOST, number * 2.5 / len(packets))
    while (event := receiver.next_event()) is not None:
        keyframes.append(event)
    assert isinstance(keyframes[0], AccessUnit)
    assert keyframes[0].data == pictures(shown)[0]
    assert keyframes[0].is_keyframe
    assert receiver.noise == {}


def test_what_waits_to_be_believed_is_bounded_and_goes_when_the_promised_one_comes() -> None:
    receiver = Receiver("udp", SSRC)
    large = [packet[:12] + bytes(60_000) for packet in sent(footage(), ssrc=9)] * 3
    for packet in large:
        receiver.receive_datagram(packet, HOST, 1.0)
        assert receiver.held_bytes <= MAX_EARLY_BYTES
    assert receiver.noise[Noise.FOREIGN] == len(large) - MAX_EARLY_BYTES // 60_000
    receiver.receive_datagram(sent(footage())[0], HOST, 1.5)
    assert receiver.noise[Noise.FOREIGN] == len(large)
    assert receiver.held_bytes < 60_000


def test_sound_alone_begins_no_stream() -> None:
    sound = RtpWriter(77, 0)
    heard = datagrams([sound.packet(b"\xd5" * 160, n * 160, 8, marker=True) for n in range(50)], ssrc=None)
    assert heard.receiver.heard_s is None
    assert heard.receiver.noise == {Noise.FOREIGN: 50}
    # Of the promised SSRC it is heard, and is no video.
    heard = datagrams([RtpWriter(SSRC, 0).packet(b"\xd5" * 160, 0, 8, marker=True)])
    assert heard.receiver.heard_s is not None
    assert heard.events == []


def test_a_sender_report_of_the_stream_is_kept_and_others_are_not() -> None:
    packets = sent(footage())
    heard = datagrams([packets[0], RtpWriter(9, 0).sender_report(1000.0, 5), packets[1], b"\x80\xc9\0\1" + bytes(8)])
    assert heard.receiver.report is None
    heard = datagrams([packets[0], RtpWriter(SSRC, 0).sender_report(1000.0, 5)])
    assert heard.receiver.report is not None
    assert heard.receiver.report.wall_ms == 1_000_000


def payloads(*parts: bytes, kind: int = TYPE_PS, first: int = 0, marker: bool = False) -> list[bytes]:
    writer = RtpWriter(SSRC, first)
    return [writer.packet(part, n * TICK, kind, marker=marker) for n, part in enumerate(parts)]


def test_raw_video_is_known_by_its_parameter_sets_under_any_payload_type() -> None:
    units = [unit for n in range(3) for unit in key("h265", n).split(START)[1:]]
    assert len(datagrams(payloads(*units)).units) == 2
    assert len(datagrams(payloads(*units, kind=98)).units) == 2
    # In the midst of a picture the payload type is all there is, and what comes later is better.
    assert len(datagrams(payloads(b"\x62\x01\x01more", *units, kind=98)).units) == 2
    assert len(datagrams(payloads(b"", b"\x1c\x01more", *units, kind=96)).units) == 2


def test_a_stream_of_packs_is_one_whatever_it_was_taken_for() -> None:
    shown = footage(pictures=10)
    ps = [packet[12:] for packet in sent(shown)]
    assert data(datagrams(payloads(b"\x5c\x01more", *ps, kind=98))) == pictures(shown)[:9]
    assert data(datagrams(payloads(*ps, kind=8))) == pictures(shown)[:9]
    # Another payload type in between is no part of it; one that goes on with a pack is.
    first = payloads(*ps[:20])
    other = payloads(b"\x55" * 30, kind=112, first=20)
    rest = payloads(*ps[20:], first=21)
    assert data(datagrams([*first, *other, *rest])) == pictures(shown)[:9]
    begin = next(n for n in range(20, len(ps)) if ps[n].startswith(b"\0\0\1\xba"))
    changed = [*payloads(*ps[:begin]), *payloads(*ps[begin:], kind=97, first=begin)]
    assert data(datagrams(changed)) == pictures(shown)[:9]


def test_timestamps_of_rtp_go_on_where_32_bits_begin_anew() -> None:
    writer = RtpWriter(SSRC, 0)
    packets = [
        writer.packet(unit, (1 << 32) + (n - 2) * TICK, 98, marker=False)
        for n in range(6)
        for unit in key("h264", n).split(START)[1:]
    ]
    times = [unit.pts_90k for unit in datagrams(packets).units]
    assert times == [(1 << 32) + (n - 2) * TICK for n in range(5)]


def test_times_go_on_where_pes_begin_to_have_their_own() -> None:
    with_times = [packet[12:] for packet in sent(footage(pictures=6))]
    without = [part.replace(b"\x84\x80\x05", b"\x84\x00\x05") for part in with_times]
    heard = datagrams(payloads(*without, *with_times))
    times = [unit.pts_90k for unit in heard.units if unit.pts_90k is not None]
    assert len(times) == 10  # none for the one in between
    assert times == sorted(times)
    # And a picture without one has none from then on.
    heard = datagrams(payloads(*with_times, *without))
    assert None in [unit.pts_90k for unit in heard.units]


def test_media_without_a_parameter_set_are_told_of_every_ten_seconds() -> None:
    ps = [packet[12:].replace(b"\0\0\1\x67", b"\0\0\1\x20") for packet in sent(footage(pictures=10))]
    words = "media without a parameter set of H.264 or H.265"
    assert datagrams(payloads(*ps[:25]), step_s=1.1).events == [Unsupported(words)] * 2
    heard = datagrams(payloads(*[b""] * 20), step_s=1.1)
    assert heard.events == []


def test_whoever_never_looks_loses_the_oldest() -> None:
    receiver = Receiver("udp", SSRC)
    for number, packet in enumerate(sent(footage(pictures=MAX_EVENTS + 40), limit=1400)):
        receiver.receive_datagram(packet, HOST, number * 0.01)
    events = list(iter(receiver.next_event, None))
    assert events[0] == Damaged(0)
    assert isinstance(events[1], AccessUnit)
    assert events[1].is_keyframe
    assert len(events) < MAX_EVENTS
    assert receiver.held_bytes < 1000
    for _ in range(MAX_EVENTS + 1):
        receiver.receive_datagram(b"REGISTER sip:a@b SIP/2.0\r\n", HOST, 9.0)
    assert list(iter(receiver.next_event, None)) == [Damaged(0)]


def test_large_pictures_that_nobody_takes_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_agent.gb28181.media.depacketizer.MAX_EVENT_BYTES", 5000)
    receiver = Receiver("udp", SSRC)
    for number, packet in enumerate(sent(footage())):
        receiver.receive_datagram(packet, HOST, number * 0.01)
        assert receiver.held_bytes < 12_000
    assert receiver.next_event() == Damaged(0)


def test_text_of_the_signalling_is_told() -> None:
    assert datagrams([b"REGISTER sip:a@b SIP/2.0\r\n"]).events == [SipOnMediaPort()]


STREAM = sent(footage(pictures=8))
RAW = sent(footage("h265", 8), DeviceFault.RAW_VIDEO)
TS = sent(footage(pictures=8), DeviceFault.TRANSPORT_STREAM)


@given(
    st.lists(st.tuples(st.sampled_from(STREAM + RAW + TS) | st.binary(max_size=40), st.floats(0, 4)), max_size=60),
    st.booleans(),
)
def test_any_datagrams_in_any_order_give_events(arriving: list[tuple[bytes, float]], knows: bool) -> None:
    receiver, now_s, total = Receiver("udp", SSRC if knows else None), 0.0, 0
    for packet, step_s in arriving:
        now_s += step_s
        total += len(packet) + 30
        receiver.receive_datagram(packet, HOST, now_s)
        receiver.handle_timer(now_s)
        assert receiver.held_bytes <= total
        while (event := receiver.next_event()) is not None:
            assert not isinstance(event, AccessUnit) or event.data


@given(st.lists(st.sampled_from(STREAM).map(lambda packet: framed([packet])) | st.binary(max_size=30), max_size=40))
def test_any_bytes_give_events_or_one_error(pieces: list[bytes]) -> None:
    receiver = Receiver("tcp")
    try:
        for number, piece in enumerate(pieces):
            receiver.receive_bytes(piece, number * 0.1)
    except FramingError:
        pass
    assert receiver.held_bytes <= 30 * len(pieces) + sum(map(len, pieces))


@settings(max_examples=25)
@given(st.integers(0, 1000), st.integers(30, 1400), st.sampled_from(["h264", "h265"]))
def test_however_a_stream_is_cut_the_pictures_are_the_same(seed: int, limit: int, codec: Codec) -> None:
    shown = footage(codec, 12, slices=2, size=60)
    ps = b"".join(packet[12:] for packet in sent(shown))
    chance, cuts, at = random.Random(seed), [], 0
    while at < len(ps):
        cuts.append(ps[at : at + chance.randint(1, limit)])
        at += len(cuts[-1])
    assert data(datagrams(payloads(*cuts))) == pictures(shown)[:11]
    stream = framed(payloads(*cuts))
    pieces = [stream[at : at + limit] for at in range(0, len(stream), limit)]
    assert data(connection(pieces)) == pictures(shown)[:11]


@settings(max_examples=30)
@given(st.permutations(range(6)))
def test_any_order_within_the_window_gives_the_same_pictures(order: list[int]) -> None:
    packets = sent(footage(pictures=10))
    shuffled = packets[:1] + [packets[1 + at + n] for at in range(0, len(packets) - 7, 6) for n in order]
    assert data(datagrams(shuffled, step_s=0.001))[:6] == pictures(footage(pictures=10))[:6]
