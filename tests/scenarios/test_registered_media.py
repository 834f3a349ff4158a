"""A device that registers is asked for media, and every byte that it sends comes to the socket that was opened for it.

simulated device ─REGISTER─▶ Platform ◀─ MediaSessions ◀─ the test, in a camera's place
       └─────────── RTP (UDP, TCP both ways) ──▶ socket ──────────▲
"""

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from edge_agent.agent import open_capture
from edge_agent.capture.camera_capture import Capturing
from edge_agent.capture.fork_server import ForkServer
from edge_agent.clock import SystemClock
from edge_agent.errors import Ended, SourceError
from edge_agent.frames import Selected
from edge_agent.gb28181.platform import Platform
from edge_agent.gb28181.sessions.invite import Cause, Span
from edge_agent.sources.gb28181 import media_socket
from edge_agent.sources.gb28181.channel import LiveChannel, MediaChannel
from edge_agent.sources.gb28181.media_socket import Media
from edge_agent.sources.gb28181.playback import Playback
from edge_agent.sources.gb28181.ports import MediaPorts
from edge_agent.sources.gb28181.sessions import MediaSessions, SessionTimeouts
from provisioning.contracts.config import processes
from provisioning.demo.simulators.gb28181 import footage
from provisioning.demo.simulators.gb28181.counts import Counts
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.fleet import Fleet
from tests.support.gb28181_agent import Outgoing
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, until

DEVICE = "34020000001180000001"
CHANNEL = "34020000001310000001"
PLATFORM = "34020000002000000001"
PASSWORD = "Passw0rd-28181"
RECORDED_MS = 20_000
PACE = 20.0
BEGUN = SessionTimeouts(begin_s=1.0)
"""For a receiver that has begun before the device says that it is over: the ten seconds are for one that only will."""
DRAINED = SessionTimeouts(drain_s=1.0)
"""A pause of the reader itself that lasts so long is no silence of the device."""
HELD_S = 1.5
"""Seconds for which a taker holds a picture, beyond what a recording's end is waited for."""


@dataclass(frozen=True)
class Street:
    """One device and one platform."""

    sessions: MediaSessions
    source: processes.Gb28181Source
    counts: Counts
    stop: threading.Event


@contextmanager
def street(
    folder: Path,
    *faults: DeviceFault,
    transport: Literal["udp", "tcp"] = "udp",
    media: str = "auto",
    pace: float = 1.0,
    patience: SessionTimeouts | None = None,
) -> Iterator[Street]:
    password = folder / "password"
    password.touch(0o600)
    password.write_text(PASSWORD)
    source = processes.Gb28181Source.model_validate(
        {
            "device_id": DEVICE,
            "channel_id": CHANNEL,
            "username": DEVICE,
            "password_file": password,
            "transport": media,
        }
    )
    port, clock, stop = free_port(), SystemClock(), threading.Event()
    first = 30_000 + port % 100 * 20
    settings = processes.Gb28181(
        host="127.0.0.1", port=port, platform_id=PLATFORM, media_ports=(first, first + 19), send_date=False
    )
    platform = Platform(settings, {"gate": source}, folder, clock)
    sessions = MediaSessions(MediaPorts(first, first + 19, "127.0.0.1"), platform, clock, patience)
    platform.listen(sessions)
    profile = DeviceProfile(PLATFORM, PASSWORD, transport=transport, faults=frozenset(faults), retry_s=0.2, pace=pace)
    fleet = Fleet(("127.0.0.1", port), [(profile, DEVICE)], footage.drawn("h264"))
    loop, gone = asyncio.new_event_loop(), asyncio.Event()

    async def live() -> None:
        running = asyncio.create_task(fleet.run())
        await gone.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    threads = [threading.Thread(target=run, args=[stop], daemon=True) for run in (platform.run, sessions.run)]
    threads.append(threading.Thread(target=loop.run_until_complete, args=[live()], daemon=True))
    for thread in threads:
        thread.start()
    try:
        yield Street(sessions, source, fleet.counts, stop)
    finally:
        stop.set()
        loop.call_soon_threadsafe(gone.set)
        for thread in threads:
            thread.join(LONG_S)
            assert not thread.is_alive()
        loop.close()


