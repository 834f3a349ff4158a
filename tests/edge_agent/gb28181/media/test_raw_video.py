"""NAL units out of RTP payloads without a program stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gb28181.media.nal import Codec
from edge_agent.gb28181.media.raw_video import RawVideo, codec_in
from provisioning.demo.simulators.gb28181.stream import h264_payloads, h265_payloads
from tests.edge_agent.gb28181.nal_text import SETS

UNITS: dict[Codec, list[bytes]] = {
    "h264": [*SETS["h264"], b"\x65\x88" + bytes(range(1, 200))],
    "h265": [*SETS["h265"], b"\x26\x01" + bytes(range(1, 200))],
}


def read(codec: Codec, payloads: list[bytes]) -> list[bytes]:
    raw = RawVideo(codec)
    data = b"".join(piece.data for payload in payloads for piece in raw.push(payload))
    return data.split(b"\0\0\1")[1:]


@pytest.mark.parametrize("limit", [40, 1400])
def test_units_whole_and_in_fragments(limit: int) -> None:
    assert read("h264", h264_payloads(UNITS["h264"], limit)) == UNITS["h264"]
    assert read("h265", h265_payloads(UNITS["h265"], limit)) == UNITS["h265"]


@pytest.mark.parametrize(("codec", "head"), [("h264", b"\x78"), ("h265", b"\x60\x01")])
def test_aggregates(codec: Codec, head: bytes) -> None:
    aggregate = head + b"".join(len(unit).to_bytes(2) + unit for unit in UNITS[codec])
    assert read(codec, [aggregate]) == UNITS[codec]
    assert read(codec, [aggregate[:-1]]) == UNITS[codec][:-1]
    assert read(codec, [head + b"\0\0\0\0"]) == []


def test_a_fragment_without_its_beginning_is_passed_over() -> None:
    payloads = h264_payloads(UNITS["h264"], 40)
    assert read("h264", payloads[:2] + payloads[3:]) == UNITS["h264"][:2]
    raw = RawVideo("h264")
    raw.push(payloads[2])
    raw.reset()
    assert raw.push(payloads[3]) == []


@pytest.mark.parametrize(("codec", "payload"), [("h264", b"\x7d\0\0"), ("h265", b"\x64\1\0"), ("h264", b"\x67\x42")])
def test_what_makes_no_sense_is_nothing(codec: Codec, payload: bytes) -> None:
    assert read(codec, [payload]) == []


@pytest.mark.parametrize(
    ("payload", "codec"),
    [
        (SETS["h264"][0], "h264"),
        (SETS["h265"][0], "h265"),
        (b"\x78\0\5" + SETS["h264"][0], "h264"),
        (b"\x60\x01\0\5" + SETS["h265"][0], "h265"),
        (b"\x41\0\5" + SETS["h264"][0], None),
        (b"\x67\x03\0", None),
        (SETS["h264"][0] + bytes(300), None),
        (b"\x67", None),
        (b"", None),
    ],
)
def test_parameter_sets_tell_the_codec(payload: bytes, codec: Codec | None) -> None:
    assert codec_in(payload) == codec


@given(st.lists(st.binary(max_size=40)), st.sampled_from(["h264", "h265"]))
def test_anything_is_bytes_or_nothing(payloads: list[bytes], codec: Codec) -> None:
    raw = RawVideo(codec)
    for payload in payloads:
        assert sum(len(piece.data) for piece in raw.push(payload)) <= 3 * len(payload) + 3
        codec_in(payload)
