"""Recordings: a span is asked for, and it ends in one of four ways: 121, INFO, silence, time."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gb28181.manscdp import body as manscdp
from edge_agent.gb28181.manscdp.message_types import MediaStatus
from edge_agent.gb28181.sessions.dialogs import tells_file_end
from edge_agent.gb28181.sessions.invite import Cause, ChannelFree, SessionEnded, Span
from edge_agent.gb28181.sessions.playback_plan import PlaybackPlan
from tests.edge_agent.gb28181.corpus_file import CORPUS
from tests.edge_agent.gb28181.line import CHANNEL, DEVICE, EPOCH_MS, PLAYBACK, Line

OTHER = "34020000001320000002"


def playing() -> Line:
    line = Line()
    line.invite(PLAYBACK)
    line.hear_file("invite-200.sip")
    line.dialogs.picture(1, line.now)
    line.sent()
    line.events()
    return line


class TestFileEnd:
    @pytest.mark.parametrize("file", ["info-media-status.sip", "info-media-status-text.sip", "info-teardown.sip"])
    def test_by_info(self, file: str) -> None:
        line = playing()
        answered = line.hear_file(file)
        assert answered is not None
        assert answered.status == 200
        assert line.events() == [SessionEnded(1, Cause.OVER)]
        assert line.sent_methods() == []
        line.hear_file(file)
        line.dialogs.hang_up(1, line.now)  # by whoever has received it all
        assert line.sent_methods() == ["BYE"]
        assert line.events() == []

    def test_nobody_hangs_up_for_60_s(self) -> None:
        line = playing()
        line.hear_file("info-media-status.sip")
        line.dialogs.picture(1, line.now)
        assert line.pass_s(59.9) == []
        assert line.pass_s(0.2) == ["BYE"]

    def test_the_device_hangs_up_by_itself(self) -> None:
        line = playing()
        line.hear_file("info-media-status.sip")
        line.hear_file("bye-from-device.sip")
        assert line.events() == [SessionEnded(1, Cause.OVER), ChannelFree(1)]

    def test_another_info_is_answered_and_ends_nothing(self) -> None:
        line = playing()
        answered = line.hear_file("info-rtp-info.sip")
        assert answered is not None
        assert answered.status == 200
        assert not line.sent()
        assert not line.events()

    @pytest.mark.parametrize(
        ("said_id", "call_id"), [(CHANNEL, ""), (DEVICE, ""), ("", f"{1:032x}"), (CHANNEL, "of a MESSAGE of its own")]
    )
    def test_by_message_whoever_the_device_says_it_is_of(self, said_id: str, call_id: str) -> None:
        word = manscdp.parse((CORPUS / "media-status.xml").read_bytes())
        assert isinstance(word.content, MediaStatus)
        assert word.content.is_end
        line = playing()
        assert line.dialogs.file_end(DEVICE, said_id, call_id, line.now)
        assert line.events() == [SessionEnded(1, Cause.OVER)]
        line.dialogs.hang_up(1, line.now)
        assert line.sent_methods() == ["BYE"]

    def test_said_by_the_device_of_two_channels_it_is_nobodys(self) -> None:
        line = playing()
        line.invite(replace(PLAYBACK, channel_id=OTHER))
        assert not line.dialogs.file_end(DEVICE, DEVICE, "", line.now)
        assert line.dialogs.file_end(DEVICE, OTHER, "", line.now)
        assert line.dialogs.file_end(DEVICE, DEVICE, "", line.now)
        assert [event for event in line.events() if isinstance(event, SessionEnded)] == [
            SessionEnded(2, Cause.OVER),
            SessionEnded(1, Cause.OVER),
        ]
        assert not line.dialogs.file_end(DEVICE, DEVICE, "", line.now)

    def test_of_another_device_it_is_nobodys(self) -> None:
        line = playing()
        assert not line.dialogs.file_end(OTHER, CHANNEL, f"{1:032x}", line.now)
        assert not line.events()

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"PLAY RTSP/1.0\r\n",
            b"MediaStatus 1210",
            b"<Notify><CmdType>MediaStatus</CmdType><SN>1</SN><NotifyType>120</NotifyType></Notify>",
            b"<Notify><CmdType>Keepalive</CmdType><SN>121</SN></Notify>",
        ],
    )
    def test_anything_else_is_no_end(self, body: bytes) -> None:
        assert not tells_file_end(body)


MINUTE_MS = 60_000
SPAN = Span(EPOCH_MS + 500, EPOCH_MS + 60 * MINUTE_MS)


def recorded(first_min: float, last_min: float) -> Span:
    return Span(EPOCH_MS + int(first_min * MINUTE_MS), EPOCH_MS + int(last_min * MINUTE_MS))


def pieces(plan: PlaybackPlan) -> list[tuple[float, float]]:
    """In minutes, each fetched at the first attempt."""
    got = []
    while (piece := plan.piece) is not None:
        got.append(((piece.started_at_ms - EPOCH_MS) / MINUTE_MS, (piece.ended_at_ms - EPOCH_MS) / MINUTE_MS))
        plan.end(is_said=True)
    assert plan.is_over
    return got


class TestPlan:
    def test_each_recording_is_asked_for_by_itself_within_the_span_and_no_minute_twice(self) -> None:
        plan = PlaybackPlan(SPAN)
        assert not plan.is_listed
        assert not plan.is_over
        assert plan.piece is None
        plan.list_recordings(
            [
                recorded(50, 70),
                recorded(-10, 10),
                recorded(9, 20),
                recorded(15, 16),
                recorded(30, 30.01),
                recorded(90, 99),
            ]
        )
        assert pieces(plan) == [(0, 10), (10, 20), (50, 60)]

    def test_nothing_recorded_is_over_at_once(self) -> None:
        plan = PlaybackPlan(SPAN)
        plan.list_recordings([])
        assert plan.is_over
        plan.reach(EPOCH_MS + 1)
        plan.end(is_said=True)
        assert plan.is_over

    def test_a_device_that_does_not_say_what_it_has_is_asked_for_all_of_it(self) -> None:
        plan = PlaybackPlan(SPAN)
        plan.list_unknown()
        assert pieces(plan) == [(0, 60)]

    def test_what_broke_off_goes_on_at_the_newest_picture_in_whole_seconds(self) -> None:
        plan = PlaybackPlan(SPAN)
        plan.list_unknown()
        plan.reach(EPOCH_MS + 90_700)
        plan.reach(EPOCH_MS + 90_200)
        plan.reach(EPOCH_MS + 7_200_000)  # its timestamps jumped
        plan.end(is_said=False)
        assert plan.piece == Span(EPOCH_MS + 90_000, SPAN.ended_at_ms)

    def test_near_its_end_it_is_whole_though_nobody_said_so(self) -> None:
        plan = PlaybackPlan(SPAN)
        plan.list_recordings([recorded(0, 5), recorded(10, 15)])
        plan.reach(EPOCH_MS + 5 * MINUTE_MS - 9_000)
        plan.end(is_said=False)
        assert plan.piece == Span(EPOCH_MS + 10 * MINUTE_MS, EPOCH_MS + 15 * MINUTE_MS)

    @pytest.mark.parametrize("is_said", [False, True])
    def test_what_came_and_was_lost_is_asked_for_again(self, *, is_said: bool) -> None:
        plan = PlaybackPlan(SPAN)
        plan.list_unknown()
        plan.reach(SPAN.ended_at_ms - 9_000)
        plan.end(is_said=is_said, is_lost=True)
        assert plan.piece == Span(SPAN.ended_at_ms - 9_000, SPAN.ended_at_ms)
        assert plan.missing == []

    def test_three_attempts_without_progress_leave_a_piece_out(self) -> None:
        plan = PlaybackPlan(SPAN)
        plan.list_recordings([recorded(0, 5), recorded(10, 15)])
        plan.end(is_said=False)
        plan.end(is_said=False)
        plan.reach(EPOCH_MS + MINUTE_MS)
        for _ in range(3):
            plan.end(is_said=False)
            assert not plan.left_out
        plan.end(is_said=False)
        assert plan.left_out == [Span(EPOCH_MS + MINUTE_MS, EPOCH_MS + 5 * MINUTE_MS)]
        assert plan.piece == Span(EPOCH_MS + 10 * MINUTE_MS, EPOCH_MS + 15 * MINUTE_MS)

    @given(
        spans=st.lists(st.tuples(st.integers(-100, 4000), st.integers(1, 4000)), max_size=8),
        news=st.lists(st.one_of(st.booleans(), st.integers(-100, 4000)), max_size=60),
    )
    def test_it_always_comes_to_an_end(self, spans: list[tuple[int, int]], news: list[bool | int]) -> None:
        plan = PlaybackPlan(SPAN)
        plan.list_recordings([Span(EPOCH_MS + first * 1000, EPOCH_MS + (first + long) * 1000) for first, long in spans])
        for told in news:
            if isinstance(told, bool):
                plan.end(is_said=told)
            else:
                plan.reach(EPOCH_MS + told * 1000)
            if (piece := plan.piece) is not None:
                assert SPAN.started_at_ms - 1000 < piece.started_at_ms <= piece.ended_at_ms <= SPAN.ended_at_ms
        for _ in range(3 * len(spans) + 3):
            plan.end(is_said=False)
        assert plan.is_over
