"""Ports for what a test starts: below those that Linux lends to whoever asks for any, and each worker its own.

A port that was found by binding 0 and given back is soon lent to somebody else, and then the server that a test starts
there does not start. Ray's workers keep 10002 to 19999, and the demo's media start at 30000.
"""

import os
import random
import socket
from contextlib import ExitStack

_FIRST, _LAST = 24_600, 29_990


class _Turn:
    """Goes round a worker's share, so that what was given lately comes last."""

    def __init__(self) -> None:
        workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
        share = (_LAST - _FIRST) // workers
        self._first, self._end = _FIRST + worker * share, _FIRST + (worker + 1) * share
        self._next = random.randrange(self._first, self._end)  # connections of the run before may still end

    def take(self, size: int) -> int:
        """The first of `size` ports in a row that nobody holds over TCP or UDP; an even one."""
        for _ in range(self._end - self._first):
            first = self._next + self._next % 2
            if first + size > self._end:
                first = self._first + self._first % 2
            held = next((port for port in range(first, first + size) if not _is_free(port)), None)
            if held is None:
                self._next = first + size
                return first
            self._next = held + 1
        raise OSError(f"{size} ports in a row are not free between {self._first} and {self._end}")


def _is_free(port: int) -> bool:
    with ExitStack() as stack:
        tcp = stack.enter_context(socket.socket())
        # As servers do; without it a port where connections still end counts as taken for a minute.
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        try:
            for each in (tcp, udp):
                each.bind(("", port))  # every address, since Ray's sockets bind them all
        except OSError:
            return False
        return True


_TURN = _Turn()


def free_range(size: int) -> range:
    """Ports in a row; the first one is even, as media ports are."""
    first = _TURN.take(size)
    return range(first, first + size)


def free_ports(count: int) -> list[int]:
    """Some ports, all different."""
    return [_TURN.take(1) for _ in range(count)]


def free_port() -> int:
    """One port."""
    return _TURN.take(1)
