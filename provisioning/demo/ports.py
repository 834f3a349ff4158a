"""Chooses the demo's ports: the usual ones if they are free, others if not."""

import socket
from typing import Final, NamedTuple

from provisioning.errors import DemoError

_TRIES: Final = 8


class Ports(NamedTuple):
    """TCP ports by the process that listens on them. The defaults are the well-known ones."""

    broker: int = 8883
    services: int = 8884
    enrolment: int = 8843
    rtsp: int = 8554
    query: int = 8100
    console: int = 8080
    gcs: int = 6399
    dashboard: int = 8265
    desk: int = 8446

    def moved(self) -> list[str]:
        """Lists the processes that moved from their usual port, with the new one."""
        usual = Ports()._asdict()
        return [f"{name} {port}" for name, port in self._asdict().items() if port != usual[name]]


def choose(usual: Ports = Ports()) -> Ports:  # noqa: B008 - an immutable default
    """Chooses free ports, the usual ones if possible.

    All are held at once while choosing, so that no two are the same. Another program can still take one before ours
    does; that process then says so and the demo ends.

    Raises:
        DemoError: this machine has no free port.
    """
    held: list[socket.socket] = []
    try:
        held.extend(map(_hold, usual))
        return Ports(*(holder.getsockname()[1] for holder in held))
    finally:
        for holder in held:
            holder.close()


def _hold(port: int) -> socket.socket:
    for candidate in (port, 0):
        holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # Servers set this too; without it a port that was just given back counts as taken for a minute.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            # Every address, since Ray's sockets bind them all.
            holder.bind(("", candidate))
            holder.listen(1)
        except OSError:
            holder.close()
            continue
        return holder
    raise DemoError("no TCP port is free on this machine; end some programs")


def sip(usual: int = 5060) -> int:
    """Returns a port that is free over UDP and TCP: the usual one if possible.

    Raises:
        DemoError: this machine has none.
    """
    for port in (usual, *[0] * _TRIES):
        with _hold(port) as listener, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            found = int(listener.getsockname()[1])
            try:
                datagrams.bind(("", found))
            except OSError:
                continue
            return found
    raise DemoError("no port is free over both UDP and TCP on this machine; end some programs")


def answers(host: str, port: int) -> bool:
    """True if a server accepts connections there."""
    try:
        socket.create_connection((host, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def free(usual: int) -> int:
    """Returns a TCP port that is free: the usual one if possible.

    Raises:
        DemoError: this machine has none.
    """
    with _hold(usual) as holder:
        return int(holder.getsockname()[1])
