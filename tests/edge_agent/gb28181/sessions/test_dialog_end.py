"""The end of a session: BYE from either side, the end of a file, a device that is gone; and more sessions than one."""

from dataclasses import replace

import pytest

from edge_agent.gb28181.sessions.dialogs import ChannelBusyError, TooManySessionsError
from edge_agent.gb28181.sessions.invite import Cause, ChannelFree, PortFree, SessionEnded
from provisioning.sip import message
from provisioning.sip.headers import Headers
from provisioning.sip.peer import Peer
from tests.edge_agent.gb28181.corpus_file import CORPUS
from tests.edge_agent.gb28181.line import (
    CHANNEL,
    DEVICE,
    LIVE,
    PEER,
    PLAYBACK,
    answer,
    line_headers,
    playing,
)


class TestEnd:
    @pytest.mark.parametrize("status", [200, 481])
    def test_we_hang_up(self, status: int) -> None:
        line = playing()
        line.dialogs.hang_up(1, line.now)
        line.dialogs.hang_up(1, line.now)
        assert line.events() == [SessionEnded(1, Cause.HUNG_UP)]
        (goodbye,) = line.sent()
        line.hear(answer(goodbye, status))
        assert line.events() == [ChannelFree(1)]
        assert line.pass_s(31.9) == []
        assert line.events() == []
        assert line.pass_s(0.2) == []
        assert line.events() == [PortFree(1)]
        line.dialogs.hang_up(1, line.now)
        line.dialogs.picture(1, line.now)
        line.dialogs.late_media(1, line.now)
        assert line.events() == []

    def test_a_bye_that_nobody_answers_is_repeated_for_5_s(self) -> None:
        line = playing()
        line.dialogs.hang_up(1, line.now)
        assert line.pass_s(5) == ["BYE"] * 4
        assert line.events() == [SessionEnded(1, Cause.HUNG_UP), ChannelFree(1)]

    def test_the_device_hangs_up(self) -> None:
        line = playing()
        answered = line.hear_file("bye-from-device.sip")
        assert answered is not None
        assert (answered.status, answered.headers.get("CSeq")) == (200, "2 BYE")
        assert line.events() == [SessionEnded(1, Cause.DEVICE_BYE), ChannelFree(1)]
        again = line.hear_file("bye-from-device.sip")
        assert again is not None
        assert again.status == 200
        assert not line.sent()
        assert not line.events()

    def test_both_hang_up(self) -> None:
        line = playing()
        line.dialogs.hang_up(1, line.now)
        line.hear_file("bye-from-device.sip")
        assert line.events() == [SessionEnded(1, Cause.HUNG_UP), ChannelFree(1)]

    def test_from_another_host_nobody_hangs_up(self) -> None:
        line = playing()
        assert line.hear((CORPUS / "bye-from-device.sip").read_bytes(), Peer("udp", "203.0.113.9", 5060)) is None
        assert line.events() == []

    def test_rtp_after_the_bye_gets_one_more(self) -> None:
        line = playing()
        line.dialogs.hang_up(1, line.now)
        (goodbye,) = line.sent()
        line.dialogs.late_media(1, line.now)  # it has not heard it yet
        assert line.sent() == []
        line.hear(answer(goodbye, 200))
        for _ in range(72):
            line.dialogs.late_media(1, line.now)
        (again,) = line.sent()
        assert (again.method, again.headers.get("CSeq")) == ("BYE", "3 BYE")
        line.hear(answer(again, 481))
        assert line.dialogs.strange == {}

    def test_the_device_goes(self) -> None:
        line = playing()
        line.peer = None
        line.dialogs.device_gone(DEVICE, line.now)
        line.dialogs.device_gone("34020000001180000002", line.now)
        assert line.events() == [SessionEnded(1, Cause.OFFLINE), ChannelFree(1)]
        assert line.sent() == []

    def test_the_device_registers_from_elsewhere_and_hears_a_bye_there(self) -> None:
        line = playing()
        line.peer = Peer("udp", "192.0.2.77", 5061)
        line.dialogs.device_gone(DEVICE, line.now)
        (goodbye,) = line.sent()
        assert goodbye.uri == f"sip:{CHANNEL}@192.0.2.77:5061"
        line.dialogs.device_gone(DEVICE, line.now)
        assert line.sent() == []

    def test_what_means_nothing_is_counted_and_changes_nothing(self) -> None:
        line = playing()
        line.hear_file("invite-486.sip")
        request = message.Request("BYE", "", line_headers("9 BYE"))
        line.hear(answer(request, 200))
        line.hear(answer(message.Request("INVITE", "", line_headers("9 INVITE")), 200))
        line.hear(answer(message.Request("CANCEL", "", line_headers("1 CANCEL")), 200))
        assert line.dialogs.strange == {"refused in state playing": 1, "bye_answered in state playing": 1}
        assert len(line.dialogs) == 1
        assert not line.sent()
        assert not line.events()


class TestOneAtATime:
    def test_a_second_invite_at_once_is_not_sent(self) -> None:
        line = playing()
        with pytest.raises(ChannelBusyError, match=rf"^device {DEVICE}, channel {CHANNEL}: a session of it is open"):
            line.invite()
        assert line.sent() == []
        line.invite(replace(LIVE, stream=1))
        line.invite(PLAYBACK)
        with pytest.raises(ChannelBusyError):
            line.invite(replace(PLAYBACK, stream=1))

    def test_the_next_waits_for_the_answer_to_the_bye(self) -> None:
        line = playing()
        line.dialogs.hang_up(1, line.now)
        with pytest.raises(ChannelBusyError):
            line.invite()
        (goodbye,) = line.sent()
        line.hear(answer(goodbye, 200))
        assert line.invite() == 2
        (invite,) = line.sent()
        assert invite.headers.get("Call-ID") != goodbye.headers.get("Call-ID")
        assert "y=0200000002" in invite.body.decode().splitlines()


class TestAll:
    def test_each_is_hung_up_on_by_its_own_request(self) -> None:
        line = playing()
        line.invite(PLAYBACK)
        line.sent()
        for session in (1, 2):
            line.dialogs.hang_up(session, line.now)
        requests = line.sent()
        assert sorted(request.method for request in requests) == ["BYE", "CANCEL"]
        assert len(line.dialogs) == 2
        for request in requests:
            line.hear(answer(request, 200))
        line.pass_s(6)
        assert len(line.dialogs) == 0

    def test_there_is_a_bound(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("edge_agent.gb28181.sessions.dialogs.MAX_SESSIONS", 2)
        line = playing()
        line.invite(PLAYBACK)
        with pytest.raises(TooManySessionsError):
            line.invite(replace(LIVE, stream=1))


class TestStrangers:
    def test_answers_and_requests_of_other_calls_are_not_dealt_with(self) -> None:
        line = playing()
        other = message.Request("BYE", "", Headers((*line_headers().without("Call-ID"), ("Call-ID", "another"))))
        assert line.dialogs.receive_request(other, PEER, line.now) is None
        response = message.answer(other, 200, PEER)
        assert not line.dialogs.receive_response(response, line.now)
        options = message.Request("OPTIONS", "", line_headers("3 OPTIONS"))
        assert line.dialogs.receive_request(options, PEER, line.now) is None
