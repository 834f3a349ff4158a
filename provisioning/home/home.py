"""Home of provisioning: the folder on the centre's business server with every key, certificate and agent.

`home.toml`, `register.sqlite3`, `authority/`, `identities/`, `seal/`. Its keys can sign for everybody: mode 0700.
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import Field

from provisioning.contracts.config.processes import Port, Section, load
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.fleet.enrolment import Bundle, Host
from provisioning.contracts.ids import AGENT_PATTERN
from provisioning.errors import HomeError
from provisioning.files import toml
from provisioning.home.agents import Certificate, Register
from provisioning.home.cameras import Plans
from provisioning.home.database import RegisterFile
from provisioning.home.recorders import RecorderBook
from provisioning.home.rollouts import RolloutBook
from provisioning.pki.authority import Revocation, public_bytes, public_pem
from provisioning.pki.identities import AGENT_LIFETIME, CRL_LIFETIME, ENROLMENT, LOOPBACK, SERVICE_LIFETIME, Identities
from provisioning.signing.documents import SealError, SealKey, SecretsKey, pack_bundle

HOME_FILE: Final = "home.toml"
"""Written last: with it a home counts as made."""


class HomeConfig(Section):
    """File `home.toml`: addresses and ports of this machine."""

    name: str = Field(pattern=AGENT_PATTERN)
    """Name of the county, the company, the laptop."""
    host: Host
    """Name or address by which agents reach broker and enrolment."""
    listen: Host = "0.0.0.0"  # noqa: S104 - boxes come from outside; what they reach asks for a certificate or a code
    """Address that the agents' listener and enrolment bind."""
    services_listen: Host = "127.0.0.1"
    """Address that the services' listener binds; with several servers, one of their own network."""
    services_host: Host | None = None
    """Further name by which cluster and centre reach the broker, as of a Kubernetes Service."""
    agents_port: Port = 8883
    services_port: Port = 8884
    enrolment_port: Port = 8843
    metrics_port: Port | None = None
    """Port of `serve` for Prometheus, on loopback alone (docs/monitoring.md); None: no metrics."""
    account: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,31}$")
    """Account that runs the broker."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """All names that the servers' certificates are for."""
        extra = () if self.services_listen in LOOPBACK else (self.services_listen,)
        named = () if self.services_host is None else (self.services_host,)
        return tuple(dict.fromkeys((self.host, *named, *extra, *LOOPBACK)))


