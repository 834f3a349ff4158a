"""What the first bytes of a NAL unit say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gb28181.media import nal
from edge_agent.gb28181.media.nal import Codec, NalKind
from tests.edge_agent.gb28181.nal_text import SETS


@pytest.mark.parametrize(
    ("head", "codec"),
    [
        ("674200", "h264"),
        ("274200", "h264"),
        ("074200", None),  # an SPS that nothing refers to
        ("e74200", None),
        ("40010c", "h265"),
        ("420101", "h265"),
        ("440101", None),
        ("419a24", None),  # a slice of H.264, whose type as H.265 is VPS
        ("28ee3c", None),
    ],
)
def test_parameter_sets_alone_tell_the_codec(head: str, codec: Codec | None) -> None:
    assert nal.codec_of(bytes.fromhex(head)) == codec


@pytest.mark.parametrize(
    ("head", "codec", "kind"),
    [
        ("658884", "h264", NalKind.KEY_SLICE),
        ("419a24", "h264", NalKind.SLICE),
        ("68ce38", "h264", NalKind.PARAMETERS),
        ("09f000", "h264", NalKind.PREFIX),
        ("0cffff", "h264", NalKind.OTHER),
        ("ba4400", "h264", NalKind.DAMAGED),
        ("2601ac", "h265", NalKind.KEY_SLICE),
        ("2a01ac", "h265", NalKind.KEY_SLICE),
        ("0201d0", "h265", NalKind.SLICE),
        ("4401c0", "h265", NalKind.PARAMETERS),
        ("4e0105", "h265", NalKind.PREFIX),
        ("500105", "h265", NalKind.OTHER),
        ("e00000", "h265", NalKind.DAMAGED),
        ("0209d0", "h265", NalKind.OTHER),  # of a layer above the base
        ("0301d0", "h265", NalKind.OTHER),
    ],
)
def test_what_a_unit_is_for(head: str, codec: Codec, kind: NalKind) -> None:
    assert nal.kind_of(bytes.fromhex(head), codec) is kind


def test_first_slices() -> None:
    assert nal.is_first_slice(b"\x65\x88\x84", "h264")
    assert not nal.is_first_slice(b"\x65\x1a\x24", "h264")
    assert nal.is_first_slice(b"\x26\x01\xac", "h265")
    assert not nal.is_first_slice(b"\x26\x01\x2c", "h265")
    assert nal.is_intra(b"\x41\x88\x84", "h264")
    assert not nal.is_intra(b"\x41\x9a\x24", "h264")
    assert not nal.is_intra(b"\x26\x88\xac", "h265")


def test_an_sps_goes_on_with_a_profile() -> None:
    assert nal.has_known_profile(SETS["h264"][0])
    assert not nal.has_known_profile(b"\x67\x03\x00")
    assert not nal.has_known_profile(b"\x67\x42\x01")


@given(st.binary(min_size=3, max_size=3), st.sampled_from(["h264", "h265"]))
def test_anything_has_a_kind(head: bytes, codec: Codec) -> None:
    assert isinstance(nal.kind_of(head, codec), NalKind)
    assert nal.codec_of(head) in {None, "h264", "h265"}
    assert 0 <= nal.name_of(head, codec) < 64
