"""The small parts of the desk, each by itself."""

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.clock import SystemClock
from edge_agent.desk.client.command import offered, started_at_ms
from edge_agent.desk.client.progress_bar import IngestSpeed
from edge_agent.desk.errors import DeskError
from edge_agent.desk.key_files import check_key_files, server_context, token
from edge_agent.desk.progress_store import Counts, LedgerReader, Position, Positions
from edge_agent.desk.protocol import AskUpload, End, Progress, RecordingRef
from edge_agent.desk.uploads import Desk
from edge_agent.errors import DropReason
from edge_agent.sources.upload.byte_pipe import BytePipe
from edge_agent.sources.upload.container import Container
from edge_agent.sources.upload.recording import IncomingRecording, RecordingOutcome, RecordingStart
from edge_agent.sources.upload.source import Uploads
from edge_agent.spool.spool import Spool
from provisioning.contracts.config import processes
from provisioning.contracts.errors import ConfigError
from tests.edge_agent.desk.premises import Papers
from tests.edge_agent.world import EPOCH_MS, FakeClock, frame, jpeg_of, redacted
from tests.support.waiting import LONG_S


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=20), st.integers(1, 64), st.integers(1, 40))
def test_a_pipe_gives_what_was_written_and_knows_when_it_is_full(chunks: list[bytes], capacity: int, size: int) -> None:
    told: list[bool] = []
    pipe = BytePipe(capacity, lambda: told.append(True))
    go_on = threading.Event()
    got = bytearray()
    for chunk in chunks:
        while not pipe.has_room:
            had = len(told)
            got += pipe.read(size, go_on)
            assert pipe.has_room == (len(told) > had)  # who waits for room is told when there is some
        pipe.write(chunk)
    pipe.end()
    while part := pipe.read(size, go_on):
        assert len(part) <= size
        got += part
    assert bytes(got) == b"".join(chunks)
    assert not pipe.was_cut


@pytest.mark.parametrize("times", [1, 2])
def test_a_pipe_that_is_cut_says_so_once_it_is_empty(times: int) -> None:
    """The desk cuts it when it lets an upload go, and once more when it has stopped reading."""
    pipe = BytePipe(10, lambda: None)
    go_on = threading.Event()
    pipe.write(b"abc")
    for _ in range(times):
        pipe.cut()
    assert (pipe.read(9, go_on), pipe.was_cut) == (b"abc", False)
    assert (pipe.read(9, go_on), pipe.was_cut) == (b"", True)
    ended = BytePipe(10, lambda: None)
    ended.end()
    ended.cut()
    assert (ended.read(9, go_on), ended.was_cut) == (b"", False)


def test_a_reader_that_waits_is_woken_by_the_stop_and_the_writer_by_the_reader_s_end() -> None:
    told: list[bool] = []
    pipe = BytePipe(1, lambda: told.append(True))
    stop = threading.Event()
    got: list[bytes] = []
    reading = threading.Thread(target=lambda: got.append(pipe.read(9, stop)))
    reading.start()
    stop.set()
    reading.join(LONG_S)
    assert (got, pipe.was_cut) == ([b""], True)
    pipe.write(b"abc")
    assert not pipe.has_room
    pipe.close()
    assert (pipe.has_room, told) == (True, [True])
    pipe.write(b"nobody reads this")
    assert pipe.has_room


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-11-14T22:13:20Z", EPOCH_MS),
        ("2023-11-15 06:13:20+08:00", EPOCH_MS),
        ("2023-11-14T22:13:20.007+00:00", EPOCH_MS + 7),
        ("2000-01-01T00:00:00Z", 946_684_800_000),
    ],
)
def test_a_start_is_read_to_the_millisecond(text: str, expected: int) -> None:
    assert started_at_ms(text, EPOCH_MS + 1000) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-11-14T22:13:20", "has no zone"),
        ("2023-11-14", "has no zone"),
        ("yesterday", "no date and time"),
        ("1700000000", "no date and time"),
        ("", "no date and time"),
        ("2023-11-14T23:13:20Z", "in the future"),
        ("1999-12-31T23:59:59.999Z", "before the year 2000"),
        ("0001-01-01T00:00:00+14:00", "before the year 2000"),
    ],
)
def test_a_start_that_cannot_be_is_refused_with_the_reason(text: str, expected: str) -> None:
    with pytest.raises(DeskError, match=expected):
        started_at_ms(text, EPOCH_MS + 1000)


@given(st.text(max_size=40))
def test_any_text_is_a_start_or_refused(text: str) -> None:
    try:
        assert 946_684_800_000 <= started_at_ms(text, EPOCH_MS) <= EPOCH_MS
    except DeskError as error:
        assert error.code == "implausible_start"  # noqa: PT017 - nothing else is raised


def test_what_the_file_claims_is_offered_with_a_warning() -> None:
    assert "'2023-11-14T22:13:20.000000Z'" in offered("2023-11-14T22:13:20.000000Z")
    assert "often the end" in offered("2023-11-14T22:13:20.000000Z")
    assert offered(None) == "the file does not say it itself"


def test_a_position_outlives_the_process_and_a_damaged_one_is_none(tmp_path: Path) -> None:
    positions = Positions(tmp_path)
    assert positions.load("a" * 64) is None
    positions.keep("a" * 64, Position(settled_ms=1200))
    assert Positions(tmp_path).load("a" * 64) == Position(settled_ms=1200)
    (file,) = (tmp_path / "recordings").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text('{"settled_ms": "x"}')
    assert positions.load("a" * 64) is None


def test_a_position_that_cannot_be_saved_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "recordings").touch()  # a file where the folder should be, as good as a full disk
    positions = Positions(tmp_path)
    positions.keep("a" * 64, Position(settled_ms=1))
    assert positions.load("a" * 64) is None


