"""Issues certificates to agents and services. Two authorities, so that the online one cannot make a *cluster*.

`agents` signs for boxes that enrol, at any hour; `services` signs for the handful of processes at the centre, and its
key may lie in a safe. The broker trusts each on a listener of its own. A certificate's common name is the user name in
the broker's access file: an agent's is its id, a service's its role.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from provisioning.contracts import ids
from provisioning.contracts.wire.topics import Role
from provisioning.errors import AuthorityError
from provisioning.files import durable
from provisioning.pki.authority import (
    CLIENT,
    DOCUMENT_SIGNING,
    EMAIL_PROTECTION,
    SERVER,
    TIME_STAMPING,
    Authority,
    load_key,
    new_key,
    private_pem,
    public_pem,
)
from provisioning.signing.x509_faults import MALFORMED

AGENT_LIFETIME: Final = timedelta(days=90)
"""A box renews with a third of it left, so it may be away from the centre for a month."""
CRL_LIFETIME: Final = timedelta(days=30)
"""Life of the agents' revocation list, written anew daily. Past its end the broker refuses every agent."""
SERVICE_LIFETIME: Final = timedelta(days=730)
"""Life of the services' certificates and their revocation list, which is written while their key is at hand."""
BROKER: Final = "broker"
ENROLMENT: Final = "enrolment"
CLIENTS: Final = tuple(role.value for role in Role if role is not Role.AGENT)
SERVERS: Final = (BROKER, ENROLMENT)
EVIDENCE: Final = "evidence"
TIMESTAMP: Final = "timestamp"
SIGNERS: Final = (EVIDENCE, TIMESTAMP)
"""The centre signs and stamps evidence with these; they log in nowhere."""
SERVICES: Final = (*CLIENTS, *SERVERS, *SIGNERS)
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_USAGES: Final = {BROKER: SERVER, ENROLMENT: SERVER, EVIDENCE: EMAIL_PROTECTION, TIMESTAMP: TIME_STAMPING}


@dataclass(frozen=True, slots=True)
class Identity:
    """Certificate and key of one process, with the certificate of the authority it trusts. PEM files."""

    common_name: str
    ca_file: Path
    cert_file: Path
    key_file: Path


class Identities:
    """Both authorities in `authority/`, and the services' certificates in `identities/`."""

    def __init__(self, directory: Path, agents: Authority, services: Authority) -> None:
        self._directory = directory / "identities"
        self.agents = agents
        self.services = services

    @classmethod
    def create(cls, directory: Path, *, now: datetime | None = None) -> Self:
        """Makes both authorities.

        Raises:
            AuthorityError: they exist already, or the folder cannot be written.
        """
        place = directory / "authority"
        try:
            for folder in (directory, place, directory / "identities"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise AuthorityError(f"{place}: cannot hold certificates ({error.strerror}); choose another") from error
        agents = Authority.create(place, "agents", "Wayside agents", crl_lifetime=CRL_LIFETIME, now=now)
        services = Authority.create(place, "services", "Wayside services", crl_lifetime=SERVICE_LIFETIME, now=now)
        return cls(directory, agents, services)

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Opens the authorities that `create` made.

        Raises:
            AuthorityError: they are not there.
        """
        place = directory / "authority"
        return cls(directory, Authority.open(place, "agents"), Authority.open(place, "services"))

    def sign_agent(
        self,
        agent_id: str,
        key: ec.EllipticCurvePublicKey,
        *,
        lifetime: timedelta = AGENT_LIFETIME,
        now: datetime | None = None,
    ) -> x509.Certificate:
        """Signs an agent's client certificate, for a key that was made on the agent.

        Raises:
            AuthorityError: the id is reserved for the centre, or no agent id at all.
        """
        if agent_id in ids.RESERVED_AGENTS:
            raise AuthorityError(f"agent id {agent_id!r} is reserved for the centre's own certificates: choose another")
        if not ids.is_agent_id(agent_id):
            raise AuthorityError(
                f"agent id {agent_id[:80]!r} is not valid: up to 63 of a-z, 0-9, '-', the first a letter or digit"
            )
        return self.agents.sign(key, agent_id, CLIENT, lifetime=lifetime, now=now)

    def issue(self, name: str, hosts: tuple[str, ...] = LOOPBACK, *, now: datetime | None = None) -> Identity:
        """Issues a service's certificate, one of `SERVICES`; of `SERVERS` for these hosts. An existing key stays.

        Raises:
            AuthorityError: no such service, the authority's key is not here, or the folder cannot be written.
        """
        identity = self.identity(name)
        key = self._key(identity.key_file)
        certificate = self.services.sign(
            key.public_key(),
            name,
            _USAGES.get(name, CLIENT),
            lifetime=SERVICE_LIFETIME,
            hosts=hosts if name in SERVERS else (),
            also=(DOCUMENT_SIGNING,) if name == EVIDENCE else (),
            critical=name == TIMESTAMP,  # RFC 3161 §2.3
            now=now,
        )
        _write(identity.cert_file, public_pem(certificate) + self.services.chain_pem(), durable.PUBLIC)
        return identity

    def identity(self, name: str) -> Identity:
        """Returns the paths of a service's files, which may not exist yet.

        Raises:
            AuthorityError: no such service.
        """
        if name not in SERVICES:
            raise AuthorityError(f"there is no service {name!r}; services are {', '.join(SERVICES)}")
        return Identity(
            name,
            self.services.ca_file,
            self._directory / f"{name}.crt",
            self._directory / f"{name}.key",
        )

    def certificate(self, name: str) -> x509.Certificate:
        """Reads a service's certificate from disk.

        Raises:
            AuthorityError: it has none, or an unreadable one.
        """
        path = self.identity(name).cert_file
        try:
            return x509.load_pem_x509_certificate(path.read_bytes())
        except (OSError, *MALFORMED) as error:
            raise AuthorityError(f"{path}: cannot be read as a certificate ({error}); issue it again") from error

    def renew(self, hosts: tuple[str, ...], *, now: datetime | None = None) -> list[str]:
        """Issues again certificates that are missing or have a third of their life left. Returns the names.

        Raises:
            AuthorityError: see `issue`.
        """
        moment = now or datetime.now(UTC)
        due = [name for name in SERVICES if self._is_due(name, moment)]
        for name in due:
            self.issue(name, hosts, now=now)
        return due

    def _is_due(self, name: str, now: datetime) -> bool:
        if not self.identity(name).cert_file.exists():
            return True
        return self.certificate(name).not_valid_after_utc - now < SERVICE_LIFETIME / 3

    @staticmethod
    def _key(path: Path) -> ec.EllipticCurvePrivateKey:
        """Returns the key of a service: kept over renewals, since bundles pin the enrolment service's."""
        if path.exists():
            return load_key(path)
        key = new_key()
        _write(path, private_pem(key), durable.OWNER_ONLY)
        return key


def _write(path: Path, data: bytes, mode: int) -> None:
    try:
        durable.write(path, data, mode=mode)
    except OSError as error:
        raise AuthorityError(f"{path}: cannot be written ({error.strerror})") from error
