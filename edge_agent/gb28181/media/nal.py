"""Reads the first bytes of NAL units of H.264 (ITU-T H.264, 7.3.1 and 7.4.1) and H.265 (ITU-T H.265, 7.3.1.2)."""

from enum import Enum, auto
from typing import Final, Literal, TypeAlias

Codec: TypeAlias = Literal["h264", "h265"]
START: Final = b"\x00\x00\x01"
HEAD_BYTES: Final = 3
"""Bytes of a unit that are needed, from its header on."""


class NalKind(Enum):
    """Role of a NAL unit in the stream."""

    PARAMETERS = auto()
    """A parameter set: VPS, SPS, PPS."""
    KEY_SLICE = auto()
    """Slice of a picture that can be decoded by itself: IDR, in H.265 any IRAP."""
    SLICE = auto()
    PREFIX = auto()
    """Delimiter or SEI before a picture: it begins a new access unit."""
    OTHER = auto()
    """Belongs to the picture before it, or to none."""
    DAMAGED = auto()
    """Its `forbidden_zero_bit` is set: no encoder writes that."""


_H264: Final = {
    **dict.fromkeys((1, 2), NalKind.SLICE),
    5: NalKind.KEY_SLICE,
    **dict.fromkeys((7, 8), NalKind.PARAMETERS),
    **dict.fromkeys((6, 9, *range(14, 19)), NalKind.PREFIX),
}
_H265: Final = {
    **dict.fromkeys(range(32), NalKind.SLICE),
    **dict.fromkeys(range(16, 24), NalKind.KEY_SLICE),
    **dict.fromkeys((32, 33, 34), NalKind.PARAMETERS),
    **dict.fromkeys((35, 39, *range(41, 45), *range(48, 56)), NalKind.PREFIX),
}
_PROFILES: Final = frozenset({66, 77, 88, 100, 110, 122, 244})
"""`profile_idc` that cameras have (H.264, annex A)."""
_ALL_INTRA: Final = 0x88
"""`first_mb_in_slice` 0 and `slice_type` 7, each as ue(v): all slices of the picture are I (H.264, table 7-6)."""


def codec_of(head: bytes) -> Codec | None:
    """Returns the codec whose SPS, or VPS, this is; None for anything else.

    By nothing else: 0x27, 0x47, 0x67 are odd, so in H.265 they would belong to a layer that does not exist, and 0x40
    and 0x42 are no types that H.264 streams have. Others exist in both: 0x28 is a PPS here, an IDR slice there, and a
    lone slice 0x41 of H.264 looks like a VPS.
    """
    if is_sequence_parameter(head, "h264"):
        return "h264"
    return "h265" if head[:2] in {b"\x40\x01", b"\x42\x01"} else None


def is_sequence_parameter(head: bytes, codec: Codec) -> bool:
    """True if this is an SPS: there is one before every picture at which decoding can begin."""
    if codec == "h264":
        return head[0] & 0x9F == 7 and bool(head[0] & 0x60)
    return head[:2] == b"\x42\x01"


def has_known_profile(head: bytes) -> bool:
    """True if an SPS of H.264 goes on as one, where three bytes of anything might look like its header."""
    return head[1] in _PROFILES and not head[2] & 3


def kind_of(head: bytes, codec: Codec) -> NalKind:
    """Returns the kind of the unit that begins with these bytes."""
    if head[0] & 0x80:
        return NalKind.DAMAGED
    if codec == "h264":
        return _H264.get(head[0] & 0x1F, NalKind.OTHER)
    if head[0] & 1 or head[1] >> 3:  # of another layer than the base, which alone is decoded
        return NalKind.OTHER
    return _H265.get(head[0] >> 1 & 0x3F, NalKind.OTHER)


def is_first_slice(head: bytes, codec: Codec) -> bool:
    """True if a slice is the first of its picture: `first_mb_in_slice` 0, or `first_slice_segment_in_pic_flag`."""
    return bool(head[1 if codec == "h264" else 2] & 0x80)


def is_intra(head: bytes, codec: Codec) -> bool:
    """True if a first slice of H.264 says that its picture refers to no other, though it is no IDR."""
    return codec == "h264" and head[1] == _ALL_INTRA


def name_of(head: bytes, codec: Codec) -> int:
    """Returns the type of a parameter set, by which a newer one takes an older one's place."""
    return head[0] & 0x1F if codec == "h264" else head[0] >> 1 & 0x3F
