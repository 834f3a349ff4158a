"""Whatever comes in at the door: typed errors and nothing else, and the next recording is taken.

bytes ──▶ ask | recognise | entries | Incoming | DeskServer
"""

import json
import struct
import threading
from functools import cache
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.desk.errors import Refused
from edge_agent.desk.protocol import AskHealth, AskStanding, AskUpload, RecordingRef, parse_request
from edge_agent.frames import Glance, Skipped
from edge_agent.sources.upload.album import ALBUM_MAGIC, MAX_PICTURE_BYTES, AlbumError, entries, entry
from edge_agent.sources.upload.byte_pipe import BytePipe
from edge_agent.sources.upload.container import ENOUGH_BYTES, Container, UnusableRecordingError, recognise
from edge_agent.sources.upload.recording import AHEAD_MS, IncomingRecording, RecordingOutcome, RecordingStart
from tests.edge_agent.desk.premises import Premises, request, rewritten, street, target
from tests.edge_agent.world import EPOCH_MS

NOW_MS = EPOCH_MS + 86_400_000
MKV = b"\x1a\x45\xdf\xa3"


@cache
def recordings() -> dict[str, bytes]:
    """One of each kind that may come, small."""
    with TemporaryDirectory() as folder:
        place = Path(folder)
        made = {name: street(place / f"street.{name}", 12).read_bytes() for name in ("mkv", "ts", "mp4")}
        rewritten(place / "street.mp4", place / "pieces.mp4", "frag_keyframe+empty_moov")
        rewritten(place / "street.mp4", place / "fast.mp4", "faststart")
        made |= {name: (place / f"{name}.mp4").read_bytes() for name in ("pieces", "fast")}
    made["album"] = ALBUM_MAGIC + b"".join(entry(1000 * n, b"\xff\xd8\xff" + bytes(50)) for n in range(5))
    return made


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A recording with bytes changed, taken out or put in, and perhaps cut off."""
    data = bytearray(recordings()[draw(st.sampled_from(["mkv", "ts", "pieces", "fast", "album"]))])
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.integers(0, 2)):
            case 0:
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=4))
            case 1:
                del data[at : at + draw(st.integers(1, 3000))]
            case _:
                data[at:at] = draw(st.binary(max_size=200))
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


@given(
    st.sampled_from(["GET", "POST", "PUT", "", "get"]),
    st.one_of(
        st.text(max_size=80),
        st.from_regex(r"/cameras/[ -~]{0,20}/recordings\?[ -~]{0,60}", fullmatch=True),
        st.from_regex(r"/cameras/gate/recordings\?(started_at_ms|at_ms|key|again)=[0-9a-f]{0,70}", fullmatch=True),
    ),
)
def test_any_request_line_is_understood_or_refused(method: str, where: str) -> None:
    try:
        wanted = parse_request(method, where, NOW_MS)
    except Refused as refused:
        assert refused.code in {"not_found", "method", "malformed", "implausible_start"}  # noqa: PT017 - one of four
        assert refused.status < HTTPStatus.INTERNAL_SERVER_ERROR  # noqa: PT017 - the same
    else:
        assert isinstance(wanted, AskHealth | AskStanding | AskUpload)


def test_a_request_line_says_which_recording_and_from_where() -> None:
    key = "0123456789abcdef" * 4
    recording = RecordingRef("gate", EPOCH_MS, key)
    assert parse_request("GET", target(key=key), NOW_MS) == AskStanding(recording)
    assert parse_request("POST", target(key=key, at_ms=40, again=1), NOW_MS) == AskUpload(recording, 40, again=True)
    assert parse_request("POST", target(), NOW_MS) == AskUpload(RecordingRef("gate", EPOCH_MS), 0, again=False)
    ids = {RecordingRef(c, s, k).id for c in ("gate", "yard") for s in (1, 2) for k in ("", key)}
    assert len(ids) == 8


@given(st.binary(max_size=600), st.booleans())
def test_any_beginning_is_a_container_or_refused(head: bytes, is_all: bool) -> None:
    try:
        found = recognise(head, is_all=is_all)
    except UnusableRecordingError as error:
        assert error.code in {"unknown_container", "index_at_end"}  # noqa: PT017 - one of two
    else:
        assert found is not None or not is_all


@given(st.binary(max_size=64))
def test_enough_bytes_always_have_an_answer(start: bytes) -> None:
    for begin in (start, b"\0\0\0\x18ftypisom" + start, b"\x47" + start, MKV[:2] + start):
        head = begin + bytes(ENOUGH_BYTES - len(begin))
        try:
            assert recognise(head) is not None
        except UnusableRecordingError:
            continue


def test_containers_are_known_by_their_first_bytes() -> None:
    known = {name: recognise(data[:ENOUGH_BYTES], is_all=True) for name, data in recordings().items() if name != "mp4"}
    assert known == {
        "mkv": Container.MATROSKA,
        "ts": Container.MPEG_TS,
        "pieces": Container.MP4,
        "fast": Container.MP4,
        "album": Container.ALBUM,
    }
    with pytest.raises(UnusableRecordingError, match=r"\+faststart"):
        recognise(recordings()["mp4"], is_all=True)
    long = struct.pack(">I4sQ", 1, b"mdat", 5_000_000_000)
    with pytest.raises(UnusableRecordingError, match=r"\+faststart"):
        recognise(recordings()["mp4"][:32] + long)
    assert [recognise(b"\x47" + bytes(n)) for n in (0, 100)] == [None, None]


@given(st.lists(st.tuples(st.integers(0, 10**9), st.binary(max_size=300)), max_size=5), st.integers(1, 50))
def test_an_album_is_read_as_it_was_written(pictures: list[tuple[int, bytes]], step: int) -> None:
    stream = BytesIO(ALBUM_MAGIC + b"".join(entry(*each) for each in pictures))
    assert list(entries(lambda size: stream.read(min(size, step)))) == pictures


@given(st.binary(max_size=200))
def test_any_bytes_are_an_album_or_an_album_error(data: bytes) -> None:
    stream = BytesIO(ALBUM_MAGIC + data)
    try:
        assert sum(len(picture) + 12 for _, picture in entries(stream.read)) == len(data)
    except AlbumError:
        assert data


def test_an_album_claims_no_memory() -> None:
    stream = BytesIO(ALBUM_MAGIC + struct.pack(">QI", 0, MAX_PICTURE_BYTES + 1))
    with pytest.raises(AlbumError, match="out of bounds"):
        list(entries(stream.read))


@settings(max_examples=60)
@given(damaged(), st.booleans())
def test_a_damaged_recording_gives_what_is_there_and_a_word(data: bytes, is_cut: bool) -> None:
    try:
        container = recognise(data[:ENOUGH_BYTES], is_all=True)
    except UnusableRecordingError:
        return
    assert container is not None
    pipe = BytePipe(len(data) + 1, lambda: None)
    pipe.write(data)
    (pipe.cut if is_cut else pipe.end)()
    incoming = IncomingRecording("gate", container, RecordingStart(EPOCH_MS), pipe, lambda: None)
    before_ms = -1
    for item in incoming.glances(threading.Event(), lambda: NOW_MS):
        assert isinstance(item, Glance | Skipped)
        if isinstance(item, Glance):
            assert item.captured_at_ms > before_ms
            before_ms = item.captured_at_ms
            assert item.pixels().shape[2] == 3
    assert incoming.outcome in {RecordingOutcome.WHOLE, RecordingOutcome.CUT, RecordingOutcome.UNUSABLE}
    assert (incoming.outcome is RecordingOutcome.UNUSABLE) == bool(
        incoming.code
    ) or incoming.outcome is RecordingOutcome.CUT


def test_a_picture_from_the_future_is_not_believed() -> None:
    data = recordings()["mkv"]
    pipe = BytePipe(len(data), lambda: None)
    pipe.write(data)
    pipe.end()
    incoming = IncomingRecording("gate", Container.MATROSKA, RecordingStart(EPOCH_MS), pipe, lambda: None)
    items = list(incoming.glances(threading.Event(), lambda: EPOCH_MS - AHEAD_MS + 200))
    assert [isinstance(item, Glance) for item in items] == [True] * 6 + [False] * 6
    assert all("ahead of now" in item.message for item in items if isinstance(item, Skipped))
    assert (incoming.outcome, incoming.pictures, incoming.skipped) == (RecordingOutcome.WHOLE, 6, {"broken": 6})


def test_a_cut_shows_no_half_picture(tmp_path: Path) -> None:
    for name in ("mkv", "ts"):
        data = recordings()[name]
        for at in range(len(data) // 3, len(data), len(data) // 40):
            pipe = BytePipe(len(data), lambda: None)
            pipe.write(data[:at])
            pipe.cut()
            incoming = IncomingRecording(
                "gate",
                Container.MATROSKA if name == "mkv" else Container.MPEG_TS,
                RecordingStart(EPOCH_MS),
                pipe,
                lambda: None,
            )
            items = list(incoming.glances(threading.Event(), lambda: NOW_MS))
            assert incoming.outcome is RecordingOutcome.CUT
            assert all(isinstance(item, Glance) for item in items)


def test_the_server_stays_up_whatever_it_is_sent(desk: Premises) -> None:
    place = desk.papers.place()
    whole = recordings()["mkv"]
    seen: set[str] = set()

    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    @given(st.one_of(st.binary(max_size=2000), damaged()))
    def send(data: bytes) -> None:
        status, answer = request(place, "POST", target(again=1), data)
        told = json.loads(answer.splitlines()[-1])
        seen.add(told["end"] if status == HTTPStatus.OK else told["error"])

    send()
    assert seen <= {"complete", "unusable", "unknown_container", "index_at_end"}
    status, answer = request(place, "POST", target(again=1), whole)
    assert (status, json.loads(answer.splitlines()[-1])["end"]) == (HTTPStatus.OK, "complete")
    assert desk.ledger().balanced
