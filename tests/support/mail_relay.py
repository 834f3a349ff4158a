"""Mail relays for tests: a well-behaved one (aiosmtpd), and one that says what a test gives it to say."""

import asyncio
import socket
import ssl
import threading
from contextlib import suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.http_server import HOST
from tests.support.waiting import LONG_S

USERNAME, PASSWORD = "wayside", "correct horse battery"


class Relay:
    """STARTTLS, or TLS from the first byte, or none; logins where it has TLS. `mail` is what it took."""

    def __init__(self, tls: ssl.SSLContext | None = None, *, implicit: bool = False) -> None:
        self.mail: list[tuple[list[str], EmailMessage]] = []
        self.logins: list[bytes] = []
        self.refuse_recipient = ""
        """A reply to RCPT in place of 250."""
        self.refuse_data = ""
        """A reply to the text in place of 250."""
        facts: dict[str, Any] = {"hostname": HOST, "port": 0, "ready_timeout": LONG_S}
        if tls is not None and implicit:
            facts |= {"ssl_context": tls}
        elif tls is not None:
            facts |= {"tls_context": tls, "require_starttls": True}
        if tls is not None:
            facts |= {
                "authenticator": self._authenticate,
                "auth_required": not implicit,
                "auth_require_tls": not implicit,
            }
        self._controller = _Controller(self, **facts)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._controller.address[1]

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, or not."""
        if self.refuse_recipient:
            return self.refuse_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take a letter, or not."""
        if self.refuse_data:
            return self.refuse_data
        content = envelope.content
        assert isinstance(content, bytes)
        letter = message_from_bytes(content, policy=default)
        self.mail.append((list(envelope.rcpt_tos), letter))
        return "250 taken"

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login)
        right = (data.login, data.password) == (USERNAME.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)


class _Controller(Controller):
    """With port 0 the library's own first connection would go to port 0."""

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        assert isinstance(self.server, asyncio.Server)
        host, port = self.server.sockets[0].getsockname()
        return str(host), int(port)

    def _trigger_server(self) -> None:
        with socket.create_connection(self.address, timeout=LONG_S) as connection:
            if self.ssl_context is None:
                connection.recv(1024)


class RudeRelay:
    """Says one line of `script` for each line that it hears, a text being one; then what `end` names."""

    def __init__(self, script: tuple[bytes, ...], *, end: str = "hang_up") -> None:
        self._script = script
        self._end = end
        self._listener = socket.create_server((HOST, 0))
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.connections = 0
        self.poured = 0
        """Bytes of an end that never comes."""
        self.heard: list[bytes] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(LONG_S)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection, suppress(OSError):
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        reader = connection.makefile("rb")
        in_text = False
        for said in self._script:
            connection.sendall(said + b"\r\n")
            in_text = in_text or said.startswith(b"354")
            while line := reader.readline():
                self.heard.append(line)
                if not in_text or line == b".\r\n":
                    in_text = False
                    break
        match self._end:
            case "endless":
                self._repeat(connection, b"250-" + b"x" * 4000 + b"\r\n", pause_s=0)
            case "drip":
                self._repeat(connection, b"2", pause_s=0.05)
            case "tls drip":  # the header of a long handshake record, and then hardly any of it
                connection.sendall(b"\x16\x03\x03\x40\x00\x02")
                self._repeat(connection, b"\x00", pause_s=0.05)
            case "silent":
                self._closing.wait(60)

    def _repeat(self, connection: socket.socket, said: bytes, *, pause_s: float) -> None:
        while not self._closing.wait(pause_s):
            connection.sendall(said)
            self.poured += len(said)
