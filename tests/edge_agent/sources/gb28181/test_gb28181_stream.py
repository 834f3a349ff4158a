"""Media of a session over real sockets: every picture that was sent is decoded, and after a loss none that is damaged.

simulated PS/RTP ──UDP | TCP──▶ Gb28181Stream ──▶ pictures
"""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext, suppress
from itertools import islice
from math import inf
from typing import Literal, Self

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.clock import SystemClock
from edge_agent.errors import Ended, NoPicture, SourceError, Stalled, Unreachable
from edge_agent.frames import Glance
from edge_agent.gb28181.media.depacketizer import AccessUnit
from edge_agent.sources.capture_time import CaptureTimes
from edge_agent.sources.gb28181 import stream as source
from edge_agent.sources.gb28181.media_socket import Media, MediaSocket, widen
from edge_agent.sources.gb28181.stream import Gb28181Stream
from edge_agent.sources.meter import Meter
from edge_agent.sources.source import LiveSource
from provisioning.contracts.causes.work import OTHER
from provisioning.contracts.wire.messages import ClockQuality
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.footage import Codec, Footage, drawn
from provisioning.demo.simulators.gb28181.sdp import MediaOrder
from provisioning.demo.simulators.gb28181.stream import Stream
from tests.edge_agent.world import EPOCH_MS, FakeClock
from tests.support.gb28181_devices import film
from tests.support.waiting import LONG_S

Transport = Literal["udp", "tcp_passive", "tcp_active"]
HOST = "127.0.0.1"
SSRC = 200_000_001


def packets(
    footage: Footage, pictures: int, *faults: DeviceFault, loss: float = 0.02, seed: int = 1
) -> list[list[bytes]]:
    """By picture."""
    profile = DeviceProfile("34020000002000000001", "none", faults=frozenset(faults), loss=loss, seed=seed)
    stream = Stream(footage, MediaOrder("udp", (HOST, 1), SSRC, None, 1.0), profile)
    return [stream.burst().packets for _ in range(pictures)] + [stream.rest()]


class Sender:
    """Sends in a thread of its own, at the pace of the one who reads: a few hundred packets are on the way at most."""

    def __init__(self, transport: Transport, bursts: list[list[bytes]], *, every_s: float = 0.002) -> None:
        self._bursts = bursts
        self._every_s = every_s
        self._transport = transport
        self._ours = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM)
        self._theirs: socket.socket | None = None
        if transport == "tcp_active":  # the device listens
            self._ours.bind((HOST, 0))
            self._ours.listen()
        else:
            self._theirs = socket.socket(self._ours.family, self._ours.type)
            widen(self._theirs)
            self._theirs.bind((HOST, 0))
            if transport == "tcp_passive":
                self._theirs.listen()
        self._thread = threading.Thread(target=self._send, daemon=True)

    def media(self, started_at_ms: int | None = None, ended_at_ms: int | None = None) -> Media:
        place = (self._theirs or self._ours).getsockname()
        remote = place if self._transport == "tcp_active" else (HOST, 0)
        return Media(self._transport, self._theirs, remote, SSRC, f"{HOST}:{place[1]}", started_at_ms, ended_at_ms)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(LONG_S)
        self._ours.close()
        if self._theirs is not None:
            self._theirs.close()

    def wait(self) -> None:
        """Until all of it is on the way."""
        self._thread.join(LONG_S)
        assert not self._thread.is_alive()

    def _send(self) -> None:
        sock = self._ours
        if self._theirs is not None:
            sock.connect(self._theirs.getsockname())
        else:
            sock, _ = self._ours.accept()
        with closing(sock), suppress(ConnectionError):  # whoever has seen enough goes
            for burst in self._bursts:
                for packet in burst:
                    sock.sendall(packet if self._transport == "udp" else len(packet).to_bytes(2) + packet)
                time.sleep(self._every_s)
            time.sleep(0.3)  # what is in the buffers of UDP is lost with the socket


