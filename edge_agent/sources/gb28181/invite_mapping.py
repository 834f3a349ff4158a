"""Maps a camera's configuration to an invitation, and the device's answer to the media to expect."""

import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

from edge_agent.errors import SourceError
from edge_agent.gb28181.media.sdp import Transport
from edge_agent.gb28181.sessions.invite import Accepted, DeviceRoute, Invitation, Span
from edge_agent.host_port import host_port
from edge_agent.sources.gb28181.media import Media
from provisioning.contracts.config.processes import Gb28181Source

_DISCARD_PORT: Final = 9
"""Port in an offer to which the other side is not to connect (RFC 4145, 4.1)."""


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


def _reachable(said: str, seen: str) -> str:
    """Returns the reachable host of a device at `seen` that names `said`: a private address of its own is no use."""
    is_elsewhere = ip_address(said).is_private and not ip_address(seen).is_private
    return seen if is_elsewhere or ip_address(said).is_loopback else said
