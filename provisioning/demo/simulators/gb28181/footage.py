"""Loads the pictures of simulated devices: from any video file or a footage file, or drawn."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

import av
from av.bitstream import BitStreamFilterContext
from av.error import FFmpegError
from av.video.frame import VideoFrame

from provisioning.demo.encode import encoded
from provisioning.demo.simulators.rtsp_server import FootageFormatError, read_footage
from provisioning.errors import DemoError

Codec = Literal["h264", "h265"]
CLOCK_HZ: Final = 90_000
_MAGIC: Final = b"WAYF"
_CODECS: Final[dict[str, tuple[Codec, str]]] = {
    "h264": ("h264", "h264_mp4toannexb"),
    "hevc": ("h265", "hevc_mp4toannexb"),
}
_PARAMETER_SETS: Final = {"h264": {7, 8}, "h265": {32, 33, 34}}
_KEY_SLICES: Final = {"h264": {5}, "h265": set(range(16, 22))}
_MAX_UNITS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Unit:
    """One encoded picture in Annex B form."""

    data: bytes
    pts_90k: int
    dts_90k: int
    is_keyframe: bool
    """A keyframe has its parameter sets in front."""


@dataclass(frozen=True)
class Footage:
    """Pictures in decoding order; the first is a keyframe and has time 0. They are played in a loop."""

    codec: Codec
    units: tuple[Unit, ...]
    duration_90k: int

    @property
    def duration_s(self) -> float:
        """Length of one round."""
        return self.duration_90k / CLOCK_HZ

    @property
    def size_bytes(self) -> int:
        """Size of one round."""
        return sum(len(unit.data) for unit in self.units)

    def keyframe_at(self, position_s: float) -> int:
        """Returns the number of the last keyframe at or before a position in the round."""
        wanted = position_s % self.duration_s * CLOCK_HZ
        keys = [number for number, unit in enumerate(self.units) if unit.is_keyframe]
        return keys[max(0, bisect_right([self.units[number].pts_90k for number in keys], wanted) - 1)]

    def keyframe_after(self, number: int) -> int:
        """Returns the number of the first keyframe at or after a picture; past the end of the round, the first one."""
        return next((n for n in range(number, len(self.units)) if self.units[n].is_keyframe), 0)


def load(path: Path) -> Footage:
    """Reads a video file (H.264 or H.265, kept as it is encoded) or a footage file.

    Raises:
        DemoError: it cannot be read, or holds no such video.
    """
    try:
        with path.open("rb") as file:
            is_footage = file.read(len(_MAGIC)) == _MAGIC
        if is_footage:
            return _from_footage(path)
        return _from_video(path)
    except (FFmpegError, FootageFormatError, OSError) as error:
        raise DemoError(f"{path}: cannot be sent as camera pictures ({error})") from error


def drawn(codec: Codec = "h264", *, size: tuple[int, int] = (320, 192), pictures: int = 50, gop: int = 25) -> Footage:
    """Draws a brightening grey with a moving bar, 25 pictures a second: each picture differs from the next."""
    units = encoded(_pictures(size, pictures), size, Fraction(25), codec, gop=gop, bitrate=500_000)
    return annexb(codec, list(units), Fraction(25))


def annexb(codec: Codec, pictures: list[bytes], rate: Fraction) -> Footage:
    """Makes footage of access units without B-frames, `rate` a second.

    Raises:
        DemoError: the first is no keyframe.
    """
    tick = CLOCK_HZ / rate
    units = tuple(
        Unit(data, int(number * tick), int(number * tick), bool(_types(codec, data) & _KEY_SLICES[codec]))
        for number, data in enumerate(pictures)
    )
    if not units or not units[0].is_keyframe:
        raise DemoError("pictures to be sent must begin with a keyframe")
    return Footage(codec, units, int(len(units) * tick))


def nal_units(data: bytes) -> list[bytes]:
    """Splits an access unit into NAL units, without start codes and trailing zeros."""
    found = [piece.rstrip(b"\0") for piece in data.split(b"\0\0\1")[1:]]
    return [piece for piece in found if piece]


def _types(codec: Codec, data: bytes) -> set[int]:
    return {unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F for unit in nal_units(data)}


def _pictures(size: tuple[int, int], count: int) -> Iterator[VideoFrame]:
    width, height = size
    for number in range(count):
        row = bytearray([40 + number * 3 % 160]) * width
        at = number * 8 % max(1, width - 16)
        row[at : at + 16] = b"\xf0" * len(row[at : at + 16])
        frame = VideoFrame(width, height, "gray")
        plane = frame.planes[0]
        plane.update(bytes(row.ljust(plane.line_size, b"\0")) * height)
        yield frame


def _from_footage(path: Path) -> Footage:
    film = read_footage(path)
    codec: Codec = "h264" if film.codec == "h264" else "h265"
    return annexb(codec, list(film.units), Fraction(*film.rate))


def _from_video(path: Path) -> Footage:
    with av.open(str(path)) as container:
        if not container.streams.video:
            raise DemoError(f"{path}: holds no video")
        stream = container.streams.video[0]
        name = stream.codec_context.name
        if name not in _CODECS:
            raise DemoError(f"{path}: {name} video; cameras send H.264 or H.265")
        codec, bitstream_filter = _CODECS[name]
        annex = BitStreamFilterContext(bitstream_filter, stream)
        tick = CLOCK_HZ / (stream.average_rate or Fraction(25))
        packets = [out for packet in container.demux(stream) for out in annex.filter(packet)]
        scale = (stream.time_base or Fraction(1, CLOCK_HZ)) * CLOCK_HZ
    kept = [packet for packet in packets if packet.size]
    while kept and not kept[0].is_keyframe:
        del kept[0]
    if not kept or len(kept) > _MAX_UNITS:
        raise DemoError(f"{path}: {len(kept)} pictures from a keyframe on; 1 to {_MAX_UNITS} can be sent")
    times = _times([None if packet.pts is None else packet.pts * scale for packet in kept], tick)
    units: list[Unit] = []
    sets = b""
    for packet, (pts_90k, dts_90k) in zip(kept, times, strict=True):
        data = bytes(packet)
        if packet.is_keyframe:
            own = _parameter_sets(codec, data)
            sets = own or sets
            data = data if own else sets + data
        units.append(Unit(data, pts_90k, dts_90k, packet.is_keyframe))
    return Footage(codec, tuple(units), units[-1].dts_90k + int(tick))


def _times(pts_90k: list[Fraction | None], tick: Fraction) -> list[tuple[int, int]]:
    """Returns presentation and decoding time of each picture, the first decoded at 0.

    Decoding times are made anew: not every container has them. An elementary stream has no times at all; its pictures
    are assumed to be shown in the order in which they are decoded.
    """
    shown = [number * tick if time is None else time for number, time in enumerate(pts_90k)]
    ordered = sorted(shown)
    delay = max(due - time for due, time in zip(ordered, shown, strict=True))
    zero = ordered[0] - delay
    return [(int(time - zero), int(due - delay - zero)) for time, due in zip(shown, ordered, strict=True)]


def _parameter_sets(codec: Codec, data: bytes) -> bytes:
    own = [
        unit
        for unit in nal_units(data)
        if (unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F) in _PARAMETER_SETS[codec]
    ]
    return b"".join(b"\0\0\0\1" + unit for unit in own)
