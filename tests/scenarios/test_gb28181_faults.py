"""What devices in the field do wrong, all of it at once, to one platform on real sockets: who is there, what comes."""

import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TypeVar
from xml.etree import ElementTree as ET

import pytest

from edge_agent.errors import Ended, NoPicture, NotFound, SourceError, Unreachable, WrongCredentials
from edge_agent.gb28181 import endpoint
from edge_agent.gb28181.devices.device_views import DeviceView
from edge_agent.gb28181.devices.events import Alarmed, RecordsTaken
from edge_agent.gb28181.manscdp.multipart import AnswerOutcome
from edge_agent.gb28181.manscdp.records import Records
from edge_agent.gb28181.sessions.invite import Span
from edge_agent.sources.gb28181.media_socket import Media
from edge_agent.sources.gb28181.sessions import SessionTimeouts
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.manscdp import DEVICE_ALARM, VIDEO_ALARM
from tests.scenarios.faulty_devices import (
    COMES,
    EVERY,
    GOOD,
    IDS,
    LISTS_BADLY,
    SENDS,
    Faulty,
)
from tests.support.gb28181_agent import Agent, Outgoing
from tests.support.gb28181_devices import Devices, film
from tests.support.signalling_capture import dissected, write_messages
from tests.support.waiting import LONG_S, until

T = TypeVar("T")
HALF_A_DAY_MS = 43_200_000
SOON_S = 60.0
RESET, HANGS_UP = DeviceFault.NEEDS_RESET.value, DeviceFault.HANGS_UP.value
NO_MEDIA = DeviceFault.NO_MEDIA.value
AGAIN = (DeviceFault.BYE_UNANSWERED.value, DeviceFault.MEDIA_AFTER_BYE.value)
"""They make trouble when a session ends: another one follows."""
NAMES = {device_id: name for name, device_id in IDS.items()}


@dataclass
class Watched:
    """What came of asking for media."""

    media: Media | None = None
    ssrc: int | None = None
    """Of the first packet that came."""
    trouble: SourceError | None = None


@dataclass
class Found:
    """Everything that was seen of the fleet."""

    seen: dict[str, DeviceView] = field(default_factory=dict)
    """Before any connection was cut."""
    after: dict[str, DeviceView] = field(default_factory=dict)
    came: dict[str, int] = field(default_factory=dict)
    went: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    records: dict[str, Records] = field(default_factory=dict)
    alarms: dict[str, list[str]] = field(default_factory=dict)
    watched: dict[str, Watched] = field(default_factory=dict)
    outgoing: Outgoing | None = None
    port: int = 0


def wait(value: Callable[[], T], good: Callable[[T], bool], timeout_s: float = SOON_S) -> T:
    """The first value that is good, or the last one: what is wrong with it, its own tests say."""
    last = value()

    def is_good() -> bool:
        nonlocal last
        if not good(last):
            last = value()
        return good(last)

    with suppress(AssertionError):
        until(is_good, patience_s=timeout_s)
    return last


def first_packet(media: Media, timeout_s: float) -> bytes:
    """Of whichever transport; empty where none comes."""
    assert media.sock is not None
    media.sock.settimeout(timeout_s)
    with suppress(TimeoutError):
        if media.transport == "udp":
            return media.sock.recv(65536)
        with closing(media.sock.accept()[0]) as connection:
            connection.settimeout(timeout_s)
            return connection.recv(64, socket.MSG_WAITALL)[2:]
    return b""


def watch(agent: Agent, camera: str) -> Watched:
    """In a camera's place: it may ask before its device is there."""
    watched, source = Watched(), agent.cameras[camera]
    span = None if source.span is None else Span(source.span.started_at_ms, source.span.ended_at_ms)
    try:
        with agent.sessions.open(camera, source, span) as session:
            packet = first_packet(session.media, 4.0 if camera == NO_MEDIA else LONG_S)
            watched.media = session.media
            watched.ssrc = int.from_bytes(packet[8:12], "big") if packet else None
            if packet:
                session.picture()
            if camera == HANGS_UP:
                watched.trouble = wait(session.media.ended, lambda error: error is not None)
    except SourceError as error:
        watched.trouble = error
    return watched


