"""Every parser of foreign bytes costs work in proportion to their number, whatever they are.

Instructions are counted (`tests.support.effort`). A sequence that costs the square of its length would take eight times
what is allowed here at the sizes that are tried, and seconds at those that are let in.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

import pytest

from edge_agent.gb28181.manscdp import body
from edge_agent.gb28181.media import sdp
from edge_agent.gb28181.media.annexb import AccessUnits
from edge_agent.gb28181.media.ps import ProgramStream
from edge_agent.gb28181.media.rtp_tcp import TcpFramer
from edge_agent.gb28181.media.ts import TransportStream
from edge_agent.gb28181.sessions import dialogs
from edge_agent.sources.jpeg_markers import jpeg_shape
from edge_agent.sources.picture_header import UnusablePictureError
from edge_agent.viid import bodies
from edge_agent.viid.json_reader import MalformedBodyError
from provisioning.contracts.errors import ContractError
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import Heartbeat
from provisioning.discover import rtsp, ws_discovery
from provisioning.manscdp import charset
from provisioning.net import digest
from provisioning.net.digest import Account
from provisioning.sip import addresses, challenge, message
from provisioning.sip.errors import ProtocolError
from provisioning.sip.framing import DatagramJoiner, StreamFramer
from provisioning.sip.headers import Headers
from provisioning.sip.message import Response
from provisioning.sip.peer import Peer
from tests.support.effort import instructions, processor_time_ratio

FEW: Final = 8
"""Times as many bytes in the large input as in the small one."""
SMALL: Final = 1000
"""Bytes of the small input. The largest header of SIP holds the large one."""
FIXED: Final = 2000
"""Instructions that a call costs before it has read anything."""
SLACK: Final = 1.5
PROCESSOR_SLACK: Final = 4
"""Caches and neighbours make processor time differ by up to two; the square would be eight."""

Read = Callable[[bytes], object]
REFUSALS: Final = (ProtocolError, ContractError, MalformedBodyError, UnusablePictureError, ws_discovery.GarbageError)


def _in_pieces(push: Callable[[bytes], object], data: bytes) -> None:
    """As a network would deliver them: 50 bytes at a time."""
    for at in range(0, len(data), 50):
        push(data[at : at + 50])


def _framed(data: bytes) -> None:
    framer = StreamFramer()

    def push(piece: bytes) -> None:
        framer.receive(piece, 0)
        while framer.next_message() is not None:
            pass

    _in_pieces(push, data)


def _joined(data: bytes) -> None:
    joiner = DatagramJoiner()
    peer = Peer("udp", "192.0.2.7", 5060, 1)
    _in_pieces(lambda piece: joiner.receive(piece, peer, 0), data)


def _units(data: bytes) -> None:
    units = AccessUnits()
    _in_pieces(lambda each: units.push(each, 0), data)


def _challenged(data: bytes) -> None:
    headers = Headers((("WWW-Authenticate", "Digest " + data.decode("latin-1").translate({10: 32, 13: 32})),))
    challenge.answered(Response(401, "", headers), Account("a", "b"), "REGISTER", "sip:a", "0".zfill)


XML: Final[dict[str, bytes]] = {
    "opened and never closed": b"<a>",
    "closed and never opened": b"</b>",
    "opened, and another closed": b"<a></b>",
    "items within one another": b"<Item>",
    "fields that nobody closes": b"<Item><DeviceID>1<Name>2",
    "references": b"&#",
    "sections": b"<![CDATA[",
    "comments": b"<!--",
    "half an attribute": b'<a b="',
    "a long attribute name": b"<a " + b"b" * 60 + b"=>",
    "spaces": b"    ",
    "closing roots": b"</Notify ",
}
SIP: Final[dict[str, bytes]] = {
    "letters": b"a",
    "spaces": b" ",
    "folds": b"\r\n ",
    "lines": b"a:\r\n",
    "first lines": b"\nA sip:b ",
    "roots that close": b"</Notify>",
    "quotes": b'a="',
    "escapes": b'"\\',
    "semicolons": b";a",
    "equals": b"a=",
}
START: Final = b"MESSAGE sip:1@2 SIP/2.0\r\n"

# name, the reader, what stands before the repeated piece, the pieces by name
READERS: Final[list[tuple[str, Read, bytes, dict[str, bytes]]]] = [
    ("a MANSCDP body", body.parse, b"<Notify><CmdType>Catalog</CmdType>", XML),
    ("a MANSCDP body without its head", body.parse, b"", XML),
    ("a charset", charset.decode, b"<?xml ", XML),
    ("a SIP message", message.parse, START, SIP),
    ("a SIP stream", _framed, START, SIP),
    ("a SIP stream with a body", _framed, START + b"a: b\r\n\r\n<", XML),
    ("SIP datagrams", _joined, START, SIP),
    ("SIP datagrams with a body", _joined, START + b"a: b\r\n\r\n<", XML),
    ("a SIP address", lambda data: addresses.parameter(data.decode("latin-1"), "tag"), b"<sip:a>", SIP),
    ("a challenge", _challenged, b"", SIP),
    ("a digest", lambda data: digest.parse("Digest " + data.decode("latin-1")), b"", SIP),
    ("an SDP", sdp.parse_answer, b"v=0\r\n", {**SIP, "media": b"m=video 1 ", "maps": b"a=rtpmap:"}),
    ("an end of file", dialogs.tells_file_end, b"", {"words": b"MediaStatus ", "numbers": b"MediaStatus 12"}),
    (
        "a GA/T 1400 body",
        bodies.parse,
        b'{"MotorVehicleListObject":',
        {
            "arrays": b"[",
            "objects": b'{"a":',
            "strings": b'"a',
            "escapes": b'\\"',
            "commas": b",",
            "numbers": b"1",
        },
    ),
    (
        "a JPEG",
        jpeg_shape,
        b"\xff\xd8",
        {
            "fill": b"\xff",
            "segments": b"\xff\xe1\x00\x02",
            "scans": b"\xff\xda\x00\x02\xff\x00",
            "zeroes": b"\0",
        },
    ),
    ("a WS-Discovery answer", lambda data: ws_discovery.parse(data, "a"), b"<a>", XML),
    ("an RTSP answer", lambda data: rtsp.read("192.0.2.7", 554, data), b"RTSP/1.0 200 OK\r\n", SIP),
    ("a heartbeat", lambda data: codec.decode(Heartbeat, data), b'{"agent_id":', {"arrays": b"[", "strings": b'"a"'}),
    (
        "a program stream",
        lambda data: _in_pieces(ProgramStream().push, data),
        b"\0\0\x01\xba",
        {
            "zeroes": b"\0",
            "codes": b"\0\0\x01",
            "packs": b"\0\0\x01\xba",
            "video": b"\0\0\x01\xe0\0\x08\x80\0\0",
        },
    ),
    (
        "a transport stream",
        lambda data: _in_pieces(TransportStream().push, data),
        b"",
        {
            "syncs": b"G",
            "packets": b"G" + b"\0" * 187,
        },
    ),
    (
        "RTP over TCP",
        lambda data: _in_pieces(TcpFramer().push, data),
        b"",
        {
            "zeroes": b"\0",
            "frames": b"\0\x0c\x80\x60" + b"\0" * 10,
            "dollars": b"$",
        },
    ),
    (
        "video",
        _units,
        b"",
        {
            "zeroes": b"\0",
            "units": b"\0\0\x01\x65",
        },
    ),
]
CASES: Final = [
    pytest.param(read, before, piece, id=f"{name}: {what}")
    for name, read, before, pieces in READERS
    for what, piece in pieces.items()
]


def _sized(before: bytes, piece: bytes, size: int) -> bytes:
    return before + piece * (size // len(piece))


def _attempt(read: Read, data: bytes) -> Callable[[], object]:
    def attempt() -> None:
        with suppress(*REFUSALS):
            read(data)

    return attempt


@pytest.mark.parametrize(("read", "before", "piece"), CASES)
def test_eight_times_the_bytes_cost_eight_times_the_instructions_at_most(
    read: Read, before: bytes, piece: bytes
) -> None:
    few, many = (instructions(_attempt(read, _sized(before, piece, size))) for size in (SMALL, FEW * SMALL - 200))
    assert many <= FIXED + SLACK * FEW * few


@pytest.mark.parametrize(("read", "before", "piece"), CASES)
def test_nor_does_any_c_function_below_them_cost_the_square(read: Read, before: bytes, piece: bytes) -> None:
    small, large = (_attempt(read, _sized(before, piece, size)) for size in (SMALL, FEW * SMALL - 200))
    most = PROCESSOR_SLACK * FEW
    assert processor_time_ratio(small, large, most) <= most
