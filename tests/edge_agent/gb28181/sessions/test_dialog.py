"""A session: INVITE ─▶ 200 ─▶ ACK ─▶ media ─▶ BYE, and every other way that a device has found."""

import hashlib
from dataclasses import replace

import pytest

from edge_agent.gb28181.sessions.invite import Accepted, Cause, ChannelFree, PortFree, SessionEnded
from provisioning.net.digest import Account
from tests.edge_agent.gb28181.line import (
    CHANNEL,
    LIVE,
    PLATFORM,
    PLAYBACK,
    TCP_PEER,
    Line,
    answer,
    playing,
)

OVER = (ChannelFree(1), PortFree(1))


class TestInvite:
    def test_it_asks_for_the_channel_at_the_address_that_the_device_speaks_from(self) -> None:
        line = Line()
        assert line.invite() == 1
        (invite,) = line.sent()
        assert (invite.method, invite.uri) == ("INVITE", f"sip:{CHANNEL}@192.0.2.10:5060")
        assert invite.headers.get("Subject") == f"{CHANNEL}:0200000001,{PLATFORM}:0"
        assert invite.headers.get("Content-Type") == "APPLICATION/SDP"
        assert invite.headers.get("Contact") == f"<sip:{PLATFORM}@192.0.2.1:5060>"
        assert (invite.headers.get("Via") or "").startswith("SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK")
        lines = invite.body.decode().splitlines()
        assert "s=Play" in lines
        assert "m=video 30000 RTP/AVP 96 98 97" in lines
        assert "y=0200000001" in lines
        assert not any(each.startswith("a=streamnumber") for each in lines)

    def test_the_small_stream_and_a_device_of_2022(self) -> None:
        line = Line()
        line.invite(replace(LIVE, stream=1))
        line.invite(replace(LIVE, is_2022=True))
        small, modern = (request.body.decode().splitlines() for request in line.sent())
        assert "a=streamnumber:1" in small
        assert "a=streamnumber:0" in modern

    def test_recordings_are_asked_for_by_unix_seconds_that_hold_the_whole_span(self) -> None:
        line = Line()
        span = replace(PLAYBACK.span, ended_at_ms=PLAYBACK.span.started_at_ms + 1_500) if PLAYBACK.span else None
        line.invite(replace(PLAYBACK, span=span))
        (invite,) = line.sent()
        lines = invite.body.decode().splitlines()
        assert {"s=Playback", f"u={CHANNEL}:0", "t=1795449600 1795449602", "y=1200000001"} <= set(lines)

    def test_a_download_says_how_fast(self) -> None:
        line = Line()
        line.invite(replace(PLAYBACK, speed=4))
        (invite,) = line.sent()
        assert {"s=Download", "a=downloadspeed:4"} <= set(invite.body.decode().splitlines())

    def test_a_device_that_reads_t_as_local_time_is_asked_in_its_own(self) -> None:
        line = Line()
        line.invite(replace(PLAYBACK, shift_s=8 * 3600))
        (invite,) = line.sent()
        assert f"t={1795449600 + 28800} {1795453200 + 28800}" in invite.body.decode().splitlines()

    def test_over_udp_it_is_repeated_until_anything_is_heard(self) -> None:
        line = Line()
        line.invite()
        assert line.pass_s(4) == ["INVITE"] * 4  # at 0, 0.5, 1.5 and 3.5 s
        line.hear_file("invite-100.sip")
        assert line.pass_s(5) == []

    def test_over_tcp_it_is_not_repeated(self) -> None:
        line = Line(TCP_PEER)
        line.invite()
        assert line.pass_s(9.9) == ["INVITE"]

    def test_a_device_without_a_route_ends_it_at_once(self) -> None:
        line = Line(peer=None)
        session = line.invite()
        assert line.events() == [SessionEnded(session, Cause.OFFLINE), *OVER]
        assert line.sent() == []
        assert len(line.dialogs) == 0


