"""What the benched cameras show: the street clip at a camera's size, or one picture of it that stands still."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Final

import av
from av.video.frame import VideoFrame

from engines.catalog.catalog import Catalog
from provisioning.demo.encode import encoded
from provisioning.demo.simulators.rtsp_server import write_footage

FULL_HD: Final = (1920, 1080)
RATE: Final = 25
GOP: Final = 50
"""A keyframe every two seconds, as most cameras are delivered."""
_STILL: Final = 150


def film(
    path: Path,
    codec: str,
    *,
    size: tuple[int, int] = FULL_HD,
    pictures: int = 2 * GOP,
    still: bool = False,
    bitrate: int = 4_000_000,
) -> list[bytes]:
    """Encode `pictures` of the clip (a multiple of GOP, at most 250) and write them as footage; the access units."""
    units = list(encoded(_pictures(pictures, still=still), size, Fraction(RATE), codec, gop=GOP, bitrate=bitrate))
    write_footage(path, codec, (RATE, 1), units)
    return units


def later(units: list[bytes], gops: int) -> list[bytes]:
    """The same film, begun so many keyframes later: cameras that do not all show the same at once."""
    at = gops * GOP % len(units)
    return units[at:] + units[:at]


def _pictures(number: int, *, still: bool) -> Iterator[VideoFrame]:
    with av.open(str(Catalog().path("bikes"))) as clip:
        decoded = clip.decode(video=0)
        if still:
            (only,) = islice(decoded, _STILL, _STILL + 1)
            decoded = chain(repeat(only, number))
        yield from islice(decoded, number)
