"""What a session is asked for, and what becomes of it. A session is one INVITE and all that follows from it."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from edge_agent.gb28181.media.sdp import Offer, Purpose, Transport
from edge_agent.gb28181.sip.peer import Peer


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of what a device has recorded, Unix milliseconds, UTC."""

    started_at_ms: int
    ended_at_ms: int


@dataclass(frozen=True, slots=True)
class Invitation:
    """One channel's live video, or a span of its recordings. The port is open before this is sent."""

    device_id: str
    channel_id: str
    transport: Transport
    host: str
    """Where the device is to send media to: an address of ours that it can reach."""
    port: int
    stream: int = 0
    """0 main, 1 sub."""
    span: Span | None = None
    """None: live."""
    speed: int | None = None
    """Download at so many times the pace of life; None: playback at the pace at which it was recorded."""
    shift_s: int = 0
    """Added to the times of the span on the wire: for a device that reads them as local seconds (quirk), its zone."""
    is_2022: bool = False
    """The device follows the standard of 2022 (`X-GB-Ver: 3.0`)."""

    def offer(self, platform_id: str, ssrc: int) -> Offer:
        """The SDP of its INVITE."""
        offer = Offer(
            platform_id=platform_id,
            channel_id=self.channel_id,
            host=self.host,
            port=self.port,
            ssrc=ssrc,
            transport=self.transport,
            stream=self.stream if self.stream or self.is_2022 else None,
            is_2022=self.is_2022,
        )
        if self.span is None:
            return offer
        began_s = self.span.started_at_ms // 1000 + self.shift_s
        ended_s = -(-self.span.ended_at_ms // 1000) + self.shift_s
        purpose: Purpose = "Playback" if self.speed is None else "Download"
        return replace(offer, purpose=purpose, span_s=(began_s, ended_s), download_speed=self.speed or 1)


@dataclass(frozen=True, slots=True)
class Route:
    """How a device is reached at this moment."""

    peer: Peer
    host: str
    """Our own address, as the device can reach it: it goes into Via and Contact."""
    port: int


class Cause(StrEnum):
    """Why a session ended."""

    OVER = "over"
    """The device says that the file is at its end (NotifyType 121, by MESSAGE or INFO)."""
    REFUSED = "refused"
    """A final answer that is no 2xx; `SessionEnded.status` says which."""
    NO_ANSWER = "no_answer"
    """No final answer within 10 s."""
    NO_PICTURE = "no_picture"
    """Accepted, and no usable picture within 75 s."""
    DEVICE_BYE = "device_bye"
    """The device hung up."""
    OFFLINE = "offline"
    """The device has no registration any more, or registered from elsewhere."""
    HUNG_UP = "hung_up"
    """We did."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A device sends, or is about to."""

    session: int
    ssrc: int | None
    """Of the RTP to come, by the device's answer; None: it says none, and the first packet shows it."""
    host: str
    """Where media comes from, or is fetched from (`tcp_active`)."""
    port: int
    """0 where the answer names none."""
    codings: tuple[str, ...] = ()
    """Of the answer's rtpmaps, to be reported and not to be believed."""
    filesize: int | None = None
    """Bytes of a download, where the device knows."""


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """No media is to be expected any more. The BYE may still be on its way."""

    session: int
    cause: Cause
    status: int | None = None
    """Of the answer that refused it."""


@dataclass(frozen=True, slots=True)
class ChannelFree:
    """The device has answered the BYE, or had time to: it may be invited to this channel again."""

    session: int


@dataclass(frozen=True, slots=True)
class PortFree:
    """The last word of every session: nothing that belongs to it is to come to its port any more."""

    session: int


SessionEvent: TypeAlias = Accepted | SessionEnded | ChannelFree | PortFree
