"""How a playback is steered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gb28181.sessions import mansrtsp
from edge_agent.gb28181.sessions.mansrtsp import Command, MansrtspError, Reply


def test_what_we_write() -> None:
    assert (
        mansrtsp.play(2, scale=2.0, start_s=120) == b"PLAY RTSP/1.0\r\nCSeq: 2\r\nScale: 2.0\r\nRange: npt=120-\r\n\r\n"
    )
    assert mansrtsp.play(3) == b"PLAY RTSP/1.0\r\nCSeq: 3\r\nRange: npt=now-\r\n\r\n"
    assert mansrtsp.play(4, scale=0.5) == b"PLAY RTSP/1.0\r\nCSeq: 4\r\nScale: 0.5\r\n\r\n"
    assert mansrtsp.pause(3) == b"PAUSE RTSP/1.0\r\nCSeq: 3\r\nPauseTime: now\r\n\r\n"
    assert mansrtsp.teardown(5) == b"TEARDOWN RTSP/1.0\r\nCSeq: 5\r\n\r\n"


@pytest.mark.parametrize("start_s", [0.5, 0, 100, 86_399, 1_234_567])
def test_a_place_is_written_without_an_exponent(start_s: float) -> None:
    assert mansrtsp.parse(mansrtsp.play(1, start_s=start_s)) == Command("PLAY", 1, None, start_s)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (mansrtsp.play(2, scale=-2.0, start_s=1.5), Command("PLAY", 2, -2.0, 1.5)),
        (mansrtsp.play(2), Command("PLAY", 2)),
        (mansrtsp.pause(3), Command("PAUSE", 3)),
        (b"TEARDOWN MANSRTSP/1.0\nCSeq: 4\n", Command("TEARDOWN", 4)),
        (b"play sip:c@192.0.2.1 rtsp/1.0\rcseq:5\rscale: x\rrange: npt=x-", Command("PLAY", 5)),
        (b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nRTP-Info: seq=1;rtptime=2\r\n\r\n", Reply(200, 2)),
        (b"MANSRTSP/1.0 451\r\nCSeq: x\r\n", Reply(451)),
        (b"\x00RTSP/1.0 200 OK\x00", Reply(200)),
        (b"\r\n RTSP/1.0 200 OK \r\n CSeq : 7\r\n", Reply(200, 7)),
        (b"\r\n PLAY RTSP/1.0 \r\nRange: npt=NOW-\r\nScale : 2", Command("PLAY", None, 2.0)),
        (b"PAUSE RTSP/1.0" + b"\nA: b" * 64, Command("PAUSE")),
    ],
)
def test_what_is_read(body: bytes, expected: Command | Reply) -> None:
    assert mansrtsp.parse(body) == expected


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "neither a command nor a reply"),
        (b"<Notify/>", "neither a command nor a reply"),
        (b"PLAY HTTP/1.1", "neither a command nor a reply"),
        (b"\n" * 20_000, "a body of 20000 bytes"),
        (b"PLAY RTSP/1.0" + b"\nA: b" * 65, "65 lines"),
    ],
)
def test_what_is_none(body: bytes, what: str) -> None:
    with pytest.raises(MansrtspError, match=what):
        mansrtsp.parse(body)


PIECES = [b"PLAY RTSP/1.0", b"RTSP/1.0 200 OK", b"CSeq: 1", b"Scale: 1", b"Range: npt=now-", b"Range: npt=1.5-", b""]


@given(st.binary(max_size=200) | st.lists(st.sampled_from(PIECES) | st.binary(max_size=9)).map(b"\r\n".join))
def test_any_bytes_are_a_command_a_reply_or_one_error(body: bytes) -> None:
    try:
        read = mansrtsp.parse(body)
    except MansrtspError:
        return
    assert isinstance(read, Command | Reply)