@contextmanager
def received_from(media: Media) -> Iterator[socket.socket]:
    """The socket that the media come out of."""
    if media.transport == "udp":
        assert media.sock is not None
        yield media.sock
    elif media.transport == "tcp_passive":
        assert media.sock is not None
        media.sock.settimeout(LONG_S)
        accepted, _ = media.sock.accept()
        with accepted:
            yield accepted
    else:
        assert media.remote is not None
        with socket.create_connection(media.remote, LONG_S) as connected:
            yield connected


def receive(media: Media, is_enough: Callable[[int], bool]) -> tuple[int, SourceError | None]:
    """Bytes, until that many are enough, the session has ended and all is read, or the connection ends."""
    taken = 0
    with received_from(media) as sock:
        sock.settimeout(0.05)
        while not is_enough(taken):
            try:
                data = sock.recv(65_536)
            except TimeoutError:
                if (trouble := media.ended()) is not None:
                    return taken, trouble
                continue
            if not data:
                return taken, None
            taken += len(data)
    return taken, None


@pytest.mark.parametrize(
    ("transport", "media", "expected"),
    [
        ("udp", "auto", "udp"),
        ("tcp", "auto", "tcp_passive"),
        ("udp", "tcp_active", "tcp_active"),
        ("tcp", "udp", "udp"),
    ],
)
def test_live_media_come_by_each_transport_until_the_bye(
    tmp_path: Path, transport: Literal["udp", "tcp"], media: str, expected: str
) -> None:
    with street(tmp_path, transport=transport, media=media) as its:
        with its.sessions.open("gate", its.source) as session:
            assert session.media.transport == expected
            taken, trouble = receive(session.media, lambda taken: taken > 3_000)
            assert trouble is None
        until(lambda: its.counts.byes, "a BYE")
        sent = its.counts.media_bytes
        assert taken <= sent + 2 * its.counts.media_packets  # two bytes of length a packet over TCP
        time.sleep(0.2)
        assert its.counts.media_bytes == sent


