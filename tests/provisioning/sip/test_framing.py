"""One message at a time, out of a TCP stream and out of datagrams, however they are cut."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.sip import framing
from provisioning.sip import message as sip
from provisioning.sip.framing import MAX_JOINED, MAX_PIECES, PAUSE_S, DatagramJoiner, StreamFramer
from provisioning.sip.message import SipError
from provisioning.sip.peer import Peer
from tests.edge_agent.gb28181.corpus_file import CORPUS

WHOLE = sorted(file for file in CORPUS.glob("*.sip") if not file.name.startswith("catalog-cut"))
PEER = Peer("udp", "192.0.2.10", 5060)


def read(name: str) -> bytes:
    return (CORPUS / name).read_bytes()


KEEPALIVE = read("keepalive.sip")
REGISTER = read("register.sip")
OFFER = read("invite-200.sip")
CUT = [read(f"catalog-cut.{number}.sip") for number in (1, 2, 3)]


def messages(framer: StreamFramer) -> list[bytes]:
    return list(iter(framer.next_message, None))


def framed(*pieces: bytes) -> list[bytes]:
    """What comes out of a stream that then stops."""
    framer, out = StreamFramer(), []
    for piece in pieces:
        framer.receive(piece, 0.0)
        out += messages(framer)
    framer.handle_timer(PAUSE_S)
    return out + messages(framer)


@pytest.mark.parametrize("name", [file.name for file in WHOLE])
def test_every_message_is_whole_after_a_pause_at_the_latest(name: str) -> None:
    expected = sip.parse(read(name))
    assert [sip.parse(message) for message in framed(read(name))] == [expected]


@pytest.mark.parametrize("name", [file.name for file in WHOLE])
def test_every_message_ends_where_the_next_begins(name: str) -> None:
    expected = sip.parse(read(name))
    first, second = framed(read(name) + REGISTER)
    assert (sip.parse(first), second) == (expected, REGISTER)


def test_a_stream_cut_at_each_byte() -> None:
    stream = REGISTER + KEEPALIVE + OFFER + read("keepalive-length-too-long.sip") + REGISTER
    whole = framed(stream)
    assert len(whole) == 5
    assert framed(*(stream[at : at + 1] for at in range(len(stream)))) == whole


def test_pings_between_messages_are_nothing() -> None:
    assert framed(read("stream-pings.bin")) == [KEEPALIVE, KEEPALIVE]
    assert framed(b"\r\n", b"\r\n\r\n") == []


def test_messages_wait_for_all_of_their_length() -> None:
    framer = StreamFramer()
    framer.receive(OFFER[:-1], 0.0)
    assert messages(framer) == []
    assert framer.get_timer() is None
    framer.receive(OFFER[-1:], 9.0)
    assert messages(framer) == [OFFER]


@pytest.mark.parametrize("name", ["keepalive-length-missing.sip", "keepalive-length-and-type-missing.sip"])
def test_without_a_length_xml_ends_at_its_closing_tag_at_once(name: str) -> None:
    framer = StreamFramer()
    framer.receive(read(name), 0.0)
    assert messages(framer) == [read(name)]


@pytest.mark.parametrize("name", ["keepalive-length-missing.sip", "keepalive-length-0.sip"])
def test_without_a_length_a_body_may_come_late(name: str) -> None:
    head, body = read(name).split(b"<?xml")
    framer = StreamFramer()
    framer.receive(head, 0.0)
    assert messages(framer) == []
    assert framer.get_timer() == PAUSE_S
    framer.receive(b"<?xml", 0.5)
    framer.handle_timer(PAUSE_S)
    assert messages(framer) == []
    assert framer.get_timer() == 0.5 + PAUSE_S
    framer.receive(body, 1.4)
    assert messages(framer) == [read(name)]
    assert framer.get_timer() is None


def test_without_a_length_and_a_closing_tag_a_pause_ends_it() -> None:
    cut = read("keepalive-length-missing.sip").partition(b"</Notify>")[0]
    framer = StreamFramer()
    framer.receive(cut, 3.0)
    assert messages(framer) == []
    framer.handle_timer(3.0 + PAUSE_S)
    assert messages(framer) == [cut]


@pytest.mark.parametrize("length", [b"X-Length: 1", b"Content-Length: 0"])
def test_a_description_without_a_length_ends_with_a_pause_or_the_next_message(length: bytes) -> None:
    offer = re.sub(rb"Content-Length: [0-9]+", length, OFFER)
    assert framed(offer) == [offer]
    assert framed(offer, REGISTER) == [offer, REGISTER]


def test_no_length_and_no_type_is_no_body() -> None:
    bare = REGISTER.replace(b"Content-Length: 0\r\n", b"")
    framer = StreamFramer()
    framer.receive(bare, 0.0)
    assert messages(framer) == [bare]


def test_a_length_that_is_too_long_is_seen_at_the_next_message_or_after_a_pause() -> None:
    long = read("keepalive-length-too-long.sip")
    framer = StreamFramer()
    framer.receive(long, 0.0)
    assert messages(framer) == []
    framer.receive(REGISTER[:30], 0.1)
    assert messages(framer) == []
    framer.receive(REGISTER[30:], 0.2)
    assert messages(framer) == [long, REGISTER]


def test_a_slow_message_is_waited_for_whatever_the_timer_says() -> None:
    framer = StreamFramer()
    framer.receive(KEEPALIVE[:-30], 0.0)
    framer.handle_timer(PAUSE_S)
    assert messages(framer) == []
    assert framer.get_timer() is None
    framer.receive(KEEPALIVE[-30:], 20.0)
    assert messages(framer) == [KEEPALIVE]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (read("scanner-http.bin"), "not SIP"),
        (read("scanner-tls.bin"), "not SIP"),
        (bytes(range(33, 127)) * 100, "not SIP"),
        (KEEPALIVE.replace(b"Content-Length: ", b"Content-Length: 999"), "over 65536 bytes"),
        (REGISTER[:-2] + b"X: 1\r\n" * 11000, "over 65536 bytes"),
        (read("keepalive-length-missing.sip").partition(b"</Notify>")[0] + 66000 * b" ", "no end within 65536 bytes"),
    ],
)
def test_what_cannot_be_read_on_is_an_error_after_what_could(data: bytes, complaint: str) -> None:
    framer = StreamFramer()
    framer.receive(KEEPALIVE + data, 0.0)
    assert framer.next_message() == KEEPALIVE
    with pytest.raises(SipError, match=complaint):
        framer.next_message()


def joined(*datagrams: bytes) -> Iterator[list[bytes]]:
    joiner = DatagramJoiner()
    for datagram in datagrams:
        yield [message for message, _ in joiner.receive(datagram, PEER, 0.0)]


def test_a_text_over_three_datagrams_is_one_message() -> None:
    assert list(joined(*CUT)) == [[], [], [b"".join(CUT)]]


@pytest.mark.parametrize("name", [file.name for file in WHOLE])
def test_every_datagram_that_is_whole_is_not_waited_for(name: str) -> None:
    assert list(joined(read(name))) == [[read(name)]]


def test_a_head_alone_waits_for_its_body() -> None:
    head, body = OFFER.split(b"v=0")
    assert list(joined(head, b"v=0" + body)) == [[], [OFFER]]
    assert list(joined(head[:100], head[100:], b"v=0" + body)) == [[], [], [OFFER]]


def test_xml_of_an_unknown_root_is_whole_by_its_length() -> None:
    other = KEEPALIVE.replace(b"Notify>", b"Other_>")
    assert list(joined(other)) == [[other]]


def test_pings_come_to_nothing_and_nonsense_to_the_parser() -> None:
    assert list(joined(b"", b"\r\n\r\n", b"\0", b"nonsense")) == [[], [], [], [b"nonsense"]]


def test_a_new_message_releases_what_waited() -> None:
    assert list(joined(CUT[0], REGISTER)) == [[], [CUT[0], REGISTER]]


def test_each_peer_has_a_text_of_its_own() -> None:
    joiner, other = DatagramJoiner(), Peer("udp", "192.0.2.10", 5061)
    assert joiner.receive(CUT[0], PEER, 0.0) == []
    assert joiner.receive(CUT[0], other, 0.3) == []
    assert joiner.receive(CUT[1] + CUT[2], PEER, 0.3) == [(b"".join(CUT), PEER)]
    assert joiner.get_timer() == 0.3 + PAUSE_S


def test_a_text_in_more_pieces_than_any_device_sends_is_released_as_it_is() -> None:
    joiner, pieces = DatagramJoiner(), [CUT[0][:200], *(CUT[0][at : at + 1] for at in range(200, 300))]
    out = [joiner.receive(piece, PEER, 0.0) for piece in pieces[:MAX_PIECES]]
    assert out[:-1] == [[]] * (MAX_PIECES - 1)
    assert out[-1] == [(b"".join(pieces[:MAX_PIECES]), PEER)]


def test_after_a_second_it_is_released_as_it_is() -> None:
    joiner = DatagramJoiner()
    assert joiner.get_timer() is None
    joiner.receive(CUT[0], PEER, 5.0)
    joiner.receive(CUT[1], PEER, 5.9)
    assert joiner.get_timer() == 5.0 + PAUSE_S
    assert joiner.handle_timer(5.9) == []
    assert joiner.receive(CUT[2], PEER, 6.0) == [(CUT[0] + CUT[1], PEER), (CUT[2], PEER)]
    assert joiner.get_timer() is None


def test_a_text_that_grows_too_large_goes_to_the_parser() -> None:
    datagrams = [CUT[0].replace(b"Content-Length: ", b"Content-Length: 99"), *[30_000 * b"x"] * 3]
    *first, last = joined(*datagrams)
    assert first == [[], [], []]
    with pytest.raises(SipError, match="at most 65536"):
        sip.parse(last[0])


def test_where_too_many_wait_the_oldest_is_released() -> None:
    joiner = DatagramJoiner()
    peers = [Peer("udp", "192.0.2.10", port) for port in range(MAX_JOINED + 1)]
    assert [joiner.receive(CUT[0], peer, 0.0) for peer in peers[:-1]] == [[]] * MAX_JOINED
    assert joiner.receive(CUT[0], peers[-1], 0.0) == [(CUT[0], peers[0])]


def test_where_too_much_waits_the_oldest_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "MAX_JOINED_BYTES", 2 * len(CUT[0]))
    joiner = DatagramJoiner()
    peers = [Peer("udp", "192.0.2.10", port) for port in range(3)]
    assert [joiner.receive(CUT[0], peer, 0.0) for peer in peers] == [[], [], [(CUT[0], peers[0])]]


PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            *(file.read_bytes() for file in WHOLE),
            *CUT,
            b"\r\n\r\n",
            b"</Notify>",
            b"Content-Length: 7\r\n",
            b"c: xml\r\n",
            b"MESSAGE sip:a@b SIP/2.0\r\n",
            b"<a>",
        ]
    ),
)


@given(st.lists(st.tuples(PIECES, st.floats(0, 1), st.sampled_from([0.0, PAUSE_S])), max_size=12))
def test_any_stream_gives_its_bytes_in_order_or_an_error(pieces: list[tuple[bytes, float, float]]) -> None:
    framer, now_s, fed, out = StreamFramer(), 0.0, b"", b""
    try:
        for piece, cut, wait_s in pieces:
            for part in (piece[: round(cut * len(piece))], piece[round(cut * len(piece)) :]):
                framer.receive(part, now_s)
                fed += part
                out += b"".join(messages(framer))
            now_s += wait_s
            framer.handle_timer(now_s)
            out += b"".join(messages(framer))
    except SipError:
        return
    assert is_in_order(out, fed)
    assert len(framer._buffer) <= sip.MAX_MESSAGE


def is_in_order(some: bytes, whole: bytes) -> bool:
    """Whether these are those bytes with pieces left out."""
    rest = iter(whole)
    return all(byte in rest for byte in some)


@given(st.lists(st.tuples(PIECES, st.integers(1, 3), st.sampled_from([0.0, 0.4, PAUSE_S])), max_size=20))
def test_any_datagrams_come_out_again_for_whom_they_came(datagrams: list[tuple[bytes, int, float]]) -> None:
    joiner, now_s = DatagramJoiner(), 0.0
    fed: dict[Peer, bytes] = {}
    out: dict[Peer, bytes] = {}
    for data, port, wait_s in datagrams:
        peer = Peer("udp", "192.0.2.10", port)
        fed[peer] = fed.get(peer, b"") + data
        for message, whose in joiner.receive(data, peer, now_s):
            out[whose] = out.get(whose, b"") + message
        now_s += wait_s
    for message, whose in joiner.handle_timer(now_s + PAUSE_S):
        out[whose] = out.get(whose, b"") + message
    assert all(is_in_order(out.get(peer, b""), data) for peer, data in fed.items())
    assert joiner.get_timer() is None
    assert joiner._bytes == 0
