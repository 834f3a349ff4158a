"""What a source is given to receive the media of one session with: a socket that is bound, and what to expect on it."""

import socket
from collections.abc import Callable
from dataclasses import dataclass

from edge_agent.errors import SourceError
from edge_agent.gb28181.media.sdp import Transport


def _goes_on() -> SourceError | None:
    return None


@dataclass(frozen=True, slots=True)
class Media:
    """Of one session. Whoever opened it closes the socket, and what is accepted from it belongs to the source."""

    transport: Transport
    sock: socket.socket | None
    """A bound UDP socket, or a TCP listener; None for `tcp_active`, where we connect."""
    remote: tuple[str, int] | None
    """Where to connect to (`tcp_active`); else the one host that media may come from, and port 0. None: any, as the
    device names another than it speaks from."""
    ssrc: int | None
    """Of the RTP to come; None: not told, the first packet shows it."""
    advertised: str
    """HOST:PORT that the device was told to send to, or that it told us to fetch from: for words."""
    started_at_ms: int | None = None
    """Capture time of timestamp 0 of recordings, Unix milliseconds; None: live."""
    ended_at_ms: int | None = None
    """Up to when recordings were asked for."""
    ended: Callable[[], SourceError | None] = _goes_on
    """Ask it now and then: why the session is over; None while it lasts."""
