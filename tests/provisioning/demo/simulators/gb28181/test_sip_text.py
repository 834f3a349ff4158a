"""SIP as the device reads it: any bytes are a message or a named error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.demo.simulators.gb28181 import sip_text
from provisioning.demo.simulators.gb28181.sip_text import Framer, SipTextError

TEXT = (
    b"MESSAGE sip:34020000001180000001@192.0.2.10:5061 SIP/2.0\r\nv: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
    b'f: "\xb6\xab" <sip:34020000002000000001@3402000000>;tag=a\r\nCSeq: 7 MESSAGE\r\n'
    b"X: 1\r\n  2\r\nl: 4\r\n\r\n<a/>junk"
)


def test_a_message_is_read() -> None:
    message = sip_text.parse(TEXT)
    assert (message.method, message.status, message.cseq, message.body) == ("MESSAGE", 0, (7, "MESSAGE"), b"<a/>")
    assert message.get("x") == "1 2"
    assert sip_text.user(message.get("from")) == "34020000002000000001"
    assert sip_text.parameter(message.get("from"), "tag") == "a"
    assert sip_text.parameter(message.get("via"), "branch") == "z9hG4bK1"
    assert sip_text.uri(message.uri) == "sip:34020000001180000001@192.0.2.10:5061"
    again = sip_text.encode(message.start, list(message.headers), message.body)
    assert sip_text.parse(again) == message


@pytest.mark.parametrize(
    "data", [b"", b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"SIP/2.0 200\r\nno colon\r\n\r\n", b"x" * 65_536]
)
def test_what_is_no_message(data: bytes) -> None:
    with pytest.raises(SipTextError):
        sip_text.parse(data)


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    for tried in (data, TEXT[:60] + data, b"SIP/2.0 200 OK\r\n" + data + b"\r\n\r\n"):
        try:
            message = sip_text.parse(tried)
        except SipTextError:
            continue
        assert message.cseq[0] >= 0
        assert len(message.body) <= len(tried)


@given(st.lists(st.integers(1, 40), max_size=20))
def test_a_stream_is_cut_anywhere(steps: list[int]) -> None:
    message = TEXT.removesuffix(b"junk")
    stream = b"\r\n\r\n" + message + b"\r\n" + message + b"\r\n\r\n" + message
    framer, found, at = Framer(), [], 0
    for step in [*steps, len(stream)]:
        found += framer.push(stream[at : at + step])
        at += step
    assert found == [message] * 3


def test_a_stream_without_messages_is_given_up() -> None:
    framer = Framer()
    with pytest.raises(SipTextError):
        framer.push(b"x" * 65_536)
    with pytest.raises(SipTextError):
        Framer().push(b"A sip:b SIP/2.0\r\nContent-Length: 99999999\r\n\r\n")