class Home:
    """An open home: its configuration, keys, register, plans and roll-outs."""

    def __init__(
        self,
        directory: Path,
        config: HomeConfig,
        identities: Identities,
        seal_key: SealKey,
        vault: SecretsKey,
        now_ms: Callable[[], int],
    ) -> None:
        self.directory = directory
        self.config = config
        self.identities = identities
        self.seal_key = seal_key
        self.vault = vault
        """Camera passwords rest encrypted to this key until they are encrypted to an agent."""
        self.now_ms = now_ms
        self.file = file = RegisterFile(directory / "register.sqlite3")
        self.register = Register(file, now_ms)
        self.plans = Plans(file, now_ms)
        self.recorders = RecorderBook(file)
        self.rollouts = RolloutBook(file, now_ms)

    @classmethod
    def create(cls, directory: Path, config: HomeConfig, *, now_ms: Callable[[], int] | None = None) -> Self:
        """Creates a home: both authorities, the services' certificates, the seal, an empty register.

        Raises:
            HomeError: there is one, or the folder cannot be used.
            AuthorityError, RegisterError: part of it cannot be written.
        """
        clock = now_ms or _now_ms
        if (directory / HOME_FILE).exists():
            raise HomeError(f"{directory}: there is a home here already; see: wayside-provision status")
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            directory.chmod(0o700)
            if left := [each.name for each in directory.iterdir()]:
                raise HomeError(
                    f"{directory}: holds {', '.join(sorted(left)[:5])} but no home.toml: give an empty folder, or"
                    " remove what a home that was interrupted while it was made has left"
                )
            (directory / "seal").mkdir(mode=0o700)
            identities = Identities.create(directory, now=_moment(clock()))
            identities.renew(config.hosts, now=_moment(clock()))
            seal_key = SealKey.create(directory / "seal" / "seal.key")
            vault = SecretsKey.create(directory / "seal" / "vault.key")
            RolloutBook(RegisterFile.create(directory / "register.sqlite3"), clock).prepare()
            toml.write(directory / HOME_FILE, config)
        except OSError as error:
            raise HomeError(f"{directory}: cannot be made a home ({error.strerror}); choose another") from error
        return cls(directory, config, identities, seal_key, vault, clock)

    @classmethod
    def open(cls, directory: Path, *, now_ms: Callable[[], int] | None = None) -> Self:
        """Opens a home.

        Raises:
            HomeError: there is none here, others may read it, or part of it is damaged.
            AuthorityError: an authority's certificate cannot be read.
        """
        try:
            mode = directory.stat().st_mode
        except OSError as error:
            raise HomeError(
                f"{directory}: no home here ({error.strerror}); name the folder of yours with --home DIR or"
                " WAYSIDE_HOME, or make one: wayside-provision init"
            ) from error
        if mode & 0o077:
            raise HomeError(f"{directory}: others may enter this folder; run: chmod 700 {directory}")
        if not (directory / HOME_FILE).exists():
            raise HomeError(
                f"{directory}: no home here (home.toml is missing); make one: wayside-provision init. If that was"
                " interrupted, remove the folder first"
            )
        try:
            config = load(HomeConfig, directory / HOME_FILE)
            seal_key = SealKey.load(directory / "seal" / "seal.key")
            vault = SecretsKey.load(directory / "seal" / "vault.key")
        except (ConfigError, SealError) as error:
            raise HomeError(str(error)) from error
        home = cls(directory, config, Identities.open(directory), seal_key, vault, now_ms or _now_ms)
        home.file.upgrade()
        home.rollouts.prepare()
        return home

    def sign(self, agent_id: str, key: ec.EllipticCurvePublicKey) -> Certificate:
        """Signs a certificate for an agent's key, in the register's form; `Register.enrol` and `renew` call this.

        Raises:
            AuthorityError: see `Identities.sign_agent`.
        """
        now_ms = self.now_ms()
        made = self.identities.sign_agent(agent_id, key, lifetime=AGENT_LIFETIME, now=_moment(now_ms))
        return Certificate(
            serial=str(made.serial_number),
            agent_id=agent_id,
            pem=public_pem(made).decode(),
            issued_at_ms=now_ms,
            ends_at_ms=round(made.not_valid_after_utc.timestamp() * 1000),
        )

    def revoke(self, agent_id: str, reason: str) -> list[str]:
        """Revokes an agent and writes the revocation list. Returns the serials revoked by this call.

        Raises:
            RegisterError: no such agent.
            AuthorityError: the list cannot be signed or written.
        """
        serials = self.register.revoke(agent_id, reason)
        # A call that was interrupted before it wrote the list is made good by the next one.
        written = {each.serial for each in self.identities.agents.revocations()}
        if any(int(each.serial) not in written for each in self.register.revoked()):
            self.publish_revocations()
        return serials

    def publish_revocations(self) -> Path:
        """Writes the agents' revocation list anew from the register; the broker reloads it within seconds.

        Raises:
            AuthorityError: it cannot be signed or written.
        """
        return self.register.numbered("agents-crl", self._publish_revocations)

    def _publish_revocations(self, number: int) -> Path:
        revoked = [
            Revocation(int(each.serial), _moment(each.revoked_at_ms))
            for each in self.register.revoked()
            if each.revoked_at_ms is not None
        ]
        return self.identities.agents.publish_revocations(
            revoked, number=number, lifetime=CRL_LIFETIME, now=_moment(self.now_ms())
        )

    def renew_services(self) -> list[str]:
        """Renews the services' certificates that are due, and with any of them their revocation list.

        So the list, which lives as long as they, never ends before them. Returns the names.

        Raises:
            AuthorityError: the services' authority has its key elsewhere, or a file cannot be written.
        """
        now, services = _moment(self.now_ms()), self.identities.services
        renewed = self.identities.renew(self.config.hosts, now=now)
        if renewed:
            self.register.numbered(
                "services-crl",
                lambda number: services.publish_revocations(
                    services.revocations(), number=number, lifetime=SERVICE_LIFETIME, now=now
                ),
            )
        return renewed

    def replace_service(self, name: str) -> x509.Certificate | None:
        """Revokes a service's certificate, then makes a new key and certificate. Returns the revoked certificate.

        In this order: after an interruption it is repeated, and no key that may be stolen stays trusted.

        Raises:
            AuthorityError: no such service, or the services' authority has its key elsewhere.
        """
        identity = self.identities.identity(name)
        old = self.identities.certificate(name) if identity.cert_file.exists() else None
        now = _moment(self.now_ms())
        services = self.identities.services

        def publish(number: int) -> Path:
            revoked = {each.serial: each for each in services.revocations()}
            if old is not None:
                revoked.setdefault(old.serial_number, Revocation(old.serial_number, now))
            return services.publish_revocations(revoked.values(), number=number, lifetime=SERVICE_LIFETIME, now=now)

        self.register.numbered("services-crl", publish)
        identity.key_file.unlink(missing_ok=True)
        self.identities.issue(name, self.config.hosts, now=now)
        return old

    def bundle(self, agent_id: str, lifetime: timedelta) -> tuple[str, Bundle]:
        """Makes a new one-time code for an agent. Returns the bundle as one line of text, and its content.

        Codes unused so far end.

        Raises:
            RegisterError: no such agent.
            AuthorityError: the enrolment service has no certificate.
        """
        agent = self.register.agent(agent_id)
        code, expires_at_ms = self.register.new_code(agent_id, round(lifetime.total_seconds() * 1000))
        bundle = Bundle(
            host=self.config.host,
            port=self.config.enrolment_port,
            pin=self.pin(),
            site_id=agent.site_id,
            agent_id=agent_id,
            code=code,
            expires_at_ms=expires_at_ms,
            seal_key=self.seal_key.seal.key,
        )
        return pack_bundle(self.seal_key.sign_bundle(bundle)), bundle

    def pin(self) -> str:
        """Returns the hash of the enrolment service's key, which a box compares before it sends anything.

        Raises:
            AuthorityError: the enrolment service has no certificate.
        """
        return sha256(public_bytes(self.identities.certificate(ENROLMENT).public_key())).hexdigest()

    def services_ca(self) -> str:
        """Returns the certificate that agents trust, PEM."""
        return public_pem(self.identities.services.certificate).decode()


def default_directory() -> Path:
    """Returns `$WAYSIDE_HOME`, or `$XDG_STATE_HOME/wayside-home`."""
    if named := os.environ.get("WAYSIDE_HOME"):
        return Path(named).expanduser().absolute()
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (state if state.is_absolute() else Path.home() / ".local/state") / "wayside-home"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
