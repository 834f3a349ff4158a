"""Packets as FFmpeg hands them over, with what the camera's clock said, and a stream of them that a test plays."""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import av
from av.packet import PacketSideData

from tests.edge_agent.world import FakeClock, Image, write_video

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

    from edge_agent.sources.capture_time import Packet

_PRFT = 27
"""AV_PKT_DATA_PRFT (libavcodec/packet.h)."""
APART_MS = 40
"""25 pictures a second."""


def reported(packet: "Packet", sent_ms: float) -> "Packet":
    """The packet, with a picture that was taken at `sent_ms` by the camera's clock."""
    producer_time = PacketSideData(_PRFT, 16)  # type: ignore[call-arg] # the stub knows no constructor
    producer_time.update(struct.pack("<qii", round(sent_ms * 1000), 24, 0))
    packet.set_sidedata(producer_time)
    return packet


def packets(folder: Path, images: list[Image], *, b_frames: int, gop: int = 10) -> list["Packet"]:
    """Encoded, in decoding order; timestamps are milliseconds."""
    file = write_video(folder / f"street-{b_frames}.mkv", images, gop=gop, b_frames=b_frames)
    with av.open(str(file)) as container:
        return [packet for packet in container.demux(video=0) if packet.size]


@dataclass
class Played:
    """A `Connection`: a packet every 40 ms by the test's clock."""

    stream: Sequence["Packet"]
    clock: FakeClock
    skew_ms: Callable[[int], float | None]
    """By the number of the packet: the camera's clock minus the agent's as reported; None: no report yet."""
    place: str = "192.0.2.7:554"

    def __post_init__(self) -> None:
        self._began_ms = self.clock.now_ms()
        self.decoder: VideoCodecContext = av.CodecContext.create("h264", "r")
        self.decoder.extradata = self.stream[0].stream.codec_context.extradata
        self.decoder.thread_type, self.decoder.thread_count = "NONE", 1

    def __call__(self, *_: object) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def taken_ms(self, pts: int) -> int:
        """When a picture was taken, in truth: 80 to 200 ms before it arrives, as there are two B-frames at most."""
        return self._began_ms + pts - 3 * APART_MS

    def packets(self) -> Iterator["Packet"]:
        for number, packet in enumerate(self.stream):
            assert packet.pts is not None
            self.clock.pass_s(APART_MS / 1000)
            skew_ms = self.skew_ms(number)
            yield packet if skew_ms is None else reported(packet, self.taken_ms(packet.pts) + skew_ms)