class Distinct(SystemClock):
    """No two moments are the same, so that no picture comes too soon after the one before.

    A machine that stands still between two looks has passed a fiftieth of a second: that is no silence.
    """

    def __init__(self) -> None:
        self._now_ms = EPOCH_MS
        self._passed_s, self._looked_s = 0.0, super().monotonic_s()

    def monotonic_s(self) -> float:
        now_s = super().monotonic_s()
        self._passed_s += min(now_s - self._looked_s, 0.02)
        self._looked_s = now_s
        return self._passed_s

    def now_ms(self) -> int:
        self._now_ms += 1
        return self._now_ms

    def leap(self, seconds: float) -> None:
        self._passed_s += seconds


def decoded(media: Media, number: int, clock: Distinct | None = None) -> Iterator[Glance]:
    """Every picture, not only keyframes: as if somebody looked at each."""
    clock = clock or Distinct()
    with MediaSocket("gate", media, clock) as sock:
        sock.connect(threading.Event())
        session = source._Session("gate", media, sock, clock, lambda: 1e6, CaptureTimes(), Meter())
        looked = (item for item in session.frames(threading.Event()) if item is not None)
        for item in islice(looked, number):
            assert isinstance(item, Glance), item
            yield item


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("transport", ["udp", "tcp_passive", "tcp_active"])
def test_every_picture_that_is_sent_is_decoded(transport: Transport, codec: Codec) -> None:
    # Behind the last one stand those that an H.265 decoder holds back until it knows that they are in order.
    with Sender(transport, packets(film(codec), 85)) as sender:
        seen = list(decoded(sender.media(), 75))
    assert [glance.source_key for glance in seen] == [f"k{3600 * number}" for number in range(1, 76)]
    assert all(glance.clock is ClockQuality.ARRIVAL for glance in seen)


def test_a_first_keyframe_whose_packets_come_in_another_order_is_seen() -> None:
    bursts = packets(drawn("h264", size=(640, 384), pictures=12, gop=12), 12)
    first, *others = [packet for burst in bursts for packet in burst]
    with Sender("udp", [[others[0], first, *others[1:]]]) as sender:
        seen = list(decoded(sender.media(), 3))
    assert [glance.source_key for glance in seen] == ["k3600", "k7200", "k10800"]


def pixels(footage: Footage) -> list[NDArray[np.uint8]]:
    decoder = av.CodecContext.create("h264" if footage.codec == "h264" else "hevc", "r")
    pictures = [picture for unit in footage.units for picture in decoder.decode(av.Packet(unit.data))]
    pictures += decoder.decode(None)
    return [np.asarray(picture.to_ndarray(format="bgr24"), np.uint8) for picture in pictures]


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_at_two_percent_loss_with_reordering_nothing_damaged_is_shown(
    codec: Codec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "SILENCE_S", 0.5)
    footage = drawn(codec, size=(640, 384), pictures=50, gop=10)
    originals = pixels(footage)
    sent = packets(footage, 400, DeviceFault.LOSS, DeviceFault.REORDER, loss=0.02)
    seen: list[NDArray[np.uint8]] = []
    with Sender("udp", sent) as sender, pytest.raises(Stalled):
        seen.extend(glance.pixels() for glance in decoded(sender.media(), 400))
    damaged = [picture for picture in seen if not any(np.array_equal(picture, original) for original in originals)]
    assert damaged == []
    # A keyframe lives if none of its packets is lost; each that lives shows itself at the least.
    allowed = sum(0.98 ** len(sent[number]) for number in range(0, 400, 10))
    assert len(seen) > allowed, f"{len(seen)} of 400 shown; by arithmetic {allowed:.1f} of 40 keyframes are whole"


def test_it_is_a_live_source() -> None:
    assert isinstance(
        Gb28181Stream("gate", lambda: nullcontext(Media("udp", None, None, None, "")), FakeClock()), LiveSource
    )


def test_pictures_of_recordings_are_dated_by_their_timestamps_and_end_with_the_span() -> None:
    with Sender("tcp_passive", packets(film(), 100)) as sender:
        media = sender.media(started_at_ms=EPOCH_MS, ended_at_ms=EPOCH_MS + 2000)
        stream = Gb28181Stream("gate", lambda: nullcontext(media), SystemClock())
        glances = [item for item in stream.frames(threading.Event()) if isinstance(item, Glance)]
    assert [each.captured_at_ms for each in glances] == [EPOCH_MS, EPOCH_MS + 1000]  # a keyframe a second
    assert {each.clock for each in glances} == {ClockQuality.UNKNOWN}