class TestAccepted:
    @pytest.mark.parametrize(
        ("file", "ssrc", "host", "port"),
        [
            ("invite-200.sip", 200_000_001, "192.0.2.10", 15060),
            ("invite-200-without-sdp.sip", None, "192.0.2.10", 0),
            ("invite-200-m-video-0.sip", 200_000_001, "192.0.2.10", 0),
            ("invite-200-y-missing.sip", None, "192.0.2.10", 15060),
            ("invite-200-y-zero.sip", None, "192.0.2.10", 15060),
            ("invite-200-y-other.sip", 703_000_123, "192.0.2.10", 15060),
            ("invite-200-no-to-tag.sip", 200_000_001, "192.0.2.10", 15060),
            ("invite-200-no-contact.sip", 200_000_001, "192.0.2.10", 15060),
            ("invite-200-nonsense-body.sip", None, "192.0.2.10", 0),
        ],
    )
    def test_whatever_the_answer_says_it_is_acknowledged_and_media_are_waited_for(
        self, file: str, ssrc: int | None, host: str, port: int
    ) -> None:
        line = Line()
        session = line.invite()
        (invite,) = line.sent()
        line.hear_file(file)
        (ack,) = line.sent()
        assert (ack.method, ack.uri) == ("ACK", f"sip:{CHANNEL}@192.0.2.10:5060")
        assert ack.headers.get("CSeq") == "1 ACK"
        assert ack.headers.get("Via") != invite.headers.get("Via")
        (accepted,) = line.events()
        assert isinstance(accepted, Accepted)
        assert (accepted.session, accepted.ssrc, accepted.host, accepted.port) == (session, ssrc, host, port)
        assert line.pass_s(74) == []

    def test_ack_and_bye_carry_the_tag_of_the_answer_and_of_none_none(self) -> None:
        for file, to in (
            ("invite-200.sip", f"<sip:{CHANNEL}@3402000000>;tag=d1"),
            ("invite-200-no-to-tag.sip", f"<sip:{CHANNEL}@3402000000>"),
        ):
            line = Line()
            line.invite()
            line.hear_file(file)
            line.dialogs.hang_up(1, line.now)
            _, ack, goodbye = line.sent()
            assert (ack.headers.get("To"), goodbye.headers.get("To")) == (to, to)
            assert goodbye.headers.get("CSeq") == "2 BYE"

    def test_a_contact_with_another_user_is_the_one_that_is_spoken_to(self) -> None:
        line = Line()
        line.invite()
        (invite,) = line.sent()
        line.hear(answer(invite, 200).replace(f"<sip:{CHANNEL}@192.168".encode(), b"<sip:cam-1@192.168"))
        (ack,) = line.sent()
        assert ack.uri == "sip:cam-1@192.0.2.10:5060"

    def test_a_contact_that_would_not_stay_in_its_place_is_not_used(self) -> None:
        line = Line()
        line.invite()
        (invite,) = line.sent()
        line.hear(answer(invite, 200).replace(f"<sip:{CHANNEL}@192.168".encode(), b"<sip:a b SIP/2.0@192.168"))
        (ack,) = line.sent()
        assert ack.uri == f"sip:{CHANNEL}@192.0.2.10:5060"

    def test_a_repeated_200_is_acknowledged_each_time_and_told_once(self) -> None:
        line = Line()
        line.invite()
        for _ in range(3):
            line.hear_file("invite-200.sip")
        line.hear_file("invite-100.sip")  # late, of another path
        assert line.sent_methods() == ["INVITE", "ACK", "ACK", "ACK"]
        assert [type(event) for event in line.events()] == [Accepted]

    def test_no_usable_picture_for_75_s_ends_it(self) -> None:
        line = Line()
        line.invite()
        line.hear_file("invite-200.sip")
        line.sent()
        line.events()
        assert line.pass_s(75)[0] == "BYE"
        assert line.events() == [SessionEnded(1, Cause.NO_PICTURE)]

    def test_with_a_picture_it_lasts(self) -> None:
        line = playing()
        line.dialogs.picture(1, line.now)
        assert line.pass_s(86_400) == []
        assert len(line.dialogs) == 1


class TestRefused:
    @pytest.mark.parametrize("status", [400, 404, 481, 486, 488])
    def test_it_is_acknowledged_within_its_transaction_and_the_port_is_free(self, status: int) -> None:
        line = Line()
        session = line.invite()
        (invite,) = line.sent()
        line.hear_file(f"invite-{status}.sip")
        (ack,) = line.sent()
        assert ack.method == "ACK"
        assert ack.headers.get("Via") == invite.headers.get("Via")
        assert (ack.headers.get("To") or "").endswith(";tag=d1")
        assert line.events() == [SessionEnded(session, Cause.REFUSED, status), *OVER]
        line.hear_file(f"invite-{status}.sip")
        assert line.sent_methods() == ["ACK"]
        assert line.pass_s(33) == []
        assert line.events() == []

    def test_busy_gets_a_bye_for_what_is_just_over(self) -> None:
        line = playing()
        line.hear_file("bye-from-device.sip")
        line.events()
        session = line.invite()
        (invite,) = line.sent()
        line.hear(answer(invite, 486))
        ack, goodbye = line.sent()
        assert (ack.method, goodbye.method) == ("ACK", "BYE")
        assert goodbye.headers.get("Call-ID") != invite.headers.get("Call-ID")
        assert SessionEnded(session, Cause.REFUSED, 486) in line.events()

    def test_nothing_heard_for_10_s_is_cancelled(self) -> None:
        line = Line()
        session = line.invite()
        (invite,) = line.sent()
        methods = line.pass_s(10)
        assert methods == ["INVITE"] * 4 + ["CANCEL"]
        assert line.events() == [SessionEnded(session, Cause.NO_ANSWER)]
        assert line.pass_s(4.9) == ["CANCEL"] * 3
        assert line.pass_s(0.2) == []
        assert line.events() == [ChannelFree(session)]  # what it may send still finds nobody else at this port
        assert line.pass_s(32) == []
        assert line.events() == [PortFree(session)]
        assert invite.headers.get("Call-ID")

    def test_a_cancel_is_of_the_same_transaction_and_ends_with_487(self) -> None:
        line = Line()
        line.invite()
        line.hear_file("invite-100.sip")
        (invite,) = line.sent()
        line.dialogs.hang_up(1, line.now)
        (cancel,) = line.sent()
        assert (cancel.method, cancel.uri) == ("CANCEL", invite.uri)
        assert cancel.headers.get("Via") == invite.headers.get("Via")
        assert cancel.headers.get("CSeq") == "1 CANCEL"
        line.hear(answer(cancel, 200))
        assert line.pass_s(1) == []
        line.hear_file("invite-487.sip")
        assert line.sent_methods() == ["ACK"]
        assert line.events() == [SessionEnded(1, Cause.HUNG_UP), *OVER]

    @pytest.mark.parametrize("late_s", [1.0, 9.0])
    def test_a_200_that_crosses_the_cancel_is_acknowledged_and_hung_up(self, late_s: float) -> None:
        line = Line()
        line.invite()
        line.pass_s(10)
        line.pass_s(late_s)
        line.hear_file("invite-200.sip")
        assert line.sent_methods() == ["ACK", "BYE"]
        assert Accepted not in [type(event) for event in line.events()]
        line.hear_file("invite-200.sip")
        assert line.sent_methods() == ["ACK"]