def watch_as_often_as_needed(agent: Agent, camera: str) -> Watched:
    watched = watch(agent, camera)
    return watch(agent, camera) if camera in AGAIN and watched.ssrc else watched


def is_settled(seen: dict[str, DeviceView]) -> bool:
    return all(
        seen[IDS[each.name]].is_there and (seen[IDS[each.name]].channels is not None or each in LISTS_BADLY)
        for each in COMES
    )


def ask_records(agent: Agent) -> dict[str, Records]:
    """Of each first channel. What never comes would be waited for two minutes; they pass here at once."""
    ended_ms = time.time_ns() // 1_000_000
    span = (ended_ms - HALF_A_DAY_MS, ended_ms)
    asked: dict[int, str] = {}
    for camera in (agent.cameras[each.name] for each in COMES if each.name in IDS):
        number = agent.platform.call(
            lambda its, now, camera=camera: its.query_records(camera.device_id, camera.channel_id, span, now)  # type: ignore[misc]
        )
        asked[number] = NAMES[camera.device_id]

    def taken() -> dict[str, Records]:
        told = [event for event in list(agent.events) if isinstance(event, RecordsTaken)]
        return {asked[event.query]: event.records for event in told}

    wait(taken, lambda found: len(found) >= len(asked) - 1)
    agent.platform.call(lambda its, now: its._queries.handle_timer(replace(now, monotonic_s=now.monotonic_s + 121.0)))
    return wait(taken, lambda found: len(found) == len(asked), 10)


def raise_alarms(agent: Agent, devices: Devices) -> dict[str, list[str]]:
    """One of each device, and a second of the one that is to be told that the first was heard."""

    def raised(name: str) -> bool:
        method, kind = (DEVICE_ALARM, 2) if name == RESET else (VIDEO_ALARM, 6)
        number = [each.name for each in EVERY].index(name)
        return devices.ask(lambda device, now: device.raise_alarm(now, method=method, kind=kind), number)

    def alarms() -> dict[str, list[str]]:
        told: dict[str, list[str]] = {each.name: [] for each in EVERY}
        for event in list(agent.events):
            if isinstance(event, Alarmed):
                told[NAMES[event.device_id]].append(event.alarm.kind)
        return told

    for each in COMES:
        raised(each.name)
    wait(alarms, lambda told: all(told[each.name] for each in COMES))
    wait(lambda: raised(RESET), bool)
    return wait(alarms, lambda told: len(told[RESET]) == 2)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("faults")
    cameras = {each.name: each.camera(IDS[each.name], folder) for each in EVERY}
    fleet = [(each.profile, IDS[each.name]) for each in EVERY]
    result = Found()
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(len(EVERY)) as threads:
        patch.setattr(endpoint, "INVITES_PER_S", 100.0)  # of some thousands 10 a second; here it would take 9 s
        result.outgoing = Outgoing(patch.setattr)
        with (
            Agent(folder / "agent", cameras, patience=SessionTimeouts(online_s=LONG_S)) as agent,
            Devices(agent.server, each=fleet, footage=film()) as devices,
        ):
            result.port = agent.port
            futures: dict[str, Future[Watched]] = {
                each.name: threads.submit(watch_as_often_as_needed, agent, each.name) for each in COMES
            }
            wait(agent.platform.devices, is_settled)
            result.alarms = raise_alarms(agent, devices)
            result.records = ask_records(agent)
            result.watched = {name: future.result(LONG_S) for name, future in futures.items()}
            result.seen = agent.platform.devices()
            result.came, result.went = dict(agent.came()), agent.went()
            result.counts = agent.platform.counts()
            devices.cut()
            over_tcp = {IDS[each.name] for each in COMES if each.profile.transport == "tcp"}
            wait(agent.went, lambda went: over_tcp <= set(went))
            wait(agent.there, lambda there: over_tcp <= there)
            result.after = agent.platform.devices()
    return result


