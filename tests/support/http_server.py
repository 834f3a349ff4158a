"""Serves HTTP or HTTPS on loopback from a thread, for servers that a test needs to misbehave."""

import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.support.waiting import LONG_S

HOST = "127.0.0.1"


class HttpServer:
    """Listens from the start and answers between `__enter__` and `__exit__`; a subclass says with what."""

    def __init__(self, handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.closing = threading.Event()
        """Set when the server stops, for answers that never end."""
        self._server = _Server((HOST, 0), handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(LONG_S)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def scheme(self) -> str:
        return "http" if self.tls is None else "https"

    @property
    def connections(self) -> int:
        """Number of connections so far."""
        return self._server.connections


class SilentHandler(BaseHTTPRequestHandler):
    """Writes no log."""

    timeout = LONG_S

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    connections = 0

    def get_request(self) -> tuple[socket.socket, Any]:
        taken = super().get_request()
        self.connections += 1
        return taken

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not believe the certificate hangs up, which the test sees at the client."""
