"""RTSP and the replay extension, byte by byte: whatever comes is a message, a packet or an error, within bounds."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sources.recorder.playback import channel_pattern
from edge_agent.sources.recorder.replay_extension import ReplayTime, replay_time
from edge_agent.sources.recorder.rtsp_messages import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    Interleaved,
    RtspAnswer,
    RtspReader,
    RtspRequest,
    RtspSyntaxError,
    clock_range,
    video_track,
    write_clock_range,
)

ANSWER = b'RTSP/1.0 401 No\r\nCSeq: 2\r\nWWW-Authenticate: Digest realm="a"\r\nWWW-Authenticate: Basic\r\n\r\n'
NOTICE = b"ANNOUNCE rtsp://h/a RTSP/1.0\r\nCSeq: 9\r\nContent-Length: 3\r\n\r\nend"
PACKET = b"$\x00\x00\x04abcd"
SDP = (
    b"v=0\r\nm=audio 0 RTP/AVP 8\r\na=control:a\r\nm=video 0 RTP/AVP 96\r\na=control:v\r\na=rtpmap:96 H264/90000\r\n"
    b"a=fmtp:96 sprop-parameter-sets=Z0IAHg==,aM48gA==\r\n"
)


def read(*parts: bytes) -> list[RtspAnswer | RtspRequest | Interleaved]:
    reader = RtspReader()
    return [each for part in parts for each in reader.push(part)]


def test_answers_requests_and_packets_share_a_connection() -> None:
    answer, packet, notice = read(ANSWER + PACKET + b"\r\n" + NOTICE)
    assert isinstance(answer, RtspAnswer)
    assert (answer.status, answer.challenges) == (401, ('Digest realm="a"', "Basic"))
    assert packet == Interleaved(0, b"abcd")
    assert isinstance(notice, RtspRequest)
    assert (notice.method, notice.body) == ("ANNOUNCE", b"end")


@given(cuts=st.lists(st.integers(1, 40), max_size=20))
def test_however_it_is_cut_it_is_the_same(cuts: list[int]) -> None:
    whole = ANSWER + PACKET * 3 + NOTICE + ANSWER
    parts, at = [], 0
    for cut in cuts:
        parts.append(whole[at : at + cut])
        at += cut
    assert read(*parts, whole[at:]) == read(whole)


@pytest.mark.parametrize(
    "given",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"<html>",
        b"\x00\x01",
        b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"RTSP/9 x\r\n\r\n",
    ],
)
def test_what_is_no_rtsp_is_said_so(given: bytes) -> None:
    with pytest.raises(RtspSyntaxError):
        read(given)


def test_a_head_without_end_and_a_body_too_long_are_refused() -> None:
    with pytest.raises(RtspSyntaxError):
        read(b"RTSP/1.0 200 OK\r\n" + b"a" * MAX_HEAD_BYTES)
    with pytest.raises(RtspSyntaxError):
        read(b"RTSP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1))


@given(
    st.binary(max_size=300)
    | st.builds(lambda tail: b"RTSP/1.0 200 OK\r\n" + tail, st.binary(max_size=300))
    | st.builds(lambda a, b: ANSWER[:a] + b, st.integers(0, len(ANSWER)), st.binary(max_size=60))
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    reader = RtspReader()
    try:
        for each in reader.push(data):
            assert isinstance(each, RtspAnswer | RtspRequest | Interleaved)
    except RtspSyntaxError:
        return
    assert len(reader._held) <= MAX_HEAD_BYTES + MAX_BODY_BYTES + 4


def test_the_first_video_of_a_description() -> None:
    track = video_track(SDP, "rtsp://h/a/")
    assert track is not None
    assert (track.control, track.payload_type, track.encoding) == ("rtsp://h/a/v", 96, "H264")
    assert [each[0] & 0x1F for each in track.parameter_sets] == [7, 8]
    assert video_track(b"v=0\r\nm=audio 0 RTP/AVP 8\r\n", "rtsp://h/a") is None


@pytest.mark.parametrize(
    ("base", "whole", "control", "aggregate"),
    [
        ("rtsp://h/a/", "*", "rtsp://h/a/v", "rtsp://h/a/"),
        ("rtsp://h/a?from=1&to=2", "*", "rtsp://h/a?from=1&to=2/v", "rtsp://h/a?from=1&to=2"),
        ("rtsp://h/a", "rtsp://h/b/", "rtsp://h/b/v", "rtsp://h/b/"),
    ],
)
def test_addresses_in_a_description(base: str, whole: str, control: str, aggregate: str) -> None:
    track = video_track(SDP.replace(b"m=audio", b"a=control:" + whole.encode() + b"\r\nm=audio"), base)
    assert track is not None
    assert (track.control, track.aggregate) == (control, aggregate)


@given(
    st.binary(max_size=200) | st.builds(lambda at, more: SDP[:at] + more + SDP[at:], st.integers(0, 150), st.binary())
)
def test_any_description_is_a_video_or_none(body: bytes) -> None:
    track = video_track(body, "rtsp://h/a/")
    assert track is None or (0 <= track.payload_type < 128 and len(track.parameter_sets) <= 8)


def test_ranges() -> None:
    assert clock_range("clock=19700101T000001Z-19700101T000002Z") == (1000, 2000)
    assert clock_range("clock=19700101T000001.25Z-") == (1250, None)
    assert clock_range("npt=0-5") is None
    assert clock_range("clock=19701301T000001Z-") is None
    assert write_clock_range(1_900, 2_100) == "clock=19700101T000001Z-19700101T000003Z"


@given(st.text(max_size=80))
def test_any_range_is_one_or_none(text: str) -> None:
    found = clock_range(text) or clock_range("clock=" + text)
    assert found is None or isinstance(found[0], int)


def test_the_time_in_the_extension() -> None:
    ntp = (2_208_988_800 + 10) << 32 | 1 << 31
    head = b"\x90\x60\x00\x01" + (90).to_bytes(4) + b"\0\0\0\7"
    packet = head + b"\xab\xac\x00\x03" + ntp.to_bytes(8) + b"\x10\0\0\0" + b"data"
    assert replay_time(packet) == ReplayTime(90, 10_500, is_last=True)
    assert replay_time(packet[:20]) is None
    assert replay_time(head + b"\xbe\xde\x00\x03" + bytes(12)) is None


@given(st.binary(max_size=40))
def test_any_packet_has_a_time_or_none(data: bytes) -> None:
    found = replay_time(b"\x90" + data)
    assert found is None or -(2_208_988_800_000) <= found.at_ms < 2**42


@pytest.mark.parametrize(
    ("template", "address", "channel"),
    [
        ("rtsp://h/Streaming/tracks/{channel}01?starttime={start}", "rtsp://x/Streaming/tracks/1201/", "12"),
        ("rtsp://h/cam/playback?channel={channel}&subtype=0", "rtsp://x/cam/playback?channel=3&subtype=0", "3"),
        ("rtsp://h/p/{channel}", "rtsp://x/other", None),
        ("rtsp://h/{channel}", "rtsp://x/7", None),
    ],
)
def test_the_channel_in_an_address(template: str, address: str, channel: str | None) -> None:
    pattern = channel_pattern(template)
    found = re.search(pattern, address) if pattern else None
    assert (None if found is None else found[1]) == channel
