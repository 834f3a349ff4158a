"""Offers in the order that devices are used to; answers read with leave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gb28181.media.sdp import SdpAnswer, SdpError, SdpOffer, StreamAttribute, parse_answer

PLATFORM = "34020000002000000001"
CHANNEL = "34020000001320000001"
LIVE = SdpOffer(PLATFORM, CHANNEL, "192.0.2.1", 30000, 200000001)


def lines(offer: SdpOffer) -> list[str]:
    text = offer.encode().decode("ascii")
    assert text.endswith("\r\n")
    return text[:-2].split("\r\n")


def test_live_over_udp() -> None:
    assert lines(LIVE) == [
        "v=0",
        f"o={PLATFORM} 0 0 IN IP4 192.0.2.1",
        "s=Play",
        "c=IN IP4 192.0.2.1",
        "t=0 0",
        "m=video 30000 RTP/AVP 96 98 97",
        "a=recvonly",
        "a=rtpmap:96 PS/90000",
        "a=rtpmap:98 H264/90000",
        "a=rtpmap:97 MPEG4/90000",
        "y=0200000001",
        "f=v/////a///",
    ]


def test_playback_over_tcp_has_its_channel_span_and_role() -> None:
    offer = SdpOffer(
        PLATFORM,
        CHANNEL,
        "2001:db8::1",
        30002,
        1200000001,
        transport="tcp_passive",
        purpose="Playback",
        span_s=(1795449600, 1795453200),
    )
    assert lines(offer) == [
        "v=0",
        f"o={PLATFORM} 0 0 IN IP6 2001:db8::1",
        "s=Playback",
        f"u={CHANNEL}:0",
        "c=IN IP6 2001:db8::1",
        "t=1795449600 1795453200",
        "m=video 30002 TCP/RTP/AVP 96 98 97",
        "a=recvonly",
        "a=rtpmap:96 PS/90000",
        "a=rtpmap:98 H264/90000",
        "a=rtpmap:97 MPEG4/90000",
        "a=setup:passive",
        "a=connection:new",
        "y=1200000001",
        "f=v/////a///",
    ]


def test_download_says_its_speed_and_an_active_platform_says_so() -> None:
    offer = SdpOffer(
        PLATFORM,
        CHANNEL,
        "192.0.2.1",
        9,
        1200000002,
        transport="tcp_active",
        purpose="Download",
        span_s=(1, 2),
        download_speed=4,
    )
    assert {"s=Download", "a=setup:active", "a=connection:new", "a=downloadspeed:4"} <= set(lines(offer))


def test_2022_may_be_told_h265_and_which_stream() -> None:
    offer = SdpOffer(PLATFORM, CHANNEL, "192.0.2.1", 30000, 1, is_2022=True, stream=1)
    assert lines(offer)[5:] == [
        "m=video 30000 RTP/AVP 96 98 97 100",
        "a=recvonly",
        "a=rtpmap:96 PS/90000",
        "a=rtpmap:98 H264/90000",
        "a=rtpmap:97 MPEG4/90000",
        "a=rtpmap:100 H265/90000",
        "a=streamnumber:1",
        "y=0000000001",
        "f=v/////a///",
    ]


@pytest.mark.parametrize(
    ("attribute", "stream", "line"),
    [
        ("streamprofile", 1, "a=streamprofile:1"),
        ("streamMode", 1, "a=streamMode:sub"),
        ("streamMode", 0, "a=streamMode:main"),
    ],
)
def test_makers_own_words_for_a_stream(attribute: StreamAttribute, stream: int, line: str) -> None:
    assert line in lines(SdpOffer(PLATFORM, CHANNEL, "192.0.2.1", 30000, 1, stream=stream, stream_attribute=attribute))


def test_some_hikvision_channels_want_more_rtpmaps() -> None:
    said = lines(SdpOffer(PLATFORM, CHANNEL, "192.0.2.1", 30000, 1, has_extra_payloads=True))
    assert said[5] == "m=video 30000 RTP/AVP 96 98 97 125 126 99"
    assert said[7:13] == [
        "a=rtpmap:96 PS/90000",
        "a=rtpmap:98 H264/90000",
        "a=rtpmap:97 MPEG4/90000",
        "a=rtpmap:125 H264S/90000",
        "a=rtpmap:126 H264/90000",
        "a=rtpmap:99 H265/90000",
    ]


ANSWER = (
    b"v=0\r\no=34020000001320000001 0 0 IN IP4 192.0.2.10\r\ns=Play\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
    b"m=video 15060 RTP/AVP 96\r\na=sendonly\r\na=rtpmap:96 PS/90000\r\ny=0200000001\r\nf=\r\n"
)


def test_the_template_of_an_answer() -> None:
    answer = parse_answer(ANSWER)
    assert answer == SdpAnswer(
        host="192.0.2.10", port=15060, ssrc=200000001, rtpmaps=((96, "PS/90000"),), channel_id=CHANNEL
    )


def test_line_ends_spaces_and_nuls_do_not_matter() -> None:
    for end in (b"\n", b"\r"):
        assert parse_answer(ANSWER.replace(b"\r\n", end)) == parse_answer(ANSWER)
    assert parse_answer(b"  " + ANSWER.replace(b"y=", b"y = ") + b"\x00\x00") == parse_answer(ANSWER)


def test_no_body_is_an_answer_that_says_nothing() -> None:
    assert parse_answer(b"") == parse_answer(b"\r\n\x00") == SdpAnswer()


@pytest.mark.parametrize("port", [b"0", b"65536", b"123456789"])
def test_no_port(port: bytes) -> None:
    answer = parse_answer(ANSWER.replace(b"15060", port))
    assert (answer.port, answer.host) == (0, "192.0.2.10")


@pytest.mark.parametrize(
    ("said", "ssrc"),
    [
        (b"y=0000000000", None),
        (b"y=", None),
        (b"y=0x12", None),
        (b"y=9999999999", None),
        (b"x=1", None),
        (b"y=0703000001", 703000001),
        (b"y=12", 12),
        (b"y=0200000001;a", 200000001),
    ],
)
def test_the_ssrc_of_an_answer(said: bytes, ssrc: int | None) -> None:
    assert parse_answer(ANSWER.replace(b"y=0200000001", said)).ssrc == ssrc


@pytest.mark.parametrize(
    ("connection", "host"),
    [
        (b"c=IN IP4 192.0.2.11/127", "192.0.2.11"),
        (b"c=IN IP4 0.0.0.0", "192.0.2.10"),
        (b"c=IN IP4 camera.local", "192.0.2.10"),
        (b"c=", "192.0.2.10"),
        (b"c=IN IP6 2001:DB8::5", "2001:db8::5"),
    ],
)
def test_the_host_of_an_answer_is_an_address(connection: bytes, host: str) -> None:
    assert parse_answer(ANSWER.replace(b"c=IN IP4 192.0.2.10", connection)).host == host


def test_a_tcp_answer_says_its_role_and_a_download_its_size() -> None:
    said = ANSWER.replace(b"RTP/AVP", b"TCP/RTP/AVP") + b"a=setup:ACTIVE\r\na=connection:new\r\na=filesize:123456\r\n"
    answer = parse_answer(said)
    assert (answer.is_tcp, answer.setup, answer.filesize) == (True, "active", 123456)
    assert parse_answer(said.replace(b"123456", b"-1")).filesize is None


def test_neither_case_nor_indentation_matters() -> None:
    said = ANSWER.replace(b"RTP/AVP", b"tcp/rtp/avp").replace(b"15060", b"65535") + b"a=Setup:Passive\r\n"
    answer = parse_answer(said.replace(b"\r\n", b" \r\n\t"))
    assert (answer.port, answer.is_tcp, answer.setup, answer.ssrc) == (65_535, True, "passive", 200000001)


def test_the_video_is_found_behind_the_sound() -> None:
    assert parse_answer(ANSWER.replace(b"m=video", b"m=audio 4000 RTP/AVP 8\r\nm=video")).port == 15060
    assert parse_answer(ANSWER.replace(b"m=video", b"m=audio")).port == 0


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"<Response/>", "no line of SDP in 11 bytes"),
        (b"v=0\n" * 600, "600 lines"),
        (b"v" * 70_000, "a body of 70000 bytes"),
    ],
)
def test_what_is_no_answer(body: bytes, what: str) -> None:
    with pytest.raises(SdpError, match=what):
        parse_answer(body)


@given(
    st.one_of(
        st.binary(max_size=400),
        st.lists(st.sampled_from(ANSWER.split(b"\r\n")) | st.binary(max_size=40)).map(b"\n".join),
    )
)
def test_any_bytes_are_an_answer_or_one_error(body: bytes) -> None:
    try:
        answer = parse_answer(body)
    except SdpError:
        return
    assert 0 <= answer.port <= 65_535
    assert answer.ssrc is None or 0 < answer.ssrc <= 0xFFFF_FFFF


@given(
    st.builds(
        SdpOffer,
        platform_id=st.just(PLATFORM),
        channel_id=st.just(CHANNEL),
        host=st.ip_addresses().map(str),
        port=st.integers(1, 65_535),
        ssrc=st.integers(1, 0xFFFF_FFFF),
        transport=st.sampled_from(["udp", "tcp_passive", "tcp_active"]),
        purpose=st.sampled_from(["Play", "Playback", "Download"]),
        is_2022=st.booleans(),
    )
)
def test_an_offer_is_read_back(offer: SdpOffer) -> None:
    read = parse_answer(offer.encode())
    assert (read.port, read.ssrc, read.is_tcp) == (offer.port, offer.ssrc, offer.transport != "udp")
    assert dict(read.rtpmaps)[96] == "PS/90000"