class TestChallenged:
    ACCOUNT = Account(CHANNEL, "Passw0rd-28181")

    def test_it_is_answered_once_with_the_devices_password(self) -> None:
        line = Line(account=self.ACCOUNT)
        line.invite()
        line.hear_file("invite-401.sip")
        first, ack, second = line.sent()
        assert (ack.method, second.method) == ("ACK", "INVITE")
        assert first.headers.get("Call-ID") == second.headers.get("Call-ID")
        assert second.headers.get("CSeq") == "2 INVITE"
        ha1 = hashlib.md5(f"{CHANNEL}:3402000000:Passw0rd-28181".encode()).hexdigest()
        ha2 = hashlib.md5(f"INVITE:{second.uri}".encode()).hexdigest()
        expected = hashlib.md5(f"{ha1}:5f2c9b1e7a:{ha2}".encode()).hexdigest()
        assert f'response="{expected}"' in (second.headers.get("Authorization") or "")
        line.hear_file("invite-401.sip")  # the first one again: it has not heard our ACK
        assert line.sent_methods() == ["ACK"]
        line.hear(answer(second, 200))
        assert line.sent_methods() == ["ACK"]
        assert [type(event) for event in line.events()] == [Accepted]

    def test_by_a_proxy_and_with_qop(self) -> None:
        line = Line(account=self.ACCOUNT)
        line.invite()
        line.hear_file("invite-407-qop.sip")
        _, _, second = line.sent()
        given = second.headers.get("Proxy-Authorization") or ""
        assert 'opaque="o1"' in given
        assert ", qop=auth, nc=00000001" in given
        cnonce = given.partition('cnonce="')[2].partition('"')[0]
        ha1 = hashlib.md5(f"{CHANNEL}:3402000000:Passw0rd-28181".encode()).hexdigest()
        ha2 = hashlib.md5(f"INVITE:{second.uri}".encode()).hexdigest()
        expected = hashlib.md5(f"{ha1}:5f2c9b1e7a:00000001:{cnonce}:auth:{ha2}".encode()).hexdigest()
        assert f'response="{expected}"' in given

    def test_asked_again_it_is_refused(self) -> None:
        line = Line(account=self.ACCOUNT)
        line.invite()
        line.hear_file("invite-401.sip")
        *_, second = line.sent()
        line.hear(answer(second, 401))
        assert line.events() == [SessionEnded(1, Cause.REFUSED, 401), *OVER]

    def test_without_a_password_it_is_refused(self) -> None:
        line = Line()
        line.invite()
        line.hear_file("invite-401.sip")
        assert line.sent_methods() == ["INVITE", "ACK"]
        assert line.events() == [SessionEnded(1, Cause.REFUSED, 401), *OVER]

    @pytest.mark.parametrize("asked", ["algorithm=SHA-256", "Basic"])
    def test_another_way_to_ask_is_refused(self, asked: str) -> None:
        line = Line(account=self.ACCOUNT)
        line.invite()
        (invite,) = line.sent()
        says = (
            f'WWW-Authenticate: Digest realm="r", nonce="n", {asked}' if "=" in asked else f"WWW-Authenticate: {asked}"
        )
        line.hear(answer(invite, 401).replace(b"Content-Length", f"{says}\r\nContent-Length".encode()))
        assert line.events() == [SessionEnded(1, Cause.REFUSED, 401), *OVER]

    def test_hung_up_meanwhile_it_is_not_tried_again(self) -> None:
        line = Line(account=self.ACCOUNT)
        line.invite()
        line.dialogs.hang_up(1, line.now)
        line.hear_file("invite-401.sip")
        assert line.sent_methods() == ["INVITE", "CANCEL", "ACK"]
        assert line.events() == [SessionEnded(1, Cause.HUNG_UP), *OVER]
