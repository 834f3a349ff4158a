"""Encodes a video file into footage for the simulated cameras: `python -m provisioning.demo.encode`.

Apart from the GB/T 28181 simulators only this process uses PyAV. Footage is like a street camera's stream: no B-frames,
one keyframe every `--gop` pictures and nowhere else, parameter sets in front of each.
"""

import argparse
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Final, cast

import av
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from provisioning.demo.simulators.rtsp_server import write_footage

_ENCODERS = {"h264": ("libx264", "x264-params"), "h265": ("libx265", "x265-params")}
_MJPEG: Final = "mjpg"
VIEWS: Final[Mapping[str, tuple[str, str]]] = {
    "dark": ("lutyuv", "y=16+(val-16)*0.09"),
    "covered": ("drawbox", "x=0:y=0:w=iw*0.65:h=ih:color=0x23342b:t=fill"),
    "turned": ("hflip", ""),
}
"""Views of a camera that is not as it should be, each a filter of FFmpeg with its arguments."""


def access_units(
    source: Path, codec: str, *, gop: int, bitrate: int, view: str | None = None, most: int | None = None
) -> tuple[Fraction, Iterator[bytes]]:
    """Decodes the first video stream of `source` and encodes it anew, at most `most` pictures, seen by a `VIEWS`.

    Returns:
        Pictures a second, and the access units in Annex B form, one per picture.

    Raises:
        FFmpegError: `source` is missing or cannot be decoded; from the iterator too.
        IndexError: it has no video stream.
    """
    container = av.open(str(source))
    stream = container.streams.video[0]
    rate = stream.average_rate or Fraction(25)
    size = stream.width // 2 * 2, stream.height // 2 * 2  # 4:2:0 wants even sides
    pictures = islice(_pictures(container, stream, view), most)
    return rate, encoded(pictures, size, rate, codec, gop=gop, bitrate=bitrate)


def _pictures(container: av.container.InputContainer, stream: VideoStream, view: str | None) -> Iterator[VideoFrame]:
    with container:
        if view is None:
            yield from container.decode(stream)
            return
        graph = av.filter.Graph()
        graph.link_nodes(graph.add_buffer(template=stream), graph.add(*VIEWS[view]), graph.add("buffersink"))
        graph.configure()
        for picture in container.decode(stream):
            graph.push(picture)
            yield cast(VideoFrame, graph.pull())


def encoded(
    pictures: Iterable[VideoFrame], size: tuple[int, int], rate: Fraction, codec: str, *, gop: int, bitrate: int
) -> Iterator[bytes]:
    """Yields access units in Annex B form, one for each picture, scaled to `size` (width, height; even).

    Raises:
        FFmpegError: a picture cannot be encoded.
    """
    if codec == _MJPEG:
        yield from _stills(pictures, size, rate)
        return
    name, key = _ENCODERS[codec]
    encoder = cast(VideoCodecContext, VideoCodecContext.create(name, "w"))
    encoder.width, encoder.height = size
    encoder.pix_fmt = "yuv420p"
    encoder.framerate, encoder.time_base = rate, 1 / rate
    encoder.bit_rate = bitrate
    fixed = f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0:repeat-headers=1"
    quiet = ":log-level=error" if codec == "h265" else ""
    encoder.options = {"preset": "veryfast", "tune": "zerolatency", key: fixed + quiet}
    for number, picture in enumerate(pictures):
        frame = picture.reformat(*size, "yuv420p")
        frame.pts, frame.time_base = number, 1 / rate
        frame.pict_type = PictureType.NONE
        yield from (bytes(packet) for packet in encoder.encode(frame))
    yield from (bytes(packet) for packet in encoder.encode(None))


def _stills(pictures: Iterable[VideoFrame], size: tuple[int, int], rate: Fraction) -> Iterator[bytes]:
    """Yields a JPEG for each picture."""
    encoder = VideoCodecContext.create("mjpeg", "w")
    encoder.width, encoder.height = size
    encoder.pix_fmt = "yuvj420p"
    encoder.framerate, encoder.time_base = rate, 1 / rate
    for number, picture in enumerate(pictures):
        frame = picture.reformat(*size, "yuvj420p")
        frame.pts, frame.time_base = number, 1 / rate
        yield from (bytes(packet) for packet in encoder.encode(frame))


def main(arguments: list[str] | None = None) -> None:
    """Encodes one file; a fault is a line on stderr and exit code 2."""
    parser = argparse.ArgumentParser(description="Encode a video file into footage for rtsp_server.py.")
    parser.add_argument("source", type=Path, help="any video file that FFmpeg reads")
    parser.add_argument("footage", type=Path, help="the file to write")
    parser.add_argument("--codec", choices=[*sorted(_ENCODERS), _MJPEG], default="h264")
    parser.add_argument("--gop", type=int, default=25, help="pictures from keyframe to keyframe (default: %(default)s)")
    parser.add_argument("--slower", type=int, default=1, help="play at this part of its speed (default: %(default)s)")
    parser.add_argument("--view", choices=sorted(VIEWS), help="as a camera sees it that is not as it should be")
    parser.add_argument("--most", type=int, metavar="N", help="the first N pictures alone")
    parser.add_argument("--bitrate", type=int, default=2_000_000, help="bits a second (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        rate, units = access_units(
            options.source,
            options.codec,
            gop=options.gop,
            bitrate=options.bitrate,
            view=options.view,
            most=options.most,
        )
        rate /= options.slower
        write_footage(options.footage, options.codec, (rate.numerator, rate.denominator), units)
    except (FFmpegError, IndexError, OSError) as error:
        parser.exit(2, f"{options.source}: cannot be made into footage: {error}\n")


if __name__ == "__main__":
    main()
