"""A real HTTP server in a thread that can also behave as servers and networks do: hang up, say nothing, never end."""

import socket
import ssl
import struct
import threading
from collections import deque
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler

from tests.support.http_server import HttpServer, SilentHandler

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


class RudeServer(HttpServer):
    """Answers POST, PUT and GET with `answer`, unless `script` has an act for the next request."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.script: deque[Act] = deque()
        self.requests = 0
        self.arrived = threading.Semaphore(0)
        """Released once for each request, when it has been worked on."""
        self.answer_headers: dict[str, str] = {}
        """Headers of every answer that is none of the acts."""
        self.poured = 0
        """Bytes of an endless answer that went out."""
        self._lock = threading.Lock()
        super().__init__(_handler(self), tls)

    @property
    def origin(self) -> str:
        """Scheme, name and port."""
        return f"{self.scheme}://localhost:{self.port}"

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
            _say(handler, status, content, **self.answer_headers)
        elif act in _STATUS:
            _say(handler, _STATUS[act], b"", Location=f"{self.origin}/elsewhere")
        else:
            self._misbehave(act, handler)

    def _misbehave(self, act: Act, handler: BaseHTTPRequestHandler) -> None:
        match act:
            case Act.HANG_UP_BEFORE | Act.HANG_UP_AFTER:
                _reset(handler.connection)
            case Act.SILENT_AFTER:
                self.closing.wait(60)
            case Act.DRIP_AFTER:
                self._drip(handler)
            case Act.HUGE_AFTER:
                self._pour(handler)
            case _:
                _say(handler, 200, b"\xff<html>" + b"x" * 200)

    def _drip(self, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.closing.wait(0.05):
            handler.wfile.write(b"x")

    def _pour(self, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while self.poured < HUGE_BYTES:
            handler.wfile.write(b" " * 65536)
            self.poured += 65536


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
    class Handler(SilentHandler):
        def do_POST(self) -> None:  # noqa: N802 - the library's name
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            try:
                server.serve(self, body)
            except OSError:
                self.close_connection = True

        def do_GET(self) -> None:  # noqa: N802 - the same
            self.do_POST()

        def do_PUT(self) -> None:  # noqa: N802 - the same
            self.do_POST()

        def finish(self) -> None:
            try:
                super().finish()
            except OSError:
                self.close_connection = True

    return Handler
