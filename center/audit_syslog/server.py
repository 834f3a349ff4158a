"""Delivers frames to a syslog server over TLS, a connection a delivery, and learns that the server has read them.

Syslog has no receipt. What a server has read to its end is known from the way it ends the connection: after our
`close_notify` it closes too. A server, or a machine, that ends with frames unread resets the connection instead, and
leaves bytes of ours unacknowledged. Either is a failed delivery.
"""

import fcntl
import socket
import ssl
import struct
import termios
import time
from typing import Final

from center.audit_syslog.errors import SyslogFailedError
from center.errors import StartError
from provisioning.contracts.config.audit_syslog import AuditSyslog

_INT: Final = "i"


class SyslogServer:
    """One server. Blocks: call it from a thread that nothing else waits for."""

    def __init__(self, settings: AuditSyslog) -> None:
        """Reads the certificates.

        Raises:
            StartError: one cannot be used.
        """
        self._host, self._port, self._timeout_s = settings.host, settings.port, settings.timeout_s
        self.target: Final = f"{settings.host}:{settings.port}"
        file = settings.ca_file
        try:
            context = ssl.create_default_context(cafile=file)
            if settings.cert_file is not None:
                file = settings.cert_file
                context.load_cert_chain(settings.cert_file, settings.key_file)
        except OSError as error:  # ssl.SSLError is one
            raise StartError(
                what=f"[audit_syslog]: {file} cannot be used ({error.strerror or error})",
                what_to_do="Give the authority of the server's certificate, and a certificate with its key, all in PEM",
            ) from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context = context

    def deliver(self, frames: bytes) -> None:
        """Sends frames and waits until the server has read them all, for `timeout_s` altogether.

        Raises:
            SyslogFailedError: it did not, or that it did is not known.
        """
        ends_s = time.monotonic() + self._timeout_s
        try:
            plain = socket.create_connection((self._host, self._port), timeout=self._timeout_s)
            plain.settimeout(_left(ends_s))
            with plain, self._context.wrap_socket(plain, server_hostname=self._host) as line:
                rest = memoryview(frames)
                while rest:
                    line.settimeout(_left(ends_s))
                    rest = rest[line.send(rest) :]
                line.settimeout(_left(ends_s))
                _end(line)
        except (OSError, ValueError) as error:  # ValueError: of the ssl module, for a name that cannot be checked
            raise SyslogFailedError(server=self.target, cause=_cause(error)) from error


def _end(line: ssl.SSLSocket) -> None:
    """Closes in order and waits for the server to do the same.

    Raises:
        OSError: it did not read everything.
    """
    try:
        ended: socket.socket = line.unwrap()
    except ssl.SSLEOFError:
        ended = line  # closed without a close_notify of its own: rsyslog with GnuTLS does
    unread = struct.unpack(_INT, fcntl.ioctl(ended.fileno(), termios.TIOCOUTQ, struct.pack(_INT, 0)))[0]
    if unread:
        raise ConnectionResetError(f"the server closed with {unread} octets unread")


def _left(ends_s: float) -> float:
    left_s = ends_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError("timed out")
    return left_s


def _cause(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is refused ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "it did not read them in time"
    return (error.strerror if isinstance(error, OSError) else "") or str(error)
