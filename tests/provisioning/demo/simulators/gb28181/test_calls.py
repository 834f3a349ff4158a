"""Media sessions: INVITE to BYE, and each way to do it wrong. Sockets are not opened here."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.demo.simulators.gb28181 import moments, sdp
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.line import CloseMedia, KeyFrame, OpenMedia, StartMedia, SteerMedia
from provisioning.demo.simulators.gb28181.sdp import MediaOrder, SdpTextError
from tests.provisioning.demo.simulators.gb28181.scripted_platform import (
    CHANNEL_ID,
    DEVICE_ID,
    WALL_S,
    Desk,
    control,
    header,
    invite,
    reply,
    request,
)

MEDIA = ("192.0.2.10", 15060)
PAST = (int(WALL_S) - 7200, int(WALL_S) - 7140)


def registered(*faults: DeviceFault, transport: str = "udp") -> Desk:
    desk = Desk(*faults, heartbeat_s=1e6, transport=transport)
    desk.register()
    return desk


def answered(desk: Desk, data: bytes, call_id: str = "call-1") -> str:
    """The 200 to an INVITE."""
    (trying,) = desk.tell(data)
    assert trying.startswith("SIP/2.0 100 Trying")
    desk.device.calls.media_opened(call_id, MEDIA, 12345, desk.now)
    (ok,) = desk.said()
    assert ok.startswith("SIP/2.0 200 OK")
    return ok


def ack(call_id: str = "call-1") -> bytes:
    return request("ACK", CHANNEL_ID, call_id=call_id)


def bye(call_id: str = "call-1") -> bytes:
    return request("BYE", CHANNEL_ID, call_id=call_id, cseq=2)


def info(text: str, cseq: int) -> bytes:
    return request("INFO", CHANNEL_ID, cseq=cseq, lines=["Content-Type: Application/MANSRTSP"], body=text)


def test_a_live_session() -> None:
    desk = registered()
    ok = answered(desk, invite())
    order = MediaOrder("udp", ("192.0.2.1", 30000), 200000001, None, 1.0)
    assert desk.effects == [OpenMedia("call-1", order)]
    assert ok.partition("\r\n\r\n")[2].split("\r\n") == [
        "v=0",
        f"o={CHANNEL_ID} 0 0 IN IP4 192.0.2.10",
        "s=Play",
        "c=IN IP4 192.0.2.10",
        "t=0 0",
        "m=video 15060 RTP/AVP 96",
        "a=sendonly",
        "a=rtpmap:96 PS/90000",
        "y=0200000001",
        "f=",
        "",
    ]
    assert header(ok, "Contact") == f"<sip:{DEVICE_ID}@192.0.2.10:5061>"
    assert desk.tell(ack()) == []
    assert desk.effects[1:] == [StartMedia("call-1")]
    (bye_ok,) = desk.tell(bye())
    assert bye_ok.startswith("SIP/2.0 200")
    assert desk.effects[2:] == [CloseMedia("call-1", 0.0)]
    assert desk.tell(bye()) == [bye_ok]
    assert (desk.counts.invites, desk.counts.byes, len(desk.device.calls)) == (1, 1, 0)


def test_the_200_is_repeated_until_the_ack() -> None:
    desk = registered()
    ok = answered(desk, invite())
    assert desk.wait(3.6) == [ok] * 3  # 0.5 s, 1.5 s, 3.5 s
    assert desk.tell(invite()) == [ok]  # and to a repeated INVITE
    desk.tell(ack())
    assert desk.wait(60) == []


def test_without_an_ack_it_hangs_up() -> None:
    desk = registered()
    answered(desk, invite())
    said = desk.wait(33)
    assert any(text.startswith("BYE ") for text in said)
    assert desk.effects[-1] == CloseMedia("call-1", 0.0)


@pytest.mark.parametrize(
    ("setup", "transport", "shown"), [("passive", "tcp_passive", "active"), ("active", "tcp_active", "passive")]
)
def test_tcp(setup: str, transport: str, shown: str) -> None:
    desk = registered()
    ok = answered(desk, invite(media="TCP/RTP/AVP", lines=[f"a=setup:{setup}", "a=connection:new"]))
    assert isinstance(opened := desk.effects[0], OpenMedia)
    assert opened.order.transport == transport
    assert f"a=setup:{shown}\r\na=connection:new" in ok
    assert "m=video 15060 TCP/RTP/AVP 96" in ok


def test_playback_and_its_end() -> None:
    desk = registered()
    ok = answered(desk, invite(name="Playback", span=PAST, y="1200000001"))
    assert f"t={PAST[0]} {PAST[1]}" in ok
    assert isinstance(opened := desk.effects[0], OpenMedia)
    assert opened.order.span == PAST
    desk.tell(ack())
    desk.tell(info("PLAY RTSP/1.0\r\nCSeq: 2\r\nScale: 2.0\r\nRange: npt=30-\r\n", 2))
    desk.tell(info("PAUSE RTSP/1.0\r\nCSeq: 3\r\nPauseTime: now\r\n", 3))
    desk.tell(info("PLAY MANSRTSP/1.0\r\nCSeq: 4\r\nRange: npt=now-\r\n", 4))
    assert desk.tell(info("DANCE\r\n", 5))[0].startswith("SIP/2.0 400")
    assert desk.effects[2:] == [
        SteerMedia("call-1", 2.0, 30.0, False),
        SteerMedia("call-1", paused=True),
        SteerMedia("call-1", paused=False),
    ]
    desk.device.calls.media_ended("call-1", desk.now)
    (end,) = desk.said()
    assert end.startswith("MESSAGE ")
    assert "<NotifyType>121</NotifyType>" in end
    assert (header(end, "Call-ID"), header(end, "From")) == ("call-1", header(ok, "To"))
    assert len(desk.device.calls) == 1  # it waits for the BYE


def test_download() -> None:
    desk = registered()
    ok = answered(desk, invite(name="Download", span=PAST, lines=["a=downloadspeed:4"]))
    assert isinstance(opened := desk.effects[0], OpenMedia)
    assert opened.order.speed == 4
    assert "a=filesize:12345" in ok


def test_one_playback_a_channel() -> None:
    desk = registered()
    answered(desk, invite(name="Playback", span=PAST))
    assert desk.tell(invite(call_id="call-2", name="Playback", span=PAST))[0].startswith("SIP/2.0 486")
    answered(desk, invite(call_id="call-3"), "call-3")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (invite(channel="34020000001310000099"), 404),
        (invite(name="Playback", span=(PAST[0] - 90 * 86400, PAST[1] - 90 * 86400)), 404),
        (invite(name="Playback", span=(5, 5)), 488),
        (invite(address=("192.0.2.1", 0)), 488),
        (request("INVITE", CHANNEL_ID, body="v=0"), 488),
        (request("INVITE", CHANNEL_ID, body="m=video 1 RTP/AVP 96"), 488),
    ],
)
def test_refused(data: bytes, status: int) -> None:
    desk = registered()
    assert desk.tell(data)[0].startswith(f"SIP/2.0 {status}")
    assert desk.counts.invites_refused == 1


@given(st.binary(max_size=200), st.integers(0, 200))
def test_any_offer_is_read_or_named(junk: bytes, at: int) -> None:
    body = invite(name="Playback", span=PAST).partition(b"\r\n\r\n")[2]
    for tried in (junk, body[:at] + junk + body[at:]):
        try:
            offer = sdp.parse(tried)
        except SdpTextError:
            continue
        assert 0 < offer.port < 65536


def test_cancel() -> None:
    desk = registered()
    desk.tell(invite())
    ok, terminated = desk.tell(request("CANCEL", CHANNEL_ID))
    assert (ok[:11], terminated[:11]) == ("SIP/2.0 200", "SIP/2.0 487")
    assert header(terminated, "CSeq") == "1 INVITE"
    desk.device.calls.media_opened("call-1", MEDIA, -1, desk.now)
    desk.said()
    assert desk.effects[-1] == CloseMedia("call-1")
    assert desk.tell(bye())[0].startswith("SIP/2.0 481")


def test_no_socket_and_a_broken_one() -> None:
    desk = registered()
    desk.tell(invite())
    desk.device.calls.media_failed("call-1", desk.now)
    assert desk.said()[0].startswith("SIP/2.0 500")
    answered(desk, invite(call_id="call-2"), "call-2")
    desk.tell(ack("call-2"))
    desk.device.calls.media_failed("call-2", desk.now)
    (said,) = desk.said()
    assert said.startswith("BYE ")
    desk.tell(reply(said, 481))
    assert (desk.counts.media_failed, desk.counts.byes_sent) == (2, 1)


def test_a_keyframe_on_demand() -> None:
    desk = registered()
    answered(desk, invite())
    for number, order in enumerate(("IFrameCmd", "IFameCmd")):
        desk.tell(control(f"<{order}>Send</{order}>", CHANNEL_ID, sn=number))
    assert desk.effects[1:] == [KeyFrame("call-1")] * 2


def test_leaving_hangs_up() -> None:
    desk = registered()
    answered(desk, invite())
    desk.tell(ack())
    desk.device.leave(desk.now)
    assert [text.split(" ")[0] for text in desk.said()] == ["BYE", "REGISTER"]


@pytest.mark.parametrize(
    ("fault", "status"),
    [(DeviceFault.BUSY, 486), (DeviceFault.NOT_ACCEPTABLE, 488), (DeviceFault.INVITE_CHALLENGED, 401)],
)
def test_refusing_faults(fault: DeviceFault, status: int) -> None:
    desk = registered(fault)
    (said,) = desk.tell(invite())
    assert said.startswith(f"SIP/2.0 {status}")
    assert ("WWW-Authenticate" in said) == (status == 401)


def test_invite_ignored() -> None:
    assert registered(DeviceFault.INVITE_IGNORED).tell(invite()) == []


@pytest.mark.parametrize(
    ("fault", "pattern"),
    [
        (DeviceFault.NO_SDP, r"Content-Length: 0\r\n\r\n$"),
        (DeviceFault.VIDEO_ZERO, r"m=video 0 "),
        (DeviceFault.NO_Y, r"96 PS/90000\r\nf=\r\n$"),
        (DeviceFault.ZERO_Y, r"y=0000000000\r\n"),
        (DeviceFault.OTHER_Y, r"y=0200009\d{3}\r\n"),
        (DeviceFault.RAW_VIDEO, r"a=rtpmap:98 H264/90000"),
    ],
)
def test_odd_answers(fault: DeviceFault, pattern: str) -> None:
    desk = registered(fault)
    ok = answered(desk, invite())
    assert re.search(pattern, ok)
    assert isinstance(opened := desk.effects[0], OpenMedia)
    if fault is DeviceFault.OTHER_Y:
        assert f"y={opened.order.ssrc:010d}" in ok
    else:
        assert opened.order.ssrc == 200000001


def test_other_ssrc() -> None:
    desk = registered(DeviceFault.OTHER_SSRC)
    assert "y=0200000001" in answered(desk, invite())
    assert isinstance(opened := desk.effects[0], OpenMedia)
    assert opened.order.ssrc != 200000001


def test_repeats_200() -> None:
    desk = registered(DeviceFault.REPEATS_200)
    ok = answered(desk, invite())
    desk.tell(ack())
    assert desk.wait(60) == [ok] * 2


def test_media_before_200() -> None:
    desk = registered(DeviceFault.MEDIA_BEFORE_200)
    desk.tell(invite())
    desk.device.calls.media_opened("call-1", MEDIA, -1, desk.now)
    assert desk.said() == []
    assert desk.effects[-1] == StartMedia("call-1")
    assert desk.wait(0.5)[0].startswith("SIP/2.0 200")
    desk.tell(ack())
    assert desk.effects[-1] == StartMedia("call-1")


def test_no_media() -> None:
    desk = registered(DeviceFault.NO_MEDIA)
    answered(desk, invite())
    desk.tell(ack())
    assert [effect for effect in desk.effects if isinstance(effect, StartMedia)] == []


def test_hangs_up() -> None:
    desk = registered(DeviceFault.HANGS_UP)
    ok = answered(desk, invite())
    desk.tell(ack())
    (said,) = desk.wait(2)
    assert said.startswith("BYE sip:34020000002000000001@192.0.2.1:5060 ")
    assert (header(said, "From"), header(said, "To")) == (header(ok, "To"), header(ok, "From"))


def test_ends_of_a_session() -> None:
    for fault, answers, after_s in ((DeviceFault.BYE_UNANSWERED, 0, 0.0), (DeviceFault.MEDIA_AFTER_BYE, 1, 3.0)):
        desk = registered(fault)
        answered(desk, invite())
        desk.tell(ack())
        assert len(desk.tell(bye())) == answers
        assert desk.effects[-1] == CloseMedia("call-1", after_s)


def test_ends_of_a_playback() -> None:
    for fault, method in ((DeviceFault.ENDS_BY_INFO, ["INFO"]), (DeviceFault.ENDS_SILENTLY, [])):
        desk = registered(fault)
        answered(desk, invite(name="Playback", span=PAST))
        desk.tell(ack())
        desk.device.calls.media_ended("call-1", desk.now)
        assert [text.split(" ")[0] for text in desk.said()] == method


def test_local_seconds() -> None:
    desk = registered(DeviceFault.LOCAL_SECONDS)
    answered(desk, invite(name="Playback", span=PAST))
    assert isinstance(opened := desk.effects[0], OpenMedia)
    assert opened.order.span == (PAST[0] - moments.BEIJING_S, PAST[1] - moments.BEIJING_S)


def test_ignores_date() -> None:
    desk = Desk(DeviceFault.IGNORES_DATE, DeviceFault.CLOCK_A_YEAR_OFF)
    before = desk.device.clock.skew_s
    desk.register()
    assert desk.device.clock.skew_s == before