def test_positions_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_agent.desk.progress_store._MOST", 3)
    positions = Positions(tmp_path)
    for n in range(5):
        positions.keep(f"{n:064}", Position(settled_ms=n))
    assert sorted(int(file.name) for file in (tmp_path / "recordings").iterdir()) == [2, 3, 4]


def test_the_pace_is_recording_by_wall_time() -> None:
    clock = FakeClock()
    pace = IngestSpeed(clock)
    assert pace.at(-1) is None
    assert pace.at(5000) is None
    clock.pass_s(2)
    assert pace.at(49_999) == 25.0
    assert IngestSpeed(clock).at(10) is None


def test_only_what_may_pass_is_tried_again() -> None:
    assert {end for end in End if end.may_be_tried_again} == {End.BROKEN, End.STOPPING}
    assert (
        Progress(
            position_ms=-1, settled_ms=-1, pictures=0, skipped={}, selected=0, spooled=0, dropped={}, held=False
        ).end
        is None
    )


def test_a_key_that_others_may_read_or_that_is_another_s_opens_no_door(papers: Papers, tmp_path: Path) -> None:
    identity = papers.identity
    assert check_key_files(papers.desk()).startswith("certificate and token are there")
    other = tmp_path / "other.key"
    other.write_bytes(identity.key_file.read_bytes())
    other.chmod(0o644)
    with pytest.raises(DeskError, match="chmod 600"):
        server_context(identity.cert_file, other)
    for cert, key in ((identity.cert_file, tmp_path / "no"), (identity.key_file, identity.key_file)):
        with pytest.raises(DeskError, match="no usable certificate"):
            server_context(cert, key)


def test_a_camera_waits_idle_until_the_next_recording_and_for_each_anew() -> None:
    idle: list[bool] = []
    uploads = Uploads("gate", SystemClock(), idle=lambda: idle.append(True))
    stop = threading.Event()
    ended: list[RecordingOutcome | None] = []

    def offered_one() -> IncomingRecording:
        pipe = BytePipe(10, lambda: None)
        pipe.write(b"no album")
        pipe.end()
        made = IncomingRecording("gate", Container.ALBUM, RecordingStart(EPOCH_MS), pipe, lambda: None)
        uploads.offer(made)
        return made

    def wait() -> None:
        for incoming in (offered_one(), offered_one()):
            while incoming.outcome is None:
                threading.Event().wait(0.01)
            ended.append(incoming.outcome)
        stop.set()

    first = offered_one()
    threading.Thread(target=wait).start()
    assert list(uploads.frames(stop)) == []
    assert first.outcome in {RecordingOutcome.LEFT, RecordingOutcome.UNUSABLE}
    assert ended[-1] is RecordingOutcome.UNUSABLE
    assert idle


def test_what_the_camera_has_not_begun_can_be_taken_back() -> None:
    uploads = Uploads("gate", SystemClock())
    pipe = BytePipe(10, lambda: None)
    incoming = IncomingRecording("gate", Container.ALBUM, RecordingStart(EPOCH_MS), pipe, lambda: None)
    uploads.offer(incoming)
    assert uploads.withdraw(incoming)
    assert incoming.outcome is RecordingOutcome.LEFT
    assert not uploads.withdraw(incoming)
    stop = threading.Event()
    stop.set()
    assert list(uploads.frames(stop)) == []


def test_the_token_is_made_once_with_the_right_mode_and_a_bad_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "desk" / "token"
    made = token(file)
    assert (len(made), file.stat().st_mode & 0o777, token(file)) == (64, 0o600, made)
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        token(file)
    with pytest.raises(ConfigError, match="cannot be written"):
        token(file / "below-a-file")


def test_what_waits_or_was_interrupted_is_not_settled_and_all_else_is(tmp_path: Path) -> None:
    spool = Spool(processes.Spool(directory=tmp_path), SystemClock())
    made = [frame(n) for n in range(5)]
    for each in made[:4]:
        spool.select(each.observation_id, "gate")
    spool.append(redacted(made[0], jpeg_of(100)))
    spool.drop(made[1].observation_id, DropReason.SECOND_LOOK)
    spool.drop(made[2].observation_id, DropReason.INTERRUPTED)
    books = LedgerReader(tmp_path)
    every = [each.observation_id for each in made]
    assert books.unsettled(every) == {every[2], every[3]}  # the fifth was never selected
    assert books.unsettled(every * 300) == {every[2], every[3]}
    before = books.counts("gate")
    assert before == Counts(4, 1, {"interrupted": 1, "second_look": 1})
    spool.select(every[4], "gate")
    assert books.counts("gate").since(before) == Counts(1, 0, {})
    assert books.counts("yard") == Counts()
    spool.close()


def test_a_recording_that_its_camera_leaves_as_the_agent_stops_may_go_on(tmp_path: Path) -> None:
    clock, stop = SystemClock(), threading.Event()
    spool = Spool(processes.Spool(directory=tmp_path), clock)
    uploads = Uploads("gate", clock, has_room=lambda: True)
    desk = Desk({"gate": uploads}, tmp_path, lambda _camera_id: False, clock)
    desk.heed(stop)
    upload = desk.begin(AskUpload(RecordingRef("gate", EPOCH_MS), 0, again=False))
    start = RecordingStart(EPOCH_MS, 0, -1)
    incoming = IncomingRecording("gate", Container.ALBUM, start, BytePipe(10, lambda: None), lambda: None)
    upload.offer(incoming)
    stop.set()
    incoming.abandon()
    assert upload.measure(incoming).end is End.STOPPING
    spool.close()
