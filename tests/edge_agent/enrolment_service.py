"""The enrolment service as it should be, over real TLS on loopback, with the ways in which a test lets it misbehave."""

import hashlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self, cast

from cryptography import x509
from pydantic import ValidationError

from provisioning.contracts.fleet.enrolment import (
    ENROL,
    HELLO,
    RENEW,
    Bundle,
    Enrolled,
    EnrolRequest,
    Hello,
    Problem,
    RenewRequest,
)
from provisioning.signing.documents import SealKey, pack_bundle
from tests.edge_agent.issuing import DAYS, Ca, new_key, private_pem, spki
from tests.support.waiting import LONG_S

CODE = "7K2M-Q0ZX-AAAA-1234"
AGENT = "cabinet-7"
SITE = "east-gate"


@dataclass
class Behaviour:
    """What the service does otherwise than it should."""

    clock_off_ms: int = 0
    days: float = DAYS
    lost_answers: int = 0
    """So many requests are done, and their answer never comes."""
    change: Callable[[Enrolled], Enrolled] = lambda answer: answer
    raw: bytes | None = None
    """Sent instead of any answer."""
    revoked: bool = False
    name: Callable[[str], tuple[str, ...]] = lambda agent: (agent,)
    signs: Callable[[Any], Any] = lambda key: key
    begins: datetime | None = None


@dataclass
class Asked:
    """One request as it arrived."""

    path: str
    body: bytes = field(repr=False)
    client: str | None
    """Common name of the client certificate."""


class EnrolmentService:
    """See the module. Knows one code; the same key may spend it again. Before it is entered, its port refuses."""

    def __init__(self, folder: Path, *, host: str = "127.0.0.1", begins: datetime | None = None) -> None:
        self.agents = Ca("Test agents")
        self.services = Ca("Test services")
        self.seal_key = SealKey.create(folder / "seal.key")
        self.be = Behaviour()
        self.asked: list[Asked] = []
        self.codes = {CODE: (SITE, AGENT)}
        self.spent: dict[str, bytes] = {}
        self.secrets: dict[str, str] = {}
        self.issued: list[bytes] = []
        key = new_key()
        self.pin = hashlib.sha256(spki(key.public_key())).hexdigest()
        pem = folder / "service.pem"
        pem.write_bytes(self.services.sign(key.public_key(), "enrolment", host=host, begins=begins) + private_pem(key))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pem)
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.context.load_verify_locations(cadata=self.agents.pem.decode())
        self._server = _Server(self)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Self:
        self._server.server_activate()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def paths(self) -> list[str]:
        return [each.path for each in self.asked]

    def bundle(self, **changes: object) -> str:
        told = {
            "host": "127.0.0.1",
            "port": self.port,
            "pin": self.pin,
            "site_id": SITE,
            "agent_id": AGENT,
            "code": CODE,
            "expires_at_ms": now_ms() + 3_600_000,
            "seal_key": self.seal_key.seal.key,
        }
        return pack_bundle(self.seal_key.sign_bundle(Bundle.model_validate(told | changes)))

    def answer(self, asked: Asked) -> tuple[int, str]:
        try:
            if asked.path == HELLO:
                said = Hello(now_ms=now_ms() + self.be.clock_off_ms, seal_key=self.seal_key.seal.key)
                return 200, said.model_dump_json()
            if asked.path == ENROL:
                return self._enrol(EnrolRequest.model_validate_json(asked.body))
            if asked.path == RENEW:
                return self._renew(asked.client, RenewRequest.model_validate_json(asked.body))
        except ValidationError as error:
            return _refused("malformed", f"{len(error.errors())} faults")
        return 404, json.dumps({"detail": "Not Found"})

    def _enrol(self, wish: EnrolRequest) -> tuple[int, str]:
        csr = x509.load_pem_x509_csr(wish.csr.encode())
        if self.codes.get(wish.code) != (wish.site_id, wish.agent_id):
            return _refused("code_unknown", "this code is not known: have a new bundle made")
        if self.spent.setdefault(wish.code, spki(csr.public_key())) != spki(csr.public_key()):
            return _refused("code_used", "this code was used by another box: have a new bundle made")
        self.secrets[wish.agent_id] = wish.secrets_key
        return self._enrolled(wish.agent_id, csr)

    def _renew(self, agent_id: str | None, wish: RenewRequest) -> tuple[int, str]:
        if agent_id is None:
            return _refused("malformed", "no client certificate")
        if self.be.revoked:
            return _refused("revoked", "this agent was revoked: speak to the centre")
        return self._enrolled(agent_id, x509.load_pem_x509_csr(wish.csr.encode()))

    def _enrolled(self, agent_id: str, csr: x509.CertificateSigningRequest) -> tuple[int, str]:
        assert csr.is_signature_valid
        certificate = self.agents.sign(
            self.be.signs(csr.public_key()), *self.be.name(agent_id), days=self.be.days, begins=self.be.begins
        )
        self.issued.append(certificate)
        said = Enrolled(
            agent_id=agent_id,
            site_id=SITE,
            certificate=certificate.decode(),
            services_ca=self.services.pem.decode(),
            broker_host="broker.example",
            broker_port=8883,
            seal_key=self.seal_key.seal.key,
            now_ms=now_ms(),
        )
        return 200, self.be.change(said).model_dump_json()


def _refused(error: str, detail: str) -> tuple[int, str]:
    return 403, Problem(error=error, detail=detail).model_dump_json()


def now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, service: EnrolmentService) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self.server_bind()
        self.service = service

    def finish_request(self, request: Any, client_address: Any) -> None:
        # A client that does not like us breaks the handshake, or goes without a word.
        with suppress(OSError), self.service.context.wrap_socket(request, server_side=True) as tls:
            tls.settimeout(LONG_S)
            _Handler(tls, client_address, self)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers["Content-Length"])))

    def _serve(self, body: bytes) -> None:
        service = self.server.service
        shown: Any = cast("ssl.SSLSocket", self.connection).getpeercert() or {}
        names = [value for parts in shown.get("subject", ()) for key, value in parts if key == "commonName"]
        asked = Asked(self.path, body, names[0] if names else None)
        service.asked.append(asked)
        if service.be.raw is not None:
            self.wfile.write(service.be.raw)
            return
        status, text = service.answer(asked)
        if self.path != HELLO and service.be.lost_answers > 0:
            service.be.lost_answers -= 1
            return
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def scripted(context: ssl.SSLContext, script: Callable[[ssl.SSLSocket], None]) -> Iterator[int]:
    """A TLS server that does with one connection what `script` says; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            plain, _ = listening.accept()
            with suppress(OSError), plain, context.wrap_socket(plain, server_side=True) as tls:
                tls.settimeout(LONG_S)
                script(tls)

        thread = threading.Thread(target=serve)
        thread.start()
        yield int(listening.getsockname()[1])
        thread.join(LONG_S)
        assert not thread.is_alive()
