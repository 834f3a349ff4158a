"""Sends mail: one SMTP session with the relay, over TLS, with a time limit."""

import asyncio
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from types import MappingProxyType
from typing import Any, BinaryIO, Final

from center.clock import NowMs
from center.notify.channels import mail_text
from center.notify.channels.base import ChannelTerms, Kind, Parcel, Refusal
from center.notify.lifecycle import AttemptOutcome, AttemptVerdict
from center.notify.limits import Limits
from center.notify.message import Message, blanks, parcel_id
from provisioning.contracts.config.notify import Mail

MAX_REPLIES_BYTES: Final = 64 * 1024


class MailChannel:
    """Sends mail through one relay, at least once, under one Message-ID."""

    kind: Final = Kind.MAIL

    def __init__(self, config: Mail, password: str | None, *, offset_minutes: int, now_ms: NowMs) -> None:
        """Reads the certificates.

        Raises:
            OSError: `ca_file` cannot be read or holds no certificate.
        """
        self.id: Final = config.id
        self.terms: Final = ChannelTerms(
            limits=Limits(config.per_second),
            give_up_after_ms=round(config.give_up_after_s * 1000),
            max_waiting=config.max_waiting,
            most_possible=None,
        )
        self._addresses = {each.name: each.address for each in config.recipients}
        self.recipients: Final[Mapping[str, str]] = MappingProxyType(
            {name: mail_text.masked(address) for name, address in self._addresses.items()}
        )
        self._config = config
        self._password = password
        self._tls = ssl.create_default_context(cafile=config.ca_file)
        # A relay that hangs holds this thread, and none of those in which the centre asks its database.
        self._probing = ThreadPoolExecutor(1, "mail-probe")
        self._offset_minutes = offset_minutes
        self._now_ms = now_ms

    def prepare(self, message: Message, recipient: str) -> Parcel | Refusal:
        """Fills the template; refuses recipients that are not listed."""
        if recipient not in self.recipients:
            return Refusal("not_listed")
        text = self._config.template.format_map(blanks(message, self._offset_minutes))
        return Parcel(parcel_id(message.id, self.id, recipient), message, recipient, text)

    async def deliver(self, parcel: Parcel) -> AttemptOutcome:
        """Sends a parcel in one SMTP session, in a worker thread."""
        return await asyncio.to_thread(self._converse, parcel)

    async def probe(self) -> str:
        """Greets the relay, and takes up TLS where it is configured, in a thread of its own."""
        return await asyncio.get_running_loop().run_in_executor(self._probing, self._greet)

    def _greet(self) -> str:
        try:
            with self._relay() as relay:
                relay.quit()
        except (smtplib.SMTPException, OSError) as error:
            return _failed(error, handed=False).code
        return ""

    def _converse(self, parcel: Parcel) -> AttemptOutcome:
        address = self._addresses[parcel.recipient]
        letter = mail_text.mail(parcel, sender=self._config.sender, address=address, at_ms=self._now_ms())
        handed = False
        try:
            with self._relay() as relay:
                if self._config.username is not None:
                    relay.login(self._config.username, self._password or "")
                for step in (partial(relay.mail, self._config.sender), partial(relay.rcpt, address)):
                    code, _reply = step()
                    if not 200 <= code < 300:
                        return mail_text.refused(code)
                handed = True
                code, _reply = relay.data(letter.as_bytes())
                return mail_text.read(code)
        except (smtplib.SMTPException, OSError) as error:
            return _failed(error, handed=handed)

    @contextmanager
    def _relay(self) -> Iterator[smtplib.SMTP]:
        """Opens a session with the relay, encrypted as configured. Each read has a time limit, and so has the whole."""
        config = self._config
        relay: _Relay = (
            _TlsRelay(timeout=config.timeout_s, context=self._tls, local_hostname=socket.gethostname())
            if config.security == "tls"
            else _Relay(timeout=config.timeout_s, local_hostname=socket.gethostname())
        )
        end = threading.Timer(config.timeout_s, relay.cut)
        end.daemon = True
        end.start()
        try:
            code, reply = relay.connect(config.host, config.port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, reply)
            if config.security == "starttls":
                relay.starttls(context=self._tls)
            relay.ehlo_or_helo_if_needed()
            yield relay
        finally:
            end.cancel()
            relay.close()


def _failed(error: Exception, *, handed: bool) -> AttemptOutcome:
    if isinstance(error, smtplib.SMTPDataError):  # an answer to DATA, before the text
        return mail_text.refused(error.smtp_code)
    if handed:
        return AttemptOutcome(AttemptVerdict.UNKNOWN, "hung_up")
    if isinstance(error, smtplib.SMTPResponseException):
        return mail_text.refused(error.smtp_code)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return AttemptOutcome(AttemptVerdict.NOT_TAKEN, "no_tls_or_login")
    return AttemptOutcome(AttemptVerdict.NOT_TAKEN, "tls_failed" if isinstance(error, ssl.SSLError) else "unreachable")


class _Replies:
    """Reads a relay's replies up to `MAX_REPLIES_BYTES`: smtplib reads a reply of endless lines to its end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = MAX_REPLIES_BYTES

    def readline(self, limit: int = -1) -> bytes:
        """Reads the next line; nothing past the limit or if it was cut off: as if the relay had hung up before it."""
        line = self._file.readline(limit) if self._left > 0 else b""
        self._left -= len(line)
        return line if line.endswith(b"\n") or len(line) == limit else b""

    def close(self) -> None:
        self._file.close()


class _Relay(smtplib.SMTP):
    """SMTP client that a relay can neither make fill the memory nor hold for ever."""

    _handle: socket.socket | None = None
    """A second handle of the connection: TLS takes the first away during the handshake."""

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> tuple[int, bytes]:
        """Connects; sets the name to check the certificate against, which smtplib takes only in its constructor."""
        self._host = host
        return super().connect(host, port, source_address)

    def getreply(self) -> tuple[int, bytes]:
        """Reads a reply as smtplib does, with a limit."""
        if self.file is None and self.sock is not None:
            self.file = _Replies(self.sock.makefile("rb"))
        return super().getreply()

    def cut(self) -> None:
        """Cuts the connection, which wakes a thread that waits for a relay that sends a byte now and then."""
        if self._handle is not None:
            with suppress(OSError):  # it has ended by itself
                self._handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        super().close()
        if self._handle is not None:
            self._handle.close()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc] # not in its stubs
        self._handle = connection.dup()
        return connection


class _TlsRelay(smtplib.SMTP_SSL, _Relay):
    """The same client, encrypted from the first byte."""
