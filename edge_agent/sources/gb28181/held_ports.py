"""Holds the ports of ended sessions until nothing can come to them late: a next session would take it for its own.

What comes is thrown away, and shows that the device goes on sending.
"""

import socket
from dataclasses import dataclass
from typing import Final

_DATAGRAM: Final = 64 * 1024
_MANY: Final = 1024
"""Datagrams that one check takes from a port."""


@dataclass(slots=True)
class _Held:
    sock: socket.socket
    quiet_from_s: float | None


class HeldPorts:
    """Holds sockets by the number of their session. Not thread-safe."""

    def __init__(self) -> None:
        self._held: dict[int, _Held] = {}

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, session: int, sock: socket.socket, quiet_from_s: float | None) -> None:
        """Takes over the socket of an ended session. A listener is closed at once: a later connection is refused.

        `quiet_from_s` (monotonic): what comes after that is late; None: not known yet.
        """
        if sock.type == socket.SOCK_DGRAM:
            sock.setblocking(False)  # its receiver may have set a timeout, and a check must not wait
            self._held[session] = _Held(sock, quiet_from_s)
        else:
            sock.close()

    def quiet_from(self, session: int, at_s: float) -> None:
        """Notes the moment at which the device has heard the BYE."""
        held = self._held.get(session)
        if held is not None:
            held.quiet_from_s = at_s

    def let_go(self, session: int) -> None:
        """Closes the session's socket: its port is free."""
        held = self._held.pop(session, None)
        if held is not None:
            held.sock.close()

    def close(self) -> None:
        """Closes every held socket."""
        for session in list(self._held):
            self.let_go(session)

    def late(self, now_s: float) -> list[int]:
        """Returns the sessions to whose port something came that should not."""
        came = [session for session, held in self._held.items() if _drained(held.sock)]
        times = {session: self._held[session].quiet_from_s for session in came}
        return [session for session, quiet_s in times.items() if quiet_s is not None and now_s >= quiet_s]


def _drained(sock: socket.socket) -> bool:
    """Empties a socket; returns True if anything lay in it."""
    for taken in range(_MANY):
        try:
            sock.recv(_DATAGRAM, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return taken > 0
    return True
