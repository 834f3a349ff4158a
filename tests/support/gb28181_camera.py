"""A camera's thread that looks at a registered device's channel, and what there is to be seen of some footage."""

import threading
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Final, cast

import av
from av.video.frame import VideoFrame

from edge_agent.clock import SystemClock
from edge_agent.errors import SourceError
from edge_agent.frames import Glance, Skipped
from edge_agent.sources.capture_time import CaptureTime
from edge_agent.sources.gb28181.channel import ChannelSource, LiveChannel, MediaChannel
from edge_agent.sources.gb28181.media_socket import Media
from edge_agent.sources.gb28181.playback import Playback
from edge_agent.sources.gb28181.stream import Gb28181Stream
from edge_agent.sources.rtsp.keyframe_decoder import DecodedPicture
from provisioning.contracts.wire.messages import ClockQuality
from provisioning.demo.simulators.gb28181.footage import Footage
from tests.support.gb28181_agent import Agent

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

    from edge_agent.sources.capture_time import Packet

_DECODERS: Final = {"h264": "h264", "h265": "hevc"}
_EVERY_ONE: Final = 1000.0


@dataclass
class Looked:
    """What it published."""

    greys: list[bytes] = field(default_factory=list)
    """Thumbnails."""
    captured_ms: list[int] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    trouble: SourceError | None = None
    is_over: bool = False
    """Of recordings: all that is to come has come."""


def look(agent: Agent, camera_id: str, stop: threading.Event, enough: int) -> Looked:
    """At every picture, until there are enough: of one session, or of as many as a span of recordings takes."""
    its = agent.cameras[camera_id]
    channel: MediaChannel[Media] = LiveChannel(camera_id, its, agent.sessions)
    if its.span is not None:
        channel = Playback(camera_id, its, its.span, agent.sessions)
    source = ChannelSource(camera_id, channel, Gb28181Stream(camera_id, channel.open, SystemClock()))
    looked = Looked()
    try:
        with closing(source.frames(stop)) as frames:  # type: ignore[type-var] # it is a generator
            for item in frames:
                if isinstance(item, Glance):
                    source.attend(_EVERY_ONE)
                    looked.greys.append(item.grey.tobytes())
                    looked.captured_ms.append(item.captured_at_ms)
                elif isinstance(item, Skipped):
                    looked.skipped.append(item)
                if len(looked.greys) >= enough:
                    break
    except SourceError as error:
        looked.trouble = error
    looked.is_over = channel.is_over
    return looked


@cache
def thumbnails(footage: Footage) -> frozenset[bytes]:
    """Of all its pictures, decoded from what was encoded. No two of them are the same."""
    decoder = cast("VideoCodecContext", av.CodecContext.create(_DECODERS[footage.codec], "r"))
    stamp = CaptureTime(0, ClockQuality.ARRIVAL, "", None)
    found: list[VideoFrame] = []
    for number, unit in enumerate(footage.units):
        packet = cast("Packet", av.Packet(unit.data))
        packet.pts, packet.time_base = number, Fraction(1, 25)
        found += decoder.decode(packet)
    found += decoder.decode(None)
    greys = {DecodedPicture(stamp, frame).grey().tobytes() for frame in found}
    assert len(greys) == len(footage.units)
    return frozenset(greys)
