"""NAL units without a picture in them: what `AccessUnits` looks at is their first bytes."""

from typing import Final

from edge_agent.gb28181.media.nal import Codec

START: Final = b"\0\0\0\1"
SETS: Final[dict[Codec, tuple[bytes, ...]]] = {
    "h264": (b"\x67\x42\x00\x1e\xab", b"\x68\xce\x38\x80"),
    "h265": (b"\x40\x01\x0c\x01\xff", b"\x42\x01\x01\x01\x60", b"\x44\x01\xc0\xf7"),
}
_KEY: Final[dict[Codec, bytes]] = {"h264": b"\x65\x88\x84", "h265": b"\x26\x01\xac"}
_PLAIN: Final[dict[Codec, bytes]] = {"h264": b"\x41\x9a\x24", "h265": b"\x02\x01\xd0"}
_KEY_MORE: Final[dict[Codec, bytes]] = {"h264": b"\x65\x1a\x24", "h265": b"\x26\x01\x2c"}
_PLAIN_MORE: Final[dict[Codec, bytes]] = {"h264": b"\x41\x1a\x24", "h265": b"\x02\x01\x50"}


def body(number: int, size: int = 20) -> bytes:
    """So many bytes, of this number, in which no start code is and no zero."""
    return bytes(1 + (number * 37 + at) % 255 for at in range(size))


def key(codec: Codec, number: int = 0, *, slices: int = 1, sets: bool = True, size: int = 20) -> bytes:
    """A keyframe."""
    units = [*(SETS[codec] if sets else ()), _KEY[codec] + body(number, size)]
    units += [_KEY_MORE[codec] + body(number + more, size) for more in range(1, slices)]
    return b"".join(START + unit for unit in units)


def plain(codec: Codec, number: int = 1, *, slices: int = 1, size: int = 20) -> bytes:
    """A picture that refers to others."""
    units = [_PLAIN[codec] + body(number, size)]
    units += [_PLAIN_MORE[codec] + body(number + more, size) for more in range(1, slices)]
    return b"".join(START + unit for unit in units)
