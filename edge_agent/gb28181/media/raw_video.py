"""Reads video without a program stream: NAL units straight in RTP (RFC 6184 for H.264, RFC 7798 for H.265)."""

from collections.abc import Sequence
from typing import Final

from edge_agent.gb28181.media import nal
from edge_agent.gb28181.media.nal import HEAD_BYTES, START, Codec
from edge_agent.gb28181.media.ps import VideoPiece

_STAP_A, _FU_A = 24, 28
_AP, _FU = 48, 49
_FIRST, _LAST = 0x80, 0x40
_SINGLE: Final = range(1, 24)
_SET_BYTES: Final = 256
"""A sequence parameter set is shorter."""


class RawVideo:
    """Turns one stream's payloads, in order, into Annex B. A fragment whose beginning is missing is passed over."""

    claimed: frozenset[int] = frozenset()
    is_at_boundary = True
    is_synced = False
    held_bytes = 0

    def __init__(self, codec: Codec) -> None:
        self.codec: Codec = codec
        self._in_fragment = False

    def reset(self) -> None:
        """Drops the open fragment: packets are missing."""
        self._in_fragment = False

    def push(self, payload: bytes) -> Sequence[VideoPiece]:
        """Returns the units in one packet's payload, with start codes; nothing of what makes no sense."""
        if len(payload) < HEAD_BYTES:
            return ()
        units = self._h264(payload) if self.codec == "h264" else self._h265(payload)
        return [VideoPiece(unit, None) for unit in units]

    def _h264(self, payload: bytes) -> Sequence[bytes]:
        kind = payload[0] & 0x1F
        if kind == _FU_A:
            return self._fragment(payload[1], bytes([payload[0] & 0xE0 | payload[1] & 0x1F]), payload[2:])
        self._in_fragment = False
        if kind in _SINGLE:
            return (START + payload,)
        return _units(payload[1:]) if kind == _STAP_A else ()

    def _h265(self, payload: bytes) -> Sequence[bytes]:
        kind = payload[0] >> 1 & 0x3F
        if kind == _FU:
            head = bytes([payload[0] & 0x81 | (payload[2] & 0x3F) << 1, payload[1]])
            return self._fragment(payload[2], head, payload[3:])
        self._in_fragment = False
        if kind < _AP:
            return (START + payload,)
        return _units(payload[2:]) if kind == _AP else ()

    def _fragment(self, flags: int, head: bytes, data: bytes) -> Sequence[bytes]:
        is_first = bool(flags & _FIRST)
        is_ours = is_first or self._in_fragment
        self._in_fragment = is_ours and not flags & _LAST
        if not is_ours:
            return ()
        return (START + head + data,) if is_first else (data,)


def codec_in(payload: bytes) -> Codec | None:
    """Returns the codec whose VPS or SPS begins the payload, by itself or in an aggregate; None: another unit does."""
    if not HEAD_BYTES <= len(payload) < _SET_BYTES:
        return None
    at = {_STAP_A: 3}.get(payload[0] & 0x1F, 4 if payload[0] >> 1 & 0x3F == _AP else 0)
    head = payload[at : at + HEAD_BYTES]
    codec = nal.codec_of(head) if len(head) == HEAD_BYTES else None
    return codec if codec != "h264" or nal.has_known_profile(head) else None


def _units(data: bytes) -> Sequence[bytes]:
    """Splits an aggregate: each unit has a length before it."""
    units: list[bytes] = []
    at = 0
    while at + 2 < len(data):
        length = int.from_bytes(data[at : at + 2])
        if not length or at + 2 + length > len(data):
            break
        units.append(START + data[at + 2 : at + 2 + length])
        at += 2 + length
    return units
