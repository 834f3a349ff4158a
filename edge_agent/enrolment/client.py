"""Client of the enrolment service: HTTPS, one request a connection, each answer bounded in size and time.

A box that is not yet an agent knows the service by its key alone (`pinned`): neither name nor dates of the certificate
count, since the box's clock may be a year off. An agent knows it by name and authority (`verified`).
"""

import hashlib
import http.client
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self, TypeVar, cast

from cryptography import x509

from edge_agent.clock import Clock
from edge_agent.enrolment.identity import public_bytes
from edge_agent.errors import EnrolmentError
from edge_agent.host_port import host_port
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.enrolment import (
    ENROL,
    HELLO,
    MAX_ANSWER_BYTES,
    RENEW,
    Enrolled,
    EnrolRequest,
    Hello,
    Problem,
    RenewRequest,
)
from provisioning.contracts.fleet.rollout import CHUNK_BYTES, SOFTWARE
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import Message
from provisioning.signing.x509_faults import MALFORMED

_M = TypeVar("_M", bound=Message)


@dataclass(frozen=True, slots=True)
class EnrolmentTimeouts:
    """Timeouts of a request."""

    step_s: float = 10.0
    """Seconds for the connection, for the handshake, and for each silence after it."""
    answer_s: float = 30.0
    """Seconds for the whole answer, which also bounds a service that drips a byte now and then."""


class _BoundedSocket(ssl.SSLSocket):
    """Ends every read at one common deadline."""

    next_timeout_s: Callable[[], float]

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        """As in `ssl.SSLSocket`; `http.client` reads through nothing else."""
        self.settimeout(self.next_timeout_s())
        return super().recv_into(buffer, nbytes, flags)


