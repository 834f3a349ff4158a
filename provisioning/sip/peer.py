"""Defines the other end of a datagram or a connection."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Peer:
    """An address as the socket reports it; what a message claims about itself is not believed."""

    transport: Literal["udp", "tcp"]
    host: str
    port: int
    connection: int = 0
    """Number of the TCP connection: an answer goes back on the very one. 0 over UDP."""