def of(every: tuple[Faulty, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("device", [pytest.param(each, id=each.name) for each in every])


@of(tuple(each for each in COMES if each not in LISTS_BADLY))
def test_it_is_there_and_all_its_channels_are_known(found: Found, device: Faulty) -> None:
    device_id, faults = IDS[device.name], device.profile.faults
    seen = found.seen[device_id]
    assert (seen.is_there, seen.is_reachable, seen.refused, seen.catalog_trouble) == (True, True, "", "")
    channels = sorted(seen.channels or (), key=lambda channel: channel.channel_id)
    assert [each.channel_id for each in channels] == list(device.profile.channel_ids(device_id))
    before, behind = "萳" * (DeviceFault.RARE_CHARACTER in faults), " A&B <1" * (DeviceFault.UNESCAPED in faults)
    assert [each.name for each in channels][:3] == [f"{before}{name}{behind}" for name in ("东门1", "西门2", "车棚3")]
    assert all(each.is_online and each.has_video for each in channels)
    assert (seen.manufacturer, seen.model) == ("Wayside", "SIM")
    assert seen.skew_ms is not None
    # A year off is set right by `Date`, which is as old as its message when that is read: seconds on a busy machine.
    assert abs(seen.skew_ms - device.profile.skew_s * 1000) < 60_000


@of(COMES)
def test_it_comes_once_and_is_never_taken_for_gone(found: Found, device: Faulty) -> None:
    """Three keepalives of one that never sends any are 6 s here. After its connection was cut it comes back."""
    assert found.came[IDS[device.name]] == 1
    assert IDS[device.name] not in found.went
    assert found.after[IDS[device.name]].is_there


@of(GOOD)
def test_its_recordings_are_known(found: Found, device: Faulty) -> None:
    records = found.records[device.name]
    assert records.outcome is AnswerOutcome.COMPLETE
    recordings = records.recordings
    assert len(recordings) in {12, 13}
    assert all(one.ended_at_ms == other.started_at_ms for one, other in pairwise(recordings))


@of(COMES)
def test_its_alarm_arrives(found: Found, device: Faulty) -> None:
    assert found.alarms[device.name] == (["tamper"] * 2 if device.name == RESET else ["intrusion"])


@of((*GOOD, *SENDS))
def test_media_come_when_it_is_invited(found: Found, device: Faulty) -> None:
    watched = found.watched[device.name]
    assert watched.media is not None
    assert watched.ssrc is not None
    is_told = not device.profile.faults & {DeviceFault.NO_SDP, DeviceFault.NO_Y, DeviceFault.ZERO_Y}
    assert (watched.media.ssrc is not None) == is_told
    if is_told:
        assert (watched.media.ssrc == watched.ssrc) == (DeviceFault.OTHER_SSRC not in device.profile.faults)
    assert (watched.trouble is None) == (device.name != HANGS_UP)


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("busy", NoPicture, "it gives no more streams at once"),
        ("not-acceptable", NoPicture, "set `transport` or `stream`"),
        ("invite-challenged", WrongCredentials, "is this platform's id set in it"),
        ("invite-ignored", Unreachable, "did not answer the INVITE within 10 s; it is cancelled"),
        ("hangs-up", Ended, "hung up"),
        ("local-seconds", NotFound, "has no such channel, or nothing recorded in this span"),
    ],
)
def test_why_no_media_come_is_said_in_words(found: Found, name: str, kind: type[SourceError], said: str) -> None:
    trouble = found.watched[name].trouble
    assert isinstance(trouble, kind)
    assert said in str(trouble)
    assert IDS[name] in str(trouble)


def test_one_that_agrees_and_sends_nothing_has_a_session_all_the_same(found: Found) -> None:
    watched = found.watched["no-media"]
    assert watched.media is not None
    assert (watched.ssrc, watched.trouble) == (None, None)


def test_a_span_read_as_local_time_is_found_once_it_is_shifted(found: Found) -> None:
    assert found.watched["local-seconds-shifted"].ssrc is not None


@pytest.mark.parametrize(
    ("name", "channels", "said"),
    [
        ("sum-num-lies", 10, "its list of channels broke off"),
        ("no-list", None, "its list of channels broke off"),
        ("empty-answer", None, "it was asked for its channels and gave none"),
    ],
)
def test_what_is_wrong_with_a_list_is_said_in_words(found: Found, name: str, channels: int | None, said: str) -> None:
    seen = found.seen[IDS[name]]
    assert (None if seen.channels is None else len(seen.channels), seen.catalog_trouble) == (channels, said)


