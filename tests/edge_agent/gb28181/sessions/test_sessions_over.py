"""Sessions that are over, platforms that stop, and lists of recordings."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from edge_agent.errors import Ended, NoPicture, Silent, Unreachable
from edge_agent.gb28181.devices.queries import TooManyQueriesError
from edge_agent.gb28181.endpoint import NotThereError
from edge_agent.gb28181.manscdp.multipart import AnswerOutcome
from edge_agent.gb28181.platform import NotServing
from edge_agent.gb28181.sessions.invite import Cause, Span
from provisioning.contracts.causes.gb28181 import PLATFORM_ENDED
from tests.edge_agent.gb28181.corpus_file import CORPUS
from tests.edge_agent.gb28181.line import CHANNEL, DEVICE, EPOCH_MS, answer
from tests.edge_agent.gb28181.switchboard import QUICK, Switchboard, accepting, records, source
from tests.support.ports import free_range
from tests.support.waiting import LONG_S, until

SDP = (CORPUS / "invite-200.sip").read_bytes().partition(b"\r\n\r\n")[2]
RTP = bytes([0x80, 96]) + bytes(10)
SPAN = Span(EPOCH_MS + 250, EPOCH_MS + 3_600_000)


@pytest.fixture
def first_port() -> int:
    return free_range(40).start


@pytest.fixture
def board(first_port: int) -> Iterator[Switchboard]:
    made = Switchboard(first_port, accepting(SDP))
    yield made
    made.sessions.close()


class TestOver:
    def test_the_device_hangs_up(self, board: Switchboard) -> None:
        with board.sessions.open("gate", source()) as session:
            session.picture()
            board.later(lambda line: line.hear_file("bye-from-device.sip"))
            trouble = session.media.ended()
            assert isinstance(trouble, Ended)
            assert "hung up" in str(trouble)
            assert session.cause() is Cause.DEVICE_BYE

    def test_the_device_goes(self, board: Switchboard) -> None:
        with board.sessions.open("gate", source()) as session:
            board.later(lambda line: line.dialogs.device_gone(DEVICE, line.now))
            assert isinstance(session.media.ended(), Silent)

    def test_no_usable_picture_for_75_s_is_told_unless_there_was_one(self, board: Switchboard) -> None:
        with board.sessions.open("gate", source()) as session:
            board.pass_s(76)
            trouble = session.media.ended()
            assert isinstance(trouble, NoPicture)
            assert "set its keyframe interval" in str(trouble)
        with board.sessions.open("gate", source(stream=1)) as session:
            session.picture()
            board.pass_s(76)
            assert session.media.ended() is None

    def test_a_recording_at_its_end_has_a_moment_for_what_is_on_the_way(self, board: Switchboard) -> None:
        board.skip_s(0)
        with board.sessions.open("gate", source(), SPAN) as session:
            session.picture()
            board.later(lambda line: line.dialogs.file_end(DEVICE, CHANNEL, "", line.now))
            assert session.cause() is Cause.OVER
            for _ in range(8):
                board.skip_s(QUICK.drain_s - 0.01)
                assert session.media.ended() is None
                session.picture()
            board.skip_s(QUICK.drain_s + 0.01)
            assert isinstance(session.media.ended(), Ended)

    def test_one_that_is_over_before_its_receiver_has_begun_is_waited_for_longer(self, board: Switchboard) -> None:
        board.skip_s(0)
        with board.sessions.open("gate", source(), SPAN) as session:
            board.later(lambda line: line.dialogs.file_end(DEVICE, CHANNEL, "", line.now))
            board.skip_s(QUICK.begin_s - 0.01)
            assert session.media.ended() is None
            board.skip_s(0.02)
            assert isinstance(session.media.ended(), Ended)

    def test_the_next_invite_waits_for_the_answer_to_the_bye_and_a_moment_more(self, board: Switchboard) -> None:
        board.script = accepting(SDP, BYE=0)
        with board.sessions.open("gate", source()):
            pass
        (goodbye,) = [request for request in board.sent if request.method == "BYE"]
        answers = threading.Timer(0.1, board.later, [lambda line: line.hear(answer(goodbye, 200))])
        began_s = time.monotonic()
        answers.start()
        with board.sessions.open("gate", source()):
            assert time.monotonic() - began_s >= 0.15
        answers.join()
        assert board.methods() == ["INVITE", "ACK", "BYE", "INVITE", "ACK", "BYE"]

    def test_rtp_after_the_bye_gets_one_more_and_the_port_is_held_until_then(self, board: Switchboard) -> None:
        board.skip_s(0)
        with board.sessions.open("gate", source()) as session:
            assert session.media.sock is not None
            session.media.sock.settimeout(5.0)  # as its receiver left it
            address = session.media.sock.getsockname()
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as device:
            device.sendto(RTP, address)
            board.sessions.tick()  # it was on the way
            assert board.methods().count("BYE") == 1
            board.skip_s(QUICK.gap_s + 0.01)
            for _ in range(72):
                device.sendto(RTP, address)
            board.sessions.tick()
            board.sessions.tick()
            device.sendto(RTP, address)
            board.sessions.tick()
        assert board.methods().count("BYE") > 1
        board.pass_s(33)
        assert not len(board.sessions._held)
        assert not board.sessions._calls
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as other:
            other.bind(address)

    def test_the_port_is_free_once_the_session_is_buried_though_the_camera_is_still_in_it(
        self, board: Switchboard
    ) -> None:
        with board.sessions.open("gate", source()):
            board.later(lambda line: line.hear_file("bye-from-device.sip"))
            board.pass_s(33)
        assert not board.sessions._calls
        assert not len(board.sessions._held)


class TestStopped:
    def test_whoever_waits_for_a_device_is_told_at_once(self, board: Switchboard) -> None:
        board.is_there = False
        board.sessions._patience = type(board.sessions._patience)(online_s=60)
        stops = threading.Timer(0.05, board.sessions.close)
        stops.start()
        with pytest.raises(Ended, match="does not run any more"), board.sessions.open("gate", source()):
            raise AssertionError
        stops.join()

    def test_who_receives_is_told_and_no_port_stays_open(self, board: Switchboard) -> None:
        with board.sessions.open("yard", source(stream=1)):
            pass
        with board.sessions.open("gate", source()) as session:
            board.is_stopped = True
            board.sessions.close()
            assert isinstance(session.media.ended(), Ended)
            session.picture()
        assert not len(board.sessions._held)
        with pytest.raises(Ended), board.sessions.open("gate", source()):
            raise AssertionError

    def test_a_platform_that_does_not_serve_is_waited_for_and_then_told(
        self, board: Switchboard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("edge_agent.sources.gb28181.sessions._LOOK_S", 0.01)
        board.is_stopped = True
        opening = board.sessions.open("gate", source())
        with pytest.raises(Unreachable, match="no device can be reached: the GB/T 28181 server has stopped"), opening:
            raise AssertionError
        serves = threading.Timer(0.1, setattr, [board, "is_stopped", False])
        serves.start()
        board.sessions._patience = replace(QUICK, online_s=LONG_S)
        with board.sessions.open("gate", source()):
            pass
        serves.join()

    def test_who_waits_for_an_answer_is_told(self, board: Switchboard) -> None:
        board.script = accepting(INVITE=0)
        stops = threading.Timer(0.05, board.sessions.close)
        stops.start()
        with pytest.raises(Ended), board.sessions.open("gate", source()):
            raise AssertionError
        stops.join()

    def test_it_runs_until_it_is_stopped(self, board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("edge_agent.sources.gb28181.sessions._LOOK_S", 0.01)
        stop = threading.Event()
        runs = threading.Thread(target=board.sessions.run, args=[stop], daemon=True)
        runs.start()
        with board.sessions.open("gate", source()) as session:
            assert session.media.sock is not None
            address = session.media.sock.getsockname()
        time.sleep(0.08)
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as device:
            device.sendto(RTP, address)
        until(lambda: board.methods().count("BYE") > 1, seen=board.methods)
        stop.set()
        runs.join()
        assert not len(board.sessions._held)

    def test_started_again_after_a_fall_it_serves_again(self, board: Switchboard) -> None:
        board.sessions.close()
        stop = threading.Event()
        runs = threading.Thread(target=board.sessions.run, args=[stop], daemon=True)
        runs.start()
        until(lambda: not board.sessions._closed.is_set())
        with board.sessions.open("gate", source()):
            pass
        board.recorded = [records((0, 600))]
        assert board.sessions.recordings("gate", source(), SPAN)
        stop.set()
        runs.join()


class TestRecordings:
    def test_a_recorder_that_stalls_is_asked_again_from_where_it_stopped(self, board: Switchboard) -> None:
        board.recorded = [
            records((0, 600), (600, 1200), outcome=AnswerOutcome.STALLED),
            records((600, 1200), (1200, 1800), outcome=AnswerOutcome.STALLED),
            records((1800, 3600)),
        ]
        found = board.sessions.recordings("gate", source(), SPAN)
        assert found is not None
        assert [(each.started_at_ms - EPOCH_MS) // 1000 for each in found] == [0, 600, 1200, 1800]
        assert [(first - EPOCH_MS) // 1000 for first, _ in board.asked] == [0, 1200, 1800]

    def test_one_that_stalls_at_the_same_place_is_not_asked_for_ever(self, board: Switchboard) -> None:
        board.recorded = [records((0, 600), outcome=AnswerOutcome.STALLED)] * 5
        found = board.sessions.recordings("gate", source(), SPAN)
        assert found is not None
        assert len(found) == 1
        assert len(board.asked) == 2

    @pytest.mark.parametrize("outcome", [AnswerOutcome.SILENT, AnswerOutcome.REFUSED])
    def test_one_that_does_not_say(self, board: Switchboard, outcome: AnswerOutcome) -> None:
        board.recorded = [records(outcome=outcome)]
        assert board.sessions.recordings("gate", source(), SPAN) is None
        board.recorded = [records((0, 600), outcome=AnswerOutcome.STALLED), records(outcome=outcome)]
        assert len(board.sessions.recordings("gate", source(), SPAN) or ()) == 1

    def test_one_that_is_asked_too_much_is_as_one_that_does_not_say(self, board: Switchboard) -> None:
        board.refuses = TooManyQueriesError("16 queries for its recordings wait already")
        assert board.sessions.recordings("gate", source(), SPAN) is None

    def test_one_that_goes_away_meanwhile(self, board: Switchboard) -> None:
        board.refuses = NotThereError("it is not registered")
        with pytest.raises(Silent, match="went away before it could say what it has"):
            board.sessions.recordings("gate", source(), SPAN)

    def test_a_platform_that_stops_meanwhile(self, board: Switchboard) -> None:
        stops = threading.Timer(0.05, board.sessions.close)
        stops.start()
        with pytest.raises(Ended):
            board.sessions.recordings("gate", source(), SPAN)
        stops.join()

    def test_a_platform_that_falls_meanwhile(self, board: Switchboard) -> None:
        board.refuses = NotServing(PLATFORM_ENDED())
        with pytest.raises(Unreachable):
            board.sessions.recordings("gate", source(), SPAN)
