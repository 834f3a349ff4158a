"""Maps a camera's configuration to an invitation, and the device's answer to the media to expect or to an error.

An error says why the device gives no media, for the person who must act.
"""

import socket
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Final

from edge_agent.errors import (
    Ended,
    LoginIgnored,
    NoPicture,
    NotFound,
    Silent,
    SourceError,
    Unreachable,
    WrongCredentials,
)
from edge_agent.gb28181.devices.events import TurnedAway
from edge_agent.gb28181.devices.registrar import NOT_OURS, UNANSWERED
from edge_agent.gb28181.media.sdp import Transport
from edge_agent.gb28181.sessions.invite import Accepted, Cause, DeviceRoute, Invitation, SessionEnded, Span
from edge_agent.host_port import host_port
from edge_agent.sources.gb28181.media_socket import Media
from provisioning.contracts.config.processes import Gb28181Source

_DISCARD_PORT: Final = 9
"""Port in an offer to which the other side is not to connect (RFC 4145, 4.1)."""
_ENDED: Final[Mapping[Cause, tuple[type[SourceError], str]]] = {
    Cause.OVER: (Ended, "says that there is no more"),
    Cause.NO_ANSWER: (Unreachable, "did not answer the INVITE within 10 s; it is cancelled"),
    Cause.NO_PICTURE: (
        NoPicture,
        "took the INVITE, and no usable picture came within 75 s: set its keyframe interval to a few seconds",
    ),
    Cause.DEVICE_BYE: (Ended, "hung up"),
    Cause.OFFLINE: (Silent, "is not registered any more, or registered anew from elsewhere"),
    Cause.HUNG_UP: (Ended, "was hung up on, as the agent's platform stops"),
}
_WRONG: Final = (WrongCredentials, "refuses us: is this platform's id set in it, and the right password here?")
_BUSY: Final = (
    NoPicture,
    "is busy: it gives no more streams at once, or has not heard that the last is over; close others, or take stream 1",
)
_OTHERWISE: Final = (NoPicture, "does not send in this way: set `transport` or `stream` of this camera otherwise")
_REFUSED: Final[Mapping[int, tuple[type[SourceError], str]]] = {
    401: _WRONG,
    403: _WRONG,
    407: _WRONG,
    404: (NotFound, "has no such channel: compare its id with `wayside-edge devices`"),
    480: (Unreachable, "says that the channel is off"),
    481: (NoPicture, "was asked again too soon"),
    486: _BUSY,
    600: _BUSY,
    415: _OTHERWISE,
    488: _OTHERWISE,
    606: _OTHERWISE,
}
_NOTHING_RECORDED: Final = (
    "has no such channel, or nothing recorded in this span: compare the channel and the device's clock with"
    " `wayside-edge devices`; one that takes the span for local time needs `span_shift_s` = 28800"
)


def wanted(source: Gb28181Source, route: DeviceRoute, span: Span | None, *, is_2022: bool) -> Invitation:
    """Builds the invitation, as yet without a port. `auto`: a device that came over TCP is probably behind NAT."""
    transport: Transport = "tcp_passive" if route.peer.transport == "tcp" else "udp"
    return Invitation(
        device_id=source.device_id,
        channel_id=source.channel_id,
        transport=transport if source.transport == "auto" else source.transport,
        host=route.host,
        port=_DISCARD_PORT,
        stream=source.stream,
        span=span,
        speed=source.speed,
        shift_s=source.span_shift_s,
        is_2022=is_2022,
    )


def agreed(
    invitation: Invitation,
    sock: socket.socket | None,
    accepted: Accepted,
    route: DeviceRoute,
    ended: Callable[[], SourceError | None],
) -> Media:
    """Returns the media of an accepted invitation; `ended` is asked for its end."""
    host = _reachable(accepted.host, route.peer.host)
    if invitation.transport == "tcp_active":
        remote = (host, accepted.port) if accepted.port else None
        advertised = host_port(host, accepted.port)
    else:
        remote = (host, 0) if host == route.peer.host else None
        advertised = host_port(invitation.host, invitation.port)
    span = invitation.span
    return Media(
        transport=invitation.transport,
        sock=sock,
        remote=remote,
        ssrc=accepted.ssrc,
        advertised=advertised,
        started_at_ms=None if span is None else span.started_at_ms // 1000 * 1000,
        ended_at_ms=None if span is None else span.ended_at_ms,
        ended=ended,
    )


def _reachable(named: str, seen: str) -> str:
    """Returns the reachable host of a device at `seen` that names `said`: a private address of its own is no use."""
    is_elsewhere = ip_address(named).is_private and not ip_address(seen).is_private
    return seen if is_elsewhere or ip_address(named).is_loopback else named


def refused(camera_id: str, source: Gb28181Source, ended: SessionEnded) -> SourceError:
    """Returns the error of a session that is over, or was never accepted."""
    if ended.cause is Cause.REFUSED:
        kind, what = _REFUSED.get(ended.status or 0, (NoPicture, "refuses"))
        if kind is NotFound and source.span is not None:
            what = _NOTHING_RECORDED
        what = f"{what} ({ended.status})"
    else:
        kind, what = _ENDED[ended.cause]
    return kind(camera_id, f"device {source.device_id}, channel {source.channel_id}, {what}")


def turned_away(camera_id: str, refusal: TurnedAway) -> SourceError:
    """Returns the error of a camera while this agent refuses to register its device."""
    kind = LoginIgnored if refusal.why in {NOT_OURS, UNANSWERED} else WrongCredentials
    where = f" at {refusal.host}" if refusal.host else ""
    return kind(camera_id, f"device {refusal.device_id}{where} wants to register and is turned away: {refusal.why}")
