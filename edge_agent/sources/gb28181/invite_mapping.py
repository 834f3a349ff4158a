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
from provisioning.contracts.causes import gb28181
from provisioning.contracts.causes.text import CauseText
from provisioning.contracts.config.processes import Gb28181Source
from provisioning.net.digest import LOCKED, REFUSED_LOGIN

_DISCARD_PORT: Final = 9
"""Port in an offer to which the other side is not to connect (RFC 4145, 4.1)."""
_ENDED: Final[Mapping[Cause, tuple[type[SourceError], CauseText]]] = {
    Cause.OVER: (Ended, gb28181.INVITE_OVER),
    Cause.NO_ANSWER: (Unreachable, gb28181.INVITE_NO_ANSWER),
    Cause.NO_PICTURE: (NoPicture, gb28181.INVITE_NO_PICTURE),
    Cause.DEVICE_BYE: (Ended, gb28181.INVITE_BYE),
    Cause.OFFLINE: (Silent, gb28181.INVITE_OFFLINE),
    Cause.HUNG_UP: (Ended, gb28181.INVITE_HUNG_UP),
}
_WRONG: Final = (WrongCredentials, gb28181.INVITE_LOGIN)
_BUSY: Final = (NoPicture, gb28181.INVITE_BUSY)
_OTHERWISE: Final = (NoPicture, gb28181.INVITE_OTHERWISE)
_REFUSED: Final[Mapping[int, tuple[type[SourceError], CauseText]]] = {
    401: _WRONG,
    403: _WRONG,
    407: _WRONG,
    404: (NotFound, gb28181.INVITE_NO_CHANNEL),
    480: (Unreachable, gb28181.INVITE_OFF),
    481: (NoPicture, gb28181.INVITE_TOO_SOON),
    486: _BUSY,
    600: _BUSY,
    415: _OTHERWISE,
    488: _OTHERWISE,
    606: _OTHERWISE,
}
_TURNED_AWAY: Final[Mapping[str, tuple[type[SourceError], CauseText]]] = {
    REFUSED_LOGIN: (WrongCredentials, gb28181.WRONG_LOGIN),
    LOCKED: (WrongCredentials, gb28181.LOCKED),
    NOT_OURS: (LoginIgnored, gb28181.FOREIGN_NONCE),
    UNANSWERED: (LoginIgnored, gb28181.LOGIN_UNANSWERED),
}


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
    where = {"device": source.device_id, "channel": source.channel_id}
    if ended.cause is not Cause.REFUSED:
        kind, text = _ENDED[ended.cause]
        return kind(camera_id, text(**where))
    kind, text = _REFUSED.get(ended.status or 0, (NoPicture, gb28181.INVITE_REFUSED))
    if kind is NotFound and source.span is not None:
        text = gb28181.INVITE_NOT_RECORDED
    return kind(camera_id, text(**where, status=ended.status))


def turned_away(camera_id: str, refusal: TurnedAway) -> SourceError:
    """Returns the error of a camera while this agent refuses to register its device."""
    if refusal.why in _TURNED_AWAY:
        kind, text = _TURNED_AWAY[refusal.why]
        return kind(camera_id, text(device=refusal.device_id, host=refusal.host))
    return WrongCredentials(camera_id, gb28181.TURNED_AWAY(device=refusal.device_id, detail=refusal.why))
