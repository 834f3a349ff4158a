"""A home on loopback, its enrolment service in a thread, and boxes that come to it.

box ──HTTPS──▶ enrolment ──▶ home (register, authority)
"""

import asyncio
import getpass
import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from provisioning.contracts.fleet.enrolment import ENROL, RENEW
from provisioning.enrolment.https_server import HttpsServer, Limits
from provisioning.enrolment.service import Enrolment, tls_context
from provisioning.enrolment.throttle import Throttle
from provisioning.errors import ProvisioningError
from provisioning.files import durable
from provisioning.home.home import Home, HomeConfig
from provisioning.pki.authority import new_key, private_pem
from tests.support.ports import free_ports
from tests.support.waiting import LONG_S

HOST = "127.0.0.1"
SITE = "crossing"
Reply = tuple[int, dict[str, Any]]


class Clock:
    """The time of a home, which tests move."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms

    def move(self, by: timedelta) -> None:
        self.ahead_ms += round(by.total_seconds() * 1000)


def new_home(folder: Path, clock: Clock | None = None) -> Home:
    agents, services, enrolment = free_ports(3)
    config = HomeConfig(
        name="county",
        host=HOST,
        listen=HOST,
        agents_port=agents,
        services_port=services,
        enrolment_port=enrolment,
        account=getpass.getuser(),
    )
    home = Home.create(folder / "home", config, now_ms=clock)
    home.register.add_site(SITE, "Crossing", None, None)
    return home


def new_code(home: Home, agent_id: str, *, lifetime: timedelta = timedelta(days=1)) -> str:
    """Of an agent that is added when it is not there."""
    home.register.add_agent(agent_id, SITE)
    return home.register.new_code(agent_id, round(lifetime.total_seconds() * 1000))[0]


def csr_pem(key: Any) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cluster")])  # the subject is not looked at
    return x509.CertificateSigningRequestBuilder(name).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


class Box:
    """A machine that wants to be an agent."""

    def __init__(self, home: Home, folder: Path, agent_id: str = "street") -> None:
        self._home = home
        folder.mkdir(parents=True)
        self.folder = folder
        self.agent_id = agent_id
        self.key: ec.EllipticCurvePrivateKey = new_key()
        self.secrets = X25519PrivateKey.generate()
        self.cert_file = folder / "agent.crt"
        self.key_file = folder / "agent.key"
        self.shows: tuple[Path, Path] | None = None

    def request(self, code: str, **other: Any) -> dict[str, Any]:
        return {
            "version": 1,
            "site_id": SITE,
            "agent_id": self.agent_id,
            "code": code,
            "csr": csr_pem(self.key),
            "secrets_key": self.secrets.public_key().public_bytes_raw().hex(),
            **other,
        }

    def enrol(self, code: str, **other: Any) -> Reply:
        status, answer = self.post(ENROL, json.dumps(self.request(code, **other)).encode())
        if status == 200:
            self.keep(answer["certificate"])
        return status, answer

    def renew(self) -> Reply:
        return self.post(RENEW, json.dumps({"version": 1, "csr": csr_pem(self.key)}).encode())

    def keep(self, certificate: str) -> None:
        """From now on it shows this certificate."""
        durable.write(self.cert_file, certificate.encode())
        durable.write(self.key_file, private_pem(self.key))
        self.shows = (self.cert_file, self.key_file)

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self._home.identities.services.ca_file))
        if self.shows is not None:
            context.load_cert_chain(*self.shows)
        return context

    def post(self, path: str, body: bytes) -> Reply:
        return self.ask("POST", path, body)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        port = self._home.config.enrolment_port
        connection = http.client.HTTPSConnection(HOST, port, timeout=LONG_S, context=self.context())
        try:
            connection.request(method, path, body, headers)
            with connection.getresponse() as response:
                assert response.getheader("Content-Type", "").startswith("application/json")
                return response.status, json.loads(response.read())
        finally:
            connection.close()


class Service:
    """What a test may look at while `serving`."""

    def __init__(self) -> None:
        self.failures: list[ProvisioningError] = []


@contextmanager
def serving(home: Home, *, limits: Limits | None = None, refusals: int = 1000) -> Iterator[Service]:
    """The enrolment service of a home, in a thread of its own."""
    service = Service()
    enrolment = Enrolment(home, service.failures.append, throttle=Throttle(refusals=refusals))
    listening = threading.Event()
    ends: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = []

    async def run() -> None:
        config, bounds = home.config, limits or Limits(timeout_s=LONG_S)
        server = HttpsServer(config.listen, config.enrolment_port, tls_context(home), enrolment, bounds)
        task = asyncio.create_task(server.run())
        ends.append((asyncio.get_running_loop(), task))
        listening.set()
        await asyncio.wait([task])

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    assert listening.wait(LONG_S)
    try:
        yield service
    finally:
        loop, task = ends[0]
        loop.call_soon_threadsafe(task.cancel)
        thread.join(LONG_S)
        assert not thread.is_alive()
