"""One camera's sessions, one after another: live, or a span of recordings piece by piece."""

import contextlib
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from edge_agent.errors import Ended, NoPicture, NotFound, Silent, SourceError, Stalled
from edge_agent.frames import Glance, Skipped
from edge_agent.gb28181.manscdp.multipart import AnswerOutcome
from edge_agent.sources.gb28181.channel import ChannelSource, LiveChannel, MediaChannel
from edge_agent.sources.gb28181.media_socket import Media
from edge_agent.sources.gb28181.playback import Playback
from provisioning.contracts.causes.work import OTHER
from provisioning.contracts.config.processes import RecordedSpan
from provisioning.contracts.wire.messages import ClockQuality
from tests.edge_agent.gb28181.line import CHANNEL, DEVICE, EPOCH_MS
from tests.edge_agent.gb28181.switchboard import Switchboard, accepting, records, source
from tests.support.ports import free_range

HOUR = RecordedSpan(started_at_ms=EPOCH_MS, ended_at_ms=EPOCH_MS + 3_600_000)
GREY = np.zeros((36, 64), np.uint8)
Receives = Callable[[Media], Iterator[int | None]]
"""What becomes of one session's media: seconds of the recording at which there are pictures."""


@pytest.fixture
def board() -> Iterator[Switchboard]:
    made = Switchboard(free_range(40).start, accepting(), ports=40)
    yield made
    made.sessions.close()


class Stream:
    """Plays the receiver: one script a session."""

    def __init__(self, channel: MediaChannel[Media], *sessions: Receives) -> None:
        self._channel = channel
        self._sessions = iter(sessions)
        self.sender_offset_ms: float | None = 4.0
        self.per_second = 0.0
        self.asked: list[tuple[int, int] | None] = []

    def attend(self, per_second: float) -> None:
        self.per_second = per_second

    def frames(self, stop: threading.Event) -> Iterator[Glance | Skipped | None]:
        with self._channel.open() as media:
            span = None
            if media.started_at_ms is not None and media.ended_at_ms is not None:
                span = (media.started_at_ms - EPOCH_MS) // 1000, (media.ended_at_ms - EPOCH_MS) // 1000
            self.asked.append(span)
            for second in next(self._sessions)(media):
                at_ms = EPOCH_MS + (second or 0) * 1000
                yield (
                    None
                    if second is None
                    else Glance("gate", at_ms, ClockQuality.SYNCED, f"k{second}", GREY, lambda: GREY)
                )


def shows(*seconds: int | None, then: SourceError | None = None) -> Receives:
    def receives(_: Media) -> Iterator[int | None]:
        yield from seconds
        if then is not None:
            raise then

    return receives


def until_ended(*seconds: int, first: Callable[[], object] = lambda: None) -> Receives:
    """As a receiver does that is told by nothing but the session."""

    def receives(media: Media) -> Iterator[int | None]:
        yield from seconds
        first()
        while (trouble := media.ended()) is None:
            yield None
        raise trouble

    return receives