def test_timestamps_of_recordings_that_begin_anew_go_on_where_the_last_ones_stopped() -> None:
    dating = source._CaptureClock(Media("udp", None, None, None, "", EPOCH_MS, EPOCH_MS + 3_600_000))
    file = [number * 3600 for number in range(100)]
    file[1:4] = file[2], file[3], file[1]  # B-pictures
    stamps = [
        dating.stamp(AccessUnit("h264", b"", is_keyframe=False, pts_90k=pts, arrived_s=0.0), EPOCH_MS + 40 * number)
        for number, pts in enumerate([*file, *file, None, *file[:1], None])
    ]
    offsets_ms = [each.at_ms - EPOCH_MS for each in stamps]
    assert offsets_ms[:5] == [0, 80, 120, 40, 160]
    assert offsets_ms[100:105] == [4000, 4080, 4120, 4040, 4160]
    assert offsets_ms[-3:] == [8000, 8040, 8080]
    assert len({(each.at_ms, each.key) for each in stamps}) == len(stamps)


def stamps(media: Media, *arriving: tuple[int | None, int]) -> list[int]:
    """When pictures with these timestamps, and of these moments of arrival, were taken."""
    dating = source._CaptureClock(media)
    units = [(AccessUnit("h264", b"", True, pts_90k, 0.0), at_ms) for pts_90k, at_ms in arriving]
    return [dating.stamp(unit, at_ms).at_ms for unit, at_ms in units]


def test_recordings_whose_timestamps_stand_still_took_as_long_as_they_take_to_come() -> None:
    recorded = Media("udp", None, None, None, "", started_at_ms=1_000_000)
    assert stamps(recorded, (7, 50), (90_007, 60), (180_007, 70)) == [1_000_000, 1_001_000, 1_002_000]
    assert stamps(recorded, (7, 50), (7, 90), (7, 140), (None, 150)) == [1_000_000, 1_000_040, 1_000_090, 1_000_100]
    assert stamps(recorded, (None, 50), (None, 90)) == [1_000_000, 1_000_040]
    assert stamps(Media("udp", None, None, None, ""), (7, 50), (None, 90)) == [50, 90]


def test_a_sender_report_tells_how_wrong_the_devices_clock_is() -> None:
    with Sender("udp", [[b""], *packets(film(), 55, DeviceFault.RTCP_NOISE)]) as sender:
        media = sender.media()
        stream = Gb28181Stream("gate", lambda: nullcontext(media), SystemClock())
        assert stream.sender_offset_ms is None
        glances = (item for item in stream.frames(threading.Event()) if isinstance(item, Glance))
        assert len(list(islice(glances, 2))) == 2
    assert stream.sender_offset_ms is not None
    assert stream.sender_offset_ms < -1e12  # this one counts from 1970


@pytest.mark.parametrize("all_there", [False, True])
def test_whoever_looks_for_long_has_not_heard_silence(all_there: bool) -> None:
    clock = FakeClock()
    with Sender("tcp_passive", packets(film(), 80), every_s=0.0) as sender:
        if all_there:  # so that keyframes have arrived before the look that holds them up
            sender.wait()
        stream = Gb28181Stream("gate", lambda: nullcontext(sender.media()), clock)
        seen: list[Glance] = []

        def look() -> None:
            for item in stream.frames(threading.Event()):
                seen.extend([item] if isinstance(item, Glance) else [])
                clock.pass_s(100.0)

        with pytest.raises(Ended):
            look()
    assert len(seen) == 4


def test_without_a_whole_keyframe_a_stream_is_given_up_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_MEDIA_S", "SILENCE_S"):  # a hundred times as fast, a sender that is held up is silent
        monkeypatch.setattr(source, name, inf)
    bursts = [burst for number, burst in enumerate(packets(film(), 200)) if number == 0 or number % 25]
    with Sender("udp", bursts, every_s=0.01) as sender:
        error = failure(sender.media(), Hasty(100))
    assert isinstance(error, Stalled)
    assert "no whole keyframe for 75 s" in str(error)


