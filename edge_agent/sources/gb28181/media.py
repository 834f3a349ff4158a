"""Defines what a source needs to receive one session's media: a bound socket, and what to expect on it."""

import socket
from collections.abc import Callable
from dataclasses import dataclass

from edge_agent.errors import SourceError
from edge_agent.gb28181.media.sdp import Transport


def _goes_on() -> SourceError | None:
    return None


@dataclass(frozen=True, slots=True)
class Media:
    """Media of one session. Its opener closes the socket; connections accepted from it belong to the source."""

    transport: Transport
    sock: socket.socket | None
    """A bound UDP socket, or a TCP listener; None for `tcp_active`, where we connect."""
    remote: tuple[str, int] | None
    """Address to connect to (`tcp_active`); else the one host that media may come from, and port 0. None: any, as the
    device names another than it signals from."""
    ssrc: int | None
    """SSRC of the RTP to come; None: not known, the first packet shows it."""
    advertised: str
    """HOST:PORT that the device was told to send to, or that it told us to fetch from: for messages."""
    started_at_ms: int | None = None
    """Capture time of timestamp 0 of recordings, Unix milliseconds; None: live."""
    ended_at_ms: int | None = None
    """End of the recordings that were asked for, Unix milliseconds; None: live."""
    ended: Callable[[], SourceError | None] = _goes_on
    """Returns why the session is over; None while it lasts. To be asked now and then."""