def seconds_of(items: Iterator[Glance | Skipped | None]) -> list[int]:
    return [(item.captured_at_ms - EPOCH_MS) // 1000 for item in items if isinstance(item, Glance)]


def drained(camera: ChannelSource, after_a_picture: Callable[[], None]) -> list[int]:
    """Seconds of one session that ends by the stream's end."""
    got = []
    frames = camera.frames(threading.Event())
    with contextlib.suppress(Ended):
        for item in frames:
            if isinstance(item, Glance):
                got += seconds_of(iter([item]))
                after_a_picture()
    return got


class TestLive:
    def test_the_first_picture_of_each_session_tells_the_platform_that_it_plays(self, board: Switchboard) -> None:
        channel = LiveChannel("gate", source(), board.sessions)
        ended = Ended("gate", OTHER(detail="closed"))
        camera = ChannelSource("gate", channel, Stream(channel, shows(None, 1, 2, then=ended), shows(3, then=ended)))
        assert drained(camera, lambda: board.pass_s(76)) == [1, 2]
        assert drained(camera, lambda: board.pass_s(76)) == [3]
        assert not channel.is_over
        assert board.dialogs.strange == {}

    def test_it_looks_as_often_as_it_is_told(self, board: Switchboard) -> None:
        channel = LiveChannel("gate", source(), board.sessions)
        stream = Stream(channel)
        camera = ChannelSource("gate", channel, stream)
        camera.attend(2.0)
        assert stream.per_second == 2.0
        assert camera.sender_offset_ms == 4.0

    def test_stopped_before_it_began_it_invites_nobody(self, board: Switchboard) -> None:
        channel = LiveChannel("gate", source(), board.sessions)
        stop = threading.Event()
        stop.set()
        assert list(ChannelSource("gate", channel, Stream(channel)).frames(stop)) == []
        assert board.sent == []


class TestPlayback:
    def camera(self, board: Switchboard, *sessions: Receives, **options: object) -> tuple[ChannelSource, Stream]:
        channel = Playback("gate", source(span=HOUR, **options), HOUR, board.sessions)
        stream = Stream(channel, *sessions)
        return ChannelSource("gate", channel, stream), stream

    def test_each_recording_has_a_session_of_its_own_and_then_it_is_over(self, board: Switchboard) -> None:
        board.recorded = [records((-600, 600), (1200, 1800))]

        def over() -> None:
            board.later(lambda line: line.dialogs.file_end(DEVICE, CHANNEL, "", line.now))

        camera, stream = self.camera(
            board, until_ended(0, 300, 550, first=over), until_ended(1200, first=over), speed=4
        )
        assert seconds_of(camera.frames(threading.Event())) == [0, 300, 550, 1200]
        assert stream.asked == [(0, 600), (1200, 1800)]
        assert list(camera.frames(threading.Event())) == []
        assert board.methods() == ["INVITE", "ACK", "BYE"] * 2
        assert b"s=Download" in board.sent[0].body

    def test_it_tells_what_is_missing_and_how_far_it_has_come(self, board: Switchboard) -> None:
        board.recorded = [records((-600, 600), (1200, 1800))]
        channel = Playback("gate", source(span=HOUR), HOUR, board.sessions)
        before = channel.progress()
        assert (before.share, before.missing, before.is_over) == (0, (), False)

        def over() -> None:
            board.later(lambda line: line.dialogs.file_end(DEVICE, CHANNEL, "", line.now))

        stream = Stream(channel, until_ended(0, 550, first=over), until_ended(1200, 1795, first=over))
        camera = ChannelSource("gate", channel, stream)
        frames = camera.frames(threading.Event())
        next(frames)
        next(frames)
        assert channel.progress().reached_ms == HOUR.started_at_ms + 550_000
        list(frames)
        after = channel.progress()
        start_ms = HOUR.started_at_ms
        assert [(each.started_at_ms - start_ms, each.ended_at_ms - start_ms) for each in after.missing] == [
            (550_000, 1_200_000),
            (1_800_000, 3_600_000),
        ]
        assert (after.share, after.left_out, after.is_over) == (1, (), True)

    def test_by_info(self, board: Switchboard) -> None:
        board.recorded = [records((0, 3600))]
        script = until_ended(5, first=lambda: board.later(lambda line: line.hear_file("info-media-status.sip")))
        camera, stream = self.camera(board, script)
        assert seconds_of(camera.frames(threading.Event())) == [5]
        assert stream.asked == [(0, 3600)]

    def test_by_time(self, board: Switchboard) -> None:
        board.recorded = [records((0, 3600))]
        camera, stream = self.camera(board, shows(5, 3595))
        assert seconds_of(camera.frames(threading.Event())) == [5, 3595]
        assert stream.asked == [(0, 3600)]

    def test_by_silence_it_is_asked_again_from_there_until_nothing_more_comes(self, board: Switchboard) -> None:
        board.recorded = [records((0, 3600))]
        camera, stream = self.camera(board, shows(5, 700), shows(700), shows(700), shows(700))
        items = list(camera.frames(threading.Event()))
        assert stream.asked == [(0, 3600), (700, 3600), (700, 3600), (700, 3600)]
        (complaint,) = [item for item in items if isinstance(item, Skipped)]
        assert complaint.message == (
            "a piece of the recording could not be had in three attempts: 2900000 ms from"
            f" {EPOCH_MS + 700_000} (Unix milliseconds)"
        )

    @pytest.mark.parametrize(
        "error", [Stalled("gate", OTHER(detail="silent")), Ended("gate", OTHER(detail="the connection was closed"))]
    )
    def test_what_stops_without_a_word_is_asked_for_again_from_there(
        self, board: Switchboard, error: SourceError
    ) -> None:
        board.recorded = [records((0, 3600))]
        camera, stream = self.camera(board, shows(5, 700, then=error), shows(3599))
        assert seconds_of(camera.frames(threading.Event())) == [5, 700, 3599]
        assert stream.asked == [(0, 3600), (700, 3600)]

    def test_any_other_error_is_told_and_the_next_attempt_goes_on_from_there(self, board: Switchboard) -> None:
        board.recorded = [records((0, 3600))]
        camera, stream = self.camera(
            board, shows(5, 700, then=NoPicture("gate", OTHER(detail="no media"))), shows(3599)
        )
        with pytest.raises(NoPicture):
            list(camera.frames(threading.Event()))
        assert seconds_of(camera.frames(threading.Event())) == [3599]
        assert stream.asked == [(0, 3600), (700, 3600)]
        assert len(board.asked) == 1

    def test_the_device_hangs_up_short_of_the_end(self, board: Switchboard) -> None:
        board.recorded = [records((0, 3600))]
        hang_up = until_ended(700, first=lambda: board.later(lambda line: line.hear_file("bye-from-device.sip")))
        camera, stream = self.camera(board, hang_up, shows(3599))
        assert seconds_of(camera.frames(threading.Event())) == [700, 3599]
        assert stream.asked == [(0, 3600), (700, 3600)]

    def test_a_platform_that_stops_is_no_end_of_a_recording(self, board: Switchboard) -> None:
        board.recorded = [records((0, 3600))]
        camera, stream = self.camera(board, until_ended(700, first=board.sessions.close))
        with pytest.raises(Ended):
            list(camera.frames(threading.Event()))
        assert stream.asked == [(0, 3600)]

    def test_a_device_that_is_away_and_being_stopped_are_no_attempts(self, board: Switchboard) -> None:
        board.recorded = [records((0, 3600))]
        camera, stream = self.camera(board, *[shows(None)] * 5, shows(3599))
        for _ in range(5):
            frames = camera.frames(threading.Event())
            next(frames)
            assert isinstance(frames, Iterator)
            getattr(frames, "close")()  # noqa: B009 - a generator, as every source's is
        board.is_there = False
        for _ in range(3):
            with pytest.raises(Silent):
                list(camera.frames(threading.Event()))
        board.is_there = True
        assert seconds_of(camera.frames(threading.Event())) == [3599]
        assert stream.asked == [(0, 3600)] * 6

    def test_a_device_that_is_busy_with_a_session_of_before_is_asked_until_it_is_free(self, board: Switchboard) -> None:
        board.recorded = [records((0, 3600))]
        board.script = accepting(INVITE=486)
        camera, stream = self.camera(board, shows(5, 3599))
        for _ in range(5):
            with pytest.raises(NoPicture, match="busy"):
                list(camera.frames(threading.Event()))
        board.script = accepting()
        assert seconds_of(camera.frames(threading.Event())) == [5, 3599]
        assert stream.asked == [(0, 3600)]

    def test_a_piece_that_is_refused_three_times_is_left_out(self, board: Switchboard) -> None:
        board.recorded = [records((0, 600), (1200, 1800))]
        board.script = accepting(INVITE=404)
        camera, stream = self.camera(board, shows(1799))
        for _ in range(3):
            with pytest.raises(NotFound):
                list(camera.frames(threading.Event()))
        board.script = accepting()
        assert seconds_of(camera.frames(threading.Event())) == [1799]
        assert stream.asked == [(1200, 1800)]

    def test_nothing_recorded_is_said_and_asked_again(self, board: Switchboard) -> None:
        board.recorded = [records(), records((0, 3600))]
        camera, _ = self.camera(board, shows(3599))
        with pytest.raises(NotFound, match=r"has no recording of channel .* in this span: check the span"):
            list(camera.frames(threading.Event()))
        assert seconds_of(camera.frames(threading.Event())) == [3599]

    def test_a_device_that_does_not_say_is_asked_for_all_of_it(self, board: Switchboard) -> None:
        board.recorded = [records(outcome=AnswerOutcome.SILENT)]
        camera, stream = self.camera(board, shows(3599), span_shift_s=28_800)
        assert seconds_of(camera.frames(threading.Event())) == [3599]
        assert stream.asked == [(0, 3600)]
        shifted_s = EPOCH_MS // 1000 + 28_800
        assert f"t={shifted_s} {shifted_s + 3600}" in board.sent[0].body.decode().splitlines()
