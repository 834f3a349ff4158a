"""Bounds the use that devices make of the server. They keep a connection and push over it, one after the other."""

from dataclasses import dataclass

from provisioning.net.http_acceptor import Bounds


@dataclass(frozen=True, slots=True)
class ViidLimits:
    """Limits for a client that has shown no password yet."""

    connections: int = 1024
    per_address: int = 640
    """All devices of a site may come through one address."""
    idle_s: float = 120.0
    """Seconds for the headers of a request, and between requests: keepalives come every 10 to 90 s."""
    handshake_s: float = 10.0
    body_s: float = 20.0
    """Seconds for a body, and one more for each `body_rate` that has come."""
    body_rate: int = 64 * 1024
    """Bytes a second, on average."""
    patience_s: float = 5.0
    """Seconds that a request waits for memory before it is told to come again."""

    @property
    def bounds(self) -> Bounds:
        """Limits of connections, as the acceptor takes them."""
        return Bounds(
            connections=self.connections,
            per_address=self.per_address,
            handshake_s=self.handshake_s,
            idle_s=self.idle_s,
            linger_s=10.0,
            headers=64,
            line_bytes=8190,
        )
