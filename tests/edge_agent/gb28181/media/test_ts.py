"""The video of a transport stream."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gb28181.media.ps import LostBytes, Piece, VideoPiece
from edge_agent.gb28181.media.ts import PACKET_BYTES, TransportStream, is_ts
from provisioning.demo.simulators.gb28181.footage import Unit
from provisioning.demo.simulators.gb28181.ps import TransportStream as Writer
from tests.edge_agent.gb28181.nal_text import key, plain

PICTURES = [key("h264", size=400), *(plain("h264", number, size=300) for number in range(1, 5))]


def stream() -> list[bytes]:
    writer = Writer("h264")
    data = b"".join(
        writer.pack(Unit(picture, number * 3600, number * 3600, number == 0), number * 3600, number * 3600)
        for number, picture in enumerate(PICTURES)
    )
    return [data[at : at + PACKET_BYTES] for at in range(0, len(data), PACKET_BYTES)]


def read(*payloads: bytes) -> list[Piece]:
    ts = TransportStream()
    return [piece for payload in payloads for piece in ts.push(payload)]


def test_pictures_end_where_the_next_begin() -> None:
    whole = [VideoPiece(picture, number * 3600) for number, picture in enumerate(PICTURES[:-1])]
    assert read(b"".join(stream())) == whole
    assert read(*stream()) == whole
    twice = [packet for packet in stream() for _ in range(2)]
    assert read(*twice) == whole


def test_a_missing_packet_is_noticed() -> None:
    packets = stream()
    damaged = packets[:3] + packets[4:]
    assert LostBytes(PACKET_BYTES) in read(*damaged)
    assert read(*damaged)[-1] == VideoPiece(PICTURES[3], 3 * 3600)


def test_when_packets_are_missing_what_is_there_of_a_picture_is_given() -> None:
    ts = TransportStream()
    for packet in stream()[:4]:
        ts.push(packet)
    assert ts.held_bytes > 0
    begun = ts.reset()
    assert begun is not None
    assert PICTURES[0].startswith(begun.data)


def test_what_is_no_packet_is_lost() -> None:
    packets = stream()
    assert read(packets[0][:100]) == [LostBytes(100)]
    assert read(b"\x46" + packets[0][1:]) == [LostBytes(PACKET_BYTES)]
    assert read(packets[0][:1] + b"\xc0" + packets[0][2:]) == [LostBytes(PACKET_BYTES)]


def test_a_transport_stream_is_known_by_its_packets() -> None:
    packets = stream()
    assert is_ts(packets[0])
    assert is_ts(b"".join(packets))
    assert not is_ts(b"")
    assert not is_ts(packets[0] + b"\x46" + packets[1][1:])
    assert not is_ts(packets[0][1:])


@given(
    st.lists(st.binary(min_size=187, max_size=187) | st.sampled_from([packet[1:] for packet in stream()]), max_size=12)
)
def test_anything_gives_pieces(bodies: list[bytes]) -> None:
    ts = TransportStream()
    for body in bodies:
        ts.push(b"\x47" + body)
        assert ts.held_bytes <= len(bodies) * PACKET_BYTES + 14
