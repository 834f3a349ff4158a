"""A line to a desk agent that passes on only the first part of what a client sends: it cannot have brought all."""

import socket
import threading
from contextlib import ExitStack, suppress
from typing import Self

from tests.support.pki import HOST
from tests.support.waiting import LONG_S


class NarrowLine:
    """Relays connections to a port until one of their ends closes. Use it as a context."""

    def __init__(self, port: int, *, passes_bytes: int) -> None:
        """`passes_bytes`: of what a client sends on one connection; what comes after it is lost."""
        self._to = (HOST, port)
        self._passes_bytes = passes_bytes
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self._listener)
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(LONG_S)
        for thread in self._threads:
            thread.join(LONG_S)
        self._stack.close()

    def _accept(self) -> None:
        while True:
            try:
                client = self._stack.enter_context(self._listener.accept()[0])
            except OSError:  # shut down
                return
            desk = self._stack.enter_context(socket.create_connection(self._to))
            for ends in ((client, desk, self._passes_bytes), (desk, client, None)):
                self._threads.append(threading.Thread(target=_relay, args=ends))
                self._threads[-1].start()


def _relay(source: socket.socket, target: socket.socket, left_bytes: int | None) -> None:
    """Relays one way until an end closes or is killed, and closes the other then."""
    with suppress(ConnectionError):
        while data := source.recv(65_536):
            target.sendall(data if left_bytes is None else data[:left_bytes])
            left_bytes = None if left_bytes is None else max(0, left_bytes - len(data))
    for end in (source, target):
        with suppress(OSError):  # closed already
            end.shutdown(socket.SHUT_RDWR)
