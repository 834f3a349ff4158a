"""A real HTTP server in a thread that can also behave as servers and networks do: hang up, say nothing, never end."""

import socket
import ssl
import struct
import threading
from collections import deque
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.support.waiting import LONG_S

HOST = "127.0.0.1"
HUGE_BYTES = 32 * 1024 * 1024


class Act(Enum):
    """What becomes of one request in place of its answer."""

    HANG_UP_BEFORE = auto()
    """Closes without having taken it."""
    HANG_UP_AFTER = auto()
    """Takes it, and closes without an answer."""
    SILENT_AFTER = auto()
    """Takes it, and says nothing."""
    DRIP_AFTER = auto()
    """Takes it, and answers a byte now and then."""
    FAULT_AFTER = auto()
    """Takes it, and answers 503."""
    GARBAGE_AFTER = auto()
    """Takes it, and answers what is no JSON."""
    HUGE_AFTER = auto()
    """Takes it, and answers without end."""
    REDIRECT = auto()
    """Sends the client somewhere else."""
    NOT_FOUND = auto()
    """Knows no such path."""
    SLOW_DOWN = auto()
    """Says that it is too fast, by HTTP."""

    @property
    def takes(self) -> bool:
        """Whether the request is worked on."""
        return self.name.endswith("_AFTER")


_STATUS = {Act.FAULT_AFTER: 503, Act.REDIRECT: 307, Act.NOT_FOUND: 404, Act.SLOW_DOWN: 429}


class RudeServer:
    """Answers POST with `answer`, unless `script` has an act for the next request."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.script: deque[Act] = deque()
        self.requests = 0
        self.arrived = threading.Semaphore(0)
        """Released once for each request, when it has been worked on."""
        self.poured = 0
        """Bytes of an endless answer that went out."""
        self.tls = tls
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server((HOST, 0), _handler(self))
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(LONG_S)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def connections(self) -> int:
        """How often somebody connected."""
        return self._server.connections

    @property
    def origin(self) -> str:
        """Scheme, name and port."""
        return f"{'http' if self.tls is None else 'https'}://localhost:{self.port}"

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Work on one request: status and body."""
        raise NotImplementedError

    def serve(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        """One request, from its last byte on."""
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self._lock:
            self.requests += 1
            act = self.script.popleft() if self.script else None
            status, content = self.answer(handler.path, headers, body) if act is None or act.takes else (0, b"")
        self.arrived.release()
        if act is None:
            _say(handler, status, content)
        elif act in _STATUS:
            _say(handler, _STATUS[act], b"", Location=f"{self.origin}/elsewhere")
        else:
            self._misbehave(act, handler)

    def _misbehave(self, act: Act, handler: BaseHTTPRequestHandler) -> None:
        match act:
            case Act.HANG_UP_BEFORE | Act.HANG_UP_AFTER:
                _reset(handler.connection)
            case Act.SILENT_AFTER:
                self._closing.wait(60)
            case Act.DRIP_AFTER:
                self._drip(handler)
            case Act.HUGE_AFTER:
                self._pour(handler)
            case _:
                _say(handler, 200, b"\xff<html>" + b"x" * 200)

    def _drip(self, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self._closing.wait(0.05):
            handler.wfile.write(b"x")

    def _pour(self, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while self.poured < HUGE_BYTES:
            handler.wfile.write(b" " * 65536)
            self.poured += 65536


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    connections = 0

    def get_request(self) -> tuple[socket.socket, Any]:
        """One connection, counted."""
        taken = super().get_request()
        self.connections += 1
        return taken

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not believe the certificate hangs up, which the test sees at the client."""


def _say(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _reset(connection: socket.socket) -> None:
    """Close so that the other side sees a reset, at once."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RDWR)


def _handler(server: RudeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            try:
                server.serve(self, body)
            except OSError:
                self.close_connection = True

        def finish(self) -> None:
            try:
                super().finish()
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Says nothing."""

    return Handler