class EnrolmentClient:
    """Its requests raise EnrolmentError, and nothing else, when there is no good answer."""

    def __init__(
        self,
        host: str,
        port: int,
        context: ssl.SSLContext,
        clock: Clock,
        patience: EnrolmentTimeouts,
        *,
        pin: str | None,
    ) -> None:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sslsocket_class = _BoundedSocket
        self._host = host
        self._port = port
        self._context = context
        self._clock = clock
        self._patience = patience
        self._pin = pin
        self._place = f"enrolment service {host_port(host, port)}"

    @classmethod
    def pinned(
        cls, host: str, port: int, pin: str, clock: Clock, *, patience: EnrolmentTimeouts = EnrolmentTimeouts()
    ) -> Self:
        """Connect to the service whose key has this SHA-256 over its SubjectPublicKeyInfo, in hex."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the handshake still proves that the peer has the key that is pinned
        return cls(host, port, context, clock, patience, pin=pin)

    @classmethod
    def verified(
        cls,
        host: str,
        port: int,
        ca_file: Path,
        clock: Clock,
        *,
        identity_file: Path | None = None,
        patience: EnrolmentTimeouts = EnrolmentTimeouts(),
    ) -> Self:
        """Connect to the service that this authority vouches for under this name. `identity_file`: the agent's own.

        Raises:
            EnrolmentError: a file cannot be used.
        """
        try:
            context = ssl.create_default_context(cafile=str(ca_file))
            if identity_file is not None:
                context.load_cert_chain(str(identity_file))
        except OSError as error:  # ssl.SSLError is one
            files = ", ".join(str(file) for file in (ca_file, identity_file) if file is not None)
            raise EnrolmentError(f"{files}: no usable certificate and key ({error}): enrol again") from error
        return cls(host, port, context, clock, patience, pin=None)

    def hello(self) -> Hello:
        """Fetch the service's identity and its time."""
        return self._ask(Hello, "GET", HELLO, None)

    def enrol(self, request: EnrolRequest) -> Enrolled:
        """Spend the code. The same request may be repeated when its answer was lost."""
        return self._ask(Enrolled, "POST", ENROL, request)

    def renew(self, request: RenewRequest) -> Enrolled:
        """Fetch the next certificate of the agent whose `identity_file` was given."""
        return self._ask(Enrolled, "POST", RENEW, request)

    def software(self, sha256: str, offset: int) -> bytes:
        """Fetch a chunk of the archive with this hash, from this offset on."""
        with self._connect() as connected:
            path = f"{SOFTWARE}{sha256}/{offset}"
            status, body = self._exchange(connected, "GET", path, None, limit=CHUNK_BYTES)
        if status == HTTPStatus.OK and len(body) <= CHUNK_BYTES:
            return body
        try:
            read_answer(Problem, max(status, HTTPStatus.BAD_REQUEST), body)
        except EnrolmentError as error:
            raise EnrolmentError(f"{self._place}: {error}", error.cause) from error
        raise EnrolmentError(f"{self._place}: answers {status} and no piece of an archive", "answer")

    def _ask(self, model: type[_M], method: str, path: str, request: Message | None) -> _M:
        with self._connect() as connected:
            self._check_pin(connected)
            status, body = self._exchange(connected, method, path, request)
        try:
            return read_answer(model, status, body)
        except EnrolmentError as error:
            raise EnrolmentError(f"{self._place}: {error}", error.cause) from error

    def _connect(self) -> _BoundedSocket:
        try:
            plain = socket.create_connection((self._host, self._port), self._patience.step_s)
        except (OSError, ValueError) as error:  # ValueError: no resolver is asked for a name such as `a..b`
            raise EnrolmentError(
                f"{self._place}: cannot be reached ({error}): check network, address and firewall, and try again",
                "unreachable",
            ) from error
        with plain:  # wrapped, it gives its descriptor away and closes nothing
            try:
                connected = self._context.wrap_socket(plain, server_hostname=self._host)
            except ssl.SSLCertVerificationError as error:
                raise EnrolmentError(
                    f"{self._place}: its certificate is not trusted ({error.verify_message}): check this box's clock"
                    " and provisioning.host",
                    "untrusted",
                ) from error
            except (OSError, ValueError) as error:
                raise EnrolmentError(
                    f"{self._place}: no TLS 1.2 or later is spoken there ({error}): check address and port",
                    "unreachable",
                ) from error
        return cast("_BoundedSocket", connected)  # `sslsocket_class` of the context

    def _check_pin(self, connected: ssl.SSLSocket) -> None:
        if self._pin is None:
            return
        try:
            certificate = x509.load_der_x509_certificate(connected.getpeercert(binary_form=True) or b"")
            shown = hashlib.sha256(public_bytes(certificate.public_key())).hexdigest()
        except MALFORMED:
            shown = "none that can be read"
        if shown != self._pin:
            raise EnrolmentError(
                f"{self._place}: this is not the service of the bundle: its key is {shown[:16]}… where the bundle says"
                f" {self._pin[:16]}…; nothing was sent. Check the address, or have a new bundle made",
                "untrusted",
            )

    def _exchange(
        self,
        connected: _BoundedSocket,
        method: str,
        path: str,
        request: Message | None,
        *,
        limit: int = MAX_ANSWER_BYTES,
    ) -> tuple[int, bytes]:
        ends_s = self._clock.monotonic_s() + self._patience.answer_s

        def next_timeout_s() -> float:
            left_s = ends_s - self._clock.monotonic_s()
            if left_s <= 0:
                raise TimeoutError("the whole answer took too long")
            return min(left_s, self._patience.step_s)

        connected.next_timeout_s = next_timeout_s
        connection = http.client.HTTPConnection(self._host, self._port)
        connection.auto_open = 0  # it must never open one of its own, which would be plain text
        connection.sock = connected
        body = None if request is None else codec.encode(request)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json", "Connection": "close"})
            with connection.getresponse() as response:
                return response.status, response.read(limit + 1)
        except TimeoutError as error:
            raise EnrolmentError(
                f"{self._place}: does not answer in time: try again in a minute", "unreachable"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise EnrolmentError(
                f"{self._place}: broke off instead of answering ({_reason(error)}): try again; if it stays so, see the"
                " service's log",
                "refused" if isinstance(error, ssl.SSLError) else "unreachable",
            ) from error
        finally:
            connection.close()


def read_answer(model: type[_M], status: int, body: bytes) -> _M:
    """Decode an answer of the service.

    Raises:
        EnrolmentError: a refusal with the service's text, its error code as cause; or no answer of its kind.
    """
    if len(body) > MAX_ANSWER_BYTES:
        raise EnrolmentError(f"answers more than {MAX_ANSWER_BYTES} bytes: is this the enrolment service?", "answer")
    try:
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return codec.decode(model, body)
        problem = codec.decode(Problem, body)
    except ContractError as error:
        raise EnrolmentError(
            f"answers {status} and what cannot be read ({error}): is this the enrolment service, and as new as this"
            " program?",
            "answer",
        ) from error
    raise EnrolmentError(_one_line(problem.detail), problem.error)


def _one_line(text: str) -> str:
    """Make foreign text safe for a terminal: characters that are not printable become blanks."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _reason(error: Exception) -> str:
    """Describe an error: TLS's reason without OpenSSL's source line; `BadStatusLine` and its kin quote the input."""
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return str(error) if isinstance(error, OSError) else type(error).__name__