class Hasty(SystemClock):
    """So many times as fast."""

    def __init__(self, times: float = 20) -> None:
        self._times = times

    def monotonic_s(self) -> float:
        return super().monotonic_s() * self._times


def failure(media: Media, clock: SystemClock | None = None) -> SourceError:
    with pytest.raises(SourceError) as caught:
        list(Gb28181Stream("gate", lambda: nullcontext(media), clock or Hasty()).frames(threading.Event()))
    return caught.value


def test_a_device_that_sends_nothing_is_told_of_with_the_address_it_was_given() -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.bind((HOST, 0))
        error = failure(Media("udp", sock, (HOST, 0), None, "192.0.2.1:30000"))
    assert isinstance(error, NoPicture)
    assert "no media within 12 s: the device was told to send to 192.0.2.1:30000 over UDP" in str(error)


def test_a_device_that_registers_at_the_media_port_is_told_of() -> None:
    with Sender("udp", packets(film(), 3, DeviceFault.SIP_ON_MEDIA_PORT)) as sender:
        error = failure(sender.media(), SystemClock())
    assert isinstance(error, NoPicture)
    assert "set the platform's SIP port" in str(error)


def test_packets_from_another_host_are_nobodys() -> None:
    with Sender("udp", packets(film(), 3)) as sender:
        sender.wait()
        media = sender.media()
        error = failure(Media("udp", media.sock, ("127.0.0.9", 0), None, media.advertised))
    assert isinstance(error, NoPicture)
    assert "packets came that are none of its media" in str(error)


def test_silence_and_a_closed_connection() -> None:
    with Sender("udp", packets(film(), 30)) as sender:
        sender.wait()
        assert isinstance(failure(sender.media()), Stalled)
    with Sender("tcp_passive", packets(film(), 30)) as sender:
        error = failure(sender.media(), SystemClock())
    assert isinstance(error, Ended)
    assert "was closed" in str(error)
    with Sender("udp", packets(film(), 30)) as sender:
        sender.wait()
        error = failure(sender.media(started_at_ms=EPOCH_MS, ended_at_ms=EPOCH_MS + 60_000))
    assert isinstance(error, Stalled)
    assert "stopped 8 s ago" in str(error)


@pytest.mark.parametrize("before", [0, 10], ids=["before the first packet", "after some"])
def test_an_agent_that_stood_still_reads_what_came_before_it_calls_a_device_silent(
    before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bursts, clock, read = packets(film(), 30), Distinct(), MediaSocket.read
    looks: list[int] = []
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as theirs, closing(theirs.dup()) as ours:
        widen(theirs)
        theirs.bind((HOST, 0))

        def send(number: int) -> None:
            for packet in [packet for burst in bursts[:number] for packet in burst]:
                ours.sendto(packet, theirs.getsockname())
            del bursts[:number]

        def look(sock: MediaSocket) -> list[tuple[bytes, str] | None]:
            found = list(read(sock))
            looks.append(len(found))
            if looks.count(0) > 15 and bursts:  # all that came is seen by then
                clock.leap(60.0)
                send(len(bursts))
            return found

        send(before)
        monkeypatch.setattr(MediaSocket, "read", look)
        assert len(list(decoded(Media("udp", theirs, (HOST, 0), SSRC, HOST), 25, clock))) == 25


def test_nothing_listens_where_the_media_are_to_be_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_agent.sources.gb28181.media_socket._BETWEEN_S", 0.01)
    with closing(socket.socket()) as taken:
        taken.bind((HOST, 0))
        place = taken.getsockname()
        error = failure(Media("tcp_active", None, place, None, f"{HOST}:{place[1]}"), SystemClock())
    assert isinstance(error, Unreachable)
    assert "set transport to tcp_passive or udp" in str(error)


def test_a_session_that_has_ended_says_why() -> None:
    why = Ended("gate", OTHER(detail="the device said BYE"))
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.bind((HOST, 0))
        assert failure(Media("udp", sock, None, None, "", ended=lambda: why)) is why


def test_a_small_buffer_of_the_system_is_said(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "BUFFER_BYTES", 1 << 40)
    with Sender("udp", packets(film(), 3)) as sender, caplog.at_level(logging.WARNING):
        failure(sender.media())
    assert "sysctl net.core.rmem_max=" in caplog.text