def span() -> Span:
    """In the midst of a recording: the device begins one at each whole hour."""
    began_ms = (int(time.time()) // 3600 - 3) * 3_600_000 + 600_000
    return Span(began_ms, began_ms + RECORDED_MS)


@pytest.mark.parametrize("fault", [None, DeviceFault.ENDS_BY_INFO])
def test_a_recording_comes_whole_and_the_device_says_when_it_is_over(tmp_path: Path, fault: DeviceFault | None) -> None:
    wanted = span()
    with street(tmp_path, *([] if fault is None else [fault]), pace=PACE, patience=BEGUN) as its:
        recordings = its.sessions.recordings("gate", its.source, wanted)
        assert recordings is not None
        assert any(
            each.started_at_ms <= wanted.started_at_ms and each.ended_at_ms >= wanted.ended_at_ms for each in recordings
        )
        with its.sessions.open("gate", its.source, wanted) as session:
            taken, trouble = receive(session.media, lambda _: False)
            assert session.cause() is Cause.OVER
        assert isinstance(trouble, Ended)
        assert its.counts.spans_ended == 1
        assert taken == its.counts.media_bytes


def test_a_platform_that_stops_hangs_up(tmp_path: Path) -> None:
    with street(tmp_path) as its, its.sessions.open("gate", its.source) as session:
        receive(session.media, lambda taken: taken > 1_000)
        its.stop.set()
        until(lambda: its.counts.byes, "a BYE")
        assert isinstance(until(session.media.ended), Ended)


@pytest.fixture(scope="module")
def fork_server() -> Iterator[ForkServer]:
    made = ForkServer()
    yield made
    made.close()


def capture(its: Street, channel: MediaChannel[Media], server: ForkServer | None) -> Capturing:
    """Of one keyframe a second, all are taken."""
    selector = processes.Selector(max_per_second=25, change_threshold=0)
    camera = processes.Camera(id="gate", source=its.source, selector=selector)
    return open_capture(camera, SystemClock(), None, server, channel)


@pytest.mark.parametrize("is_own", [False, True], ids=["in this process", "in its own"])
@pytest.mark.parametrize("media", ["udp", "tcp_passive", "tcp_active"])
def test_pictures_of_a_live_channel(tmp_path: Path, fork_server: ForkServer, media: str, *, is_own: bool) -> None:
    with street(tmp_path, media=media) as its:
        channel = LiveChannel("gate", its.source, its.sessions)
        began_ms = SystemClock().now_ms()
        items = capture(its, channel, fork_server if is_own else None).selected(threading.Event())
        first = next(item for item in items if isinstance(item, Selected))
        assert first.frame.image.shape[2] == 3
        assert began_ms - 15_000 < first.frame.captured_at_ms <= SystemClock().now_ms()
        close = getattr(items, "close")  # noqa: B009 - a generator, as every capture's is
        close()
        until(lambda: its.counts.byes, "a BYE")


@pytest.mark.parametrize("is_own", [False, True], ids=["in this process", "in its own"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_pictures_of_a_recording_have_the_times_at_which_they_were_recorded(
    tmp_path: Path, fork_server: ForkServer, transport: Literal["udp", "tcp"], *, is_own: bool
) -> None:
    wanted = span()
    with street(tmp_path, transport=transport, pace=PACE, patience=DRAINED) as its:
        recorded = processes.RecordedSpan(started_at_ms=wanted.started_at_ms, ended_at_ms=wanted.ended_at_ms)
        channel = Playback("gate", its.source, recorded, its.sessions)
        items = list(capture(its, channel, fork_server if is_own else None).selected(threading.Event()))
        times = [item.frame.captured_at_ms - wanted.started_at_ms for item in items if isinstance(item, Selected)]
        assert times == list(range(0, RECORDED_MS, 1000))
        assert channel.is_over
        assert its.counts.invites == 1


@pytest.mark.parametrize("is_own", [False, True], ids=["in this process", "in its own"])
def test_a_slow_taker_gets_all_of_a_recording_whose_device_is_done(
    tmp_path: Path, fork_server: ForkServer, *, is_own: bool
) -> None:
    wanted = span()
    with street(tmp_path, transport="tcp", pace=PACE, patience=DRAINED) as its:
        recorded = processes.RecordedSpan(started_at_ms=wanted.started_at_ms, ended_at_ms=wanted.ended_at_ms)
        channel = Playback("gate", its.source, recorded, its.sessions)
        times: list[int] = []
        for item in capture(its, channel, fork_server if is_own else None).selected(threading.Event()):
            if isinstance(item, Selected):
                times.append(item.frame.captured_at_ms - wanted.started_at_ms)
                if len(times) == 1:
                    until(lambda: its.counts.spans_ended == 1, "the device has sent all of it")
                    time.sleep(HELD_S)  # the taker is slow: what is tried
        assert times == list(range(0, RECORDED_MS, 1000))
        assert channel.progress().missing == ()


def test_what_a_slow_taker_lets_overflow_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_socket, "BUFFER_BYTES", 64 * 1024)
    outgoing = Outgoing(monkeypatch.setattr)
    wanted = span()
    with street(tmp_path, pace=2.0, patience=SessionTimeouts(gap_s=0.1)) as its:
        recorded = processes.RecordedSpan(started_at_ms=wanted.started_at_ms, ended_at_ms=wanted.ended_at_ms)
        source = its.source.model_copy(update={"speed": 16})
        channel = Playback("gate", source, recorded, its.sessions)
        times: list[int] = []
        for item in capture(its, channel, None).selected(threading.Event()):
            if isinstance(item, Selected):
                times.append(item.frame.captured_at_ms - wanted.started_at_ms)
                if len(times) == 1:
                    until(lambda: its.counts.spans_ended == 1, "the device has sent all of it")
        assert sorted(set(times)) == list(range(0, RECORDED_MS, 1000))
        assert (channel.progress().missing, channel.progress().left_out) == ((), ())
        invitations = [message for message, _ in outgoing.messages if message.startswith(b"INVITE")]
        speeds = [int(found[1]) for each in invitations if (found := re.search(rb"downloadspeed:(\d+)", each))]
        assert speeds[:2] == [16, 8]