def test_recordings_that_do_not_come_are_told_from_none(found: Found) -> None:
    stalled, empty = found.records["record-stall"], found.records["empty-answer"]
    assert (stalled.outcome, empty.outcome) == (AnswerOutcome.STALLED, AnswerOutcome.SILENT)
    assert 0 < len(stalled.recordings) < 12
    assert found.records["sum-num-lies"].outcome is AnswerOutcome.STALLED
    assert len(found.records["sum-num-lies"].recordings) in {12, 13}


@pytest.mark.parametrize(
    ("name", "refused", "counted"),
    [
        ("wrong-password", "its user name or password is not the configured one", "wrong"),
        ("own-nonce", "it logs in with a nonce of its own and heeds no challenge", "stale"),
        ("keepalive-unregistered", "", "not_registered"),
    ],
)
def test_who_does_not_register_stays_out(found: Found, name: str, refused: str, counted: str) -> None:
    seen = found.seen[IDS[name]]
    assert (seen.is_there, seen.channels, found.came.get(IDS[name])) == (False, None, None)
    assert seen.refused.startswith(refused)
    assert bool(seen.refused) == bool(refused)
    assert found.counts[counted] > 0


def texts(body: str) -> list[str]:
    """Of the elements of a well-formed body; nothing of SDP."""
    if not body.startswith("<?xml"):
        return []
    found = [element.text.strip() for element in ET.fromstring(body.partition("?>")[2]).iter() if element.text]
    return [text for text in found if text]


def meant(data: bytes) -> dict[str, str]:
    """What a message of ours is to say, read off its text."""
    head, body = data.decode("gb18030").split("\r\n\r\n", 1)
    first = head.partition(" ")[0]
    said = {
        "status": head.split(" ")[1] if first == "SIP/2.0" else "",
        "method": "" if first == "SIP/2.0" else first,
        "call_id": re.findall(r"^Call-ID: (\S+)", head, re.MULTILINE)[0],
        "cseq": re.findall(r"^CSeq: ([0-9]+) ", head, re.MULTILINE)[0],
        "cseq_method": re.findall(r"^CSeq: [0-9]+ ([A-Z]+)", head, re.MULTILINE)[0],
        "from_tag": "|".join(re.findall(r"^From: .*;tag=([^;\s]+)", head, re.MULTILINE)),
        "branch": re.findall(r"^Via: .*;branch=([^;\s]+)", head, re.MULTILINE)[0],
        "body_bytes": str(len(body.encode("gb18030"))),
        "media_port": "|".join(re.findall(r"^m=video ([0-9]+) ", body, re.MULTILINE)),
        "words": "|".join(texts(body)),
    }
    layers = ["sip"] + ["sdp"] * body.startswith("v=0") + ["xml"] * body.startswith("<?xml")
    return {**said, "layers": " ".join(layers)}


@pytest.mark.peer
def test_a_foreign_dissector_reads_what_the_platform_meant(found: Found, tmp_path: Path) -> None:
    """TShark reads every message of the whole fleet's lifetime as SIP, SDP and XML, and has no remark but one."""
    assert found.outgoing is not None
    messages = found.outgoing.messages
    sent = {data.partition(b" ")[0] for data, _ in messages}
    assert sent == {b"SIP/2.0", b"MESSAGE", b"SUBSCRIBE", b"INVITE", b"ACK", b"BYE", b"CANCEL"}
    capture = tmp_path / "signalling.pcap"
    write_messages(capture, found.port, messages)
    frames = dissected(capture, found.port)
    assert len(frames) == len(messages)
    for (data, _), frame in zip(messages, frames, strict=True):
        said = meant(data)
        read = {**frame._asdict(), "layers": " ".join(each for each in ("sip", "sdp", "xml") if each in frame.layers())}
        assert {name: read[name] for name in said} == said
    assert {frame.remarks for frame in frames} <= {"", "Unrecognised SIP header (x-gb-ver)"}
