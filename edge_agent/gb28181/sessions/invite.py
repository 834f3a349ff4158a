"""Defines a session's invitation and its events. A session is one INVITE and all that follows from it."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from edge_agent.gb28181.media.sdp import Purpose, SdpOffer, Transport
from provisioning.sip.peer import Peer


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A span of a device's recordings, Unix milliseconds, UTC."""

    started_at_ms: int
    ended_at_ms: int


@dataclass(frozen=True, slots=True)
class Invitation:
    """Invites one channel's live video, or a span of its recordings. The port is open before the INVITE is sent."""

    device_id: str
    channel_id: str
    transport: Transport
    host: str
    """Our address for media, as the device can reach it."""
    port: int
    stream: int = 0
    """0 main, 1 sub."""
    span: Span | None = None
    """The recordings wanted; None: live video."""
    speed: int | None = None
    """Download at so many times real time; None: playback at the pace of the recording."""
    shift_s: int = 0
    """Seconds added to the times of the span on the wire: the zone, for a device that reads them as local (quirk)."""
    is_2022: bool = False
    """The device follows the standard of 2022 (`X-GB-Ver: 3.0`)."""

    def offer(self, platform_id: str, ssrc: int) -> SdpOffer:
        """Returns the SDP offer of the INVITE."""
        offer = SdpOffer(
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
class DeviceRoute:
    """The route to a device at this moment."""

    peer: Peer
    host: str
    """Our own address, as the device can reach it: it goes into Via and Contact."""
    port: int


class Cause(StrEnum):
    """Cause for which a session ended."""

    OVER = "over"
    """The device says that the file is at its end (NotifyType 121, by MESSAGE or INFO)."""
    REFUSED = "refused"
    """A final response that is no 2xx; `SessionEnded.status` holds it."""
    NO_ANSWER = "no_answer"
    """No final response within 10 s."""
    NO_PICTURE = "no_picture"
    """Accepted, and no usable picture within 75 s."""
    DEVICE_BYE = "device_bye"
    """The device hung up."""
    OFFLINE = "offline"
    """The device has no registration any more, or registered from elsewhere."""
    HUNG_UP = "hung_up"
    """The agent hung up."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A device accepted the INVITE: it sends media, or is about to."""

    session: int
    ssrc: int | None
    """SSRC of the RTP to come, by the device's answer; None: the answer names none, and the first packet shows it."""
    host: str
    """Host that media comes from, or is fetched from (`tcp_active`)."""
    port: int
    """0 where the answer names none."""
    codings: tuple[str, ...] = ()
    """Codings in the answer's rtpmaps, to be reported and not to be believed."""
    filesize: int | None = None
    """Bytes of a download, where the device states them."""


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A session ended: no media is to be expected any more. The BYE may still be on its way."""

    session: int
    cause: Cause
    status: int | None = None
    """SIP status of the response that refused it."""


@dataclass(frozen=True, slots=True)
class ChannelFree:
    """The device has answered the BYE, or had time to: it may be invited to this channel again."""

    session: int


@dataclass(frozen=True, slots=True)
class PortFree:
    """The last event of every session: nothing that belongs to it comes to its port any more."""

    session: int


SessionEvent: TypeAlias = Accepted | SessionEnded | ChannelFree | PortFree
