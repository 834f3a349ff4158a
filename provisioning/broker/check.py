"""Checks the broker: its files, certificates and revocation lists; and, running, its refusals."""

import difflib
import pwd
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import NameOID

from provisioning.broker import config, mosquitto, refusals
from provisioning.broker.config import ListenAddress, Listeners
from provisioning.broker.process import own_certificate
from provisioning.contracts.fleet.diagnosis import CheckResult
from provisioning.errors import AuthorityError, BrokerError, ProvisioningError
from provisioning.pki import revocation_list
from provisioning.pki.authority import CLIENT, SERVER, Authority
from provisioning.pki.expiry import NEAR, left
from provisioning.pki.identities import BROKER, CLIENTS, SERVICES, Identities

_SHOWN: Final = 5
_RENDER: Final = "render it again: wayside-provision broker render"
_ISSUE: Final = "issue it again"


def check(directory: Path, listeners: Listeners, identities: Identities, *, live: bool) -> list[CheckResult]:
    """Runs all checks, one after another; a failure stops none of the others.

    With `live` it also connects to the running broker, with throw-away certificates: this takes the key of the agents'
    authority.
    """
    check = _Look(directory, listeners, identities)
    findings = [
        _tried("files", check.files),
        *texts(directory, listeners, identities),
        _tried("certificate broker", check.own_certificate),
        *(_tried(f"certificate {name}", partial(check.service_certificate, name)) for name in CLIENTS),
        _tried("revocations agents", partial(check.revocations, identities.agents, config.AGENTS_CRL)),
        _tried("revocations services", partial(check.revocations, identities.services, config.SERVICES_CRL)),
        _tried("port agents", partial(_port, listeners.agents, live=live)),
        _tried("port services", partial(_port, listeners.services, live=live)),
    ]
    return findings + refusals.check(listeners, identities) if live else findings


def texts(directory: Path, listeners: Listeners, identities: Identities) -> list[CheckResult]:
    """Checks that the broker's files are the same as a rendering made today."""
    check = _Look(directory, listeners, identities)
    return [_tried(name, partial(check.text, name, render)) for name, render in check.renderers().items()]


def _tried(what: str, check: Callable[[], str]) -> CheckResult:
    return CheckResult.of(what, check, ProvisioningError)


class _Look:
    """Checks of the files on disk. Every method describes its finding, or raises ProvisioningError."""

    def __init__(self, directory: Path, listeners: Listeners, identities: Identities) -> None:
        self._directory = directory
        self._listeners = listeners
        self._identities = identities
        self._now = datetime.now(UTC)

    def files(self) -> str:
        """Checks that all files exist, belong to the account, and are closed to others."""
        folder = self._directory
        if not folder.exists():
            raise BrokerError(f"{folder}: not there yet; wayside-provision broker run makes it")
        names = (*self.renderers(), config.AGENTS_CRL, config.SERVICES_CRL, config.DATA)
        own = self._identities.identity(BROKER)
        secret = [self._identities.identity(name).key_file for name in SERVICES if name != BROKER]
        secret += [self._identities.agents.key_file, self._identities.services.key_file]
        # Keys that live elsewhere are none of the broker's troubles.
        paths = (folder, *(folder / name for name in names), own.key_file, *filter(Path.exists, secret))
        try:
            owner = pwd.getpwnam(self._listeners.account).pw_uid
        except KeyError as error:
            raise BrokerError(f"there is no account {self._listeners.account!r} here to run the broker") from error
        if wrong := [fault for path in paths for fault in _faults(path, owner, self._listeners.account)]:
            raise BrokerError("; ".join(wrong))
        return f"{len(paths)} files and folders, {self._listeners.account}'s alone"

    def renderers(self) -> dict[str, Callable[[], str]]:
        """Returns what renders each file as of today."""
        return {
            config.CONFIGURATION: self._configuration,
            config.AGENTS_ACL: config.render_agents_acl,
            config.SERVICES_ACL: config.render_services_acl,
        }

    def text(self, name: str, render: Callable[[], str]) -> str:
        """Compares a file with its rendering of today."""
        wanted = render()
        try:
            found = (self._directory / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BrokerError(f"{self._directory / name}: cannot be read ({error}); {_RENDER}") from error
        if drift := list(_drift(found.splitlines(), wanted.splitlines())):
            more = f"; and {len(drift) - _SHOWN} more" if len(drift) > _SHOWN else ""
            raise BrokerError(f"not as it would be rendered today: {'; '.join(drift[:_SHOWN])}{more}; {_RENDER}")
        return "as it would be rendered today"

    def own_certificate(self) -> str:
        """Checks that the broker's certificate fits its key and every address that it listens on by name."""
        certificate = own_certificate(self._identities)
        self._fits(certificate, BROKER, SERVER)
        names = _names(certificate)
        for host in (self._listeners.agents.here[0], self._listeners.services.here[0]):
            if host not in names:
                raise AuthorityError(f"not for {host}, where it listens, but for {', '.join(sorted(names))}; {_ISSUE}")
        return f"for {', '.join(sorted(names))}; {left(certificate.not_valid_after_utc, self._now)}"

    def service_certificate(self, name: str) -> str:
        """Checks that a service's certificate is for its role and for nothing else."""
        certificate = self._identities.certificate(name)
        self._fits(certificate, name, CLIENT)
        return left(certificate.not_valid_after_utc, self._now)

    def revocations(self, authority: Authority, name: str) -> str:
        """Checks that a list is signed, not past its end, and the one that the broker has."""
        own = revocation_list.read(authority.crl_file, authority)
        has = revocation_list.read(self._directory / name, authority)
        words = f"number {own.number}, {len(own.serials)} revoked, {left(own.ends_at, self._now)}"
        if own.ends_at - self._now <= NEAR:
            raise AuthorityError(f"{words}: past its end everybody is refused; is wayside-provision serve running?")
        if own.pem != has.pem:
            raise BrokerError(
                f"{words}; but the broker still has number {has.number}, so revocation is not effective:"
                " is wayside-provision broker run running, and what does it say?"
            )
        return words

    def _configuration(self) -> str:
        return config.render_configuration(self._listeners, self._identities, self._directory, mosquitto.installed())

    def _fits(self, certificate: x509.Certificate, name: str, usage: x509.ObjectIdentifier) -> None:
        try:
            certificate.verify_directly_issued_by(self._identities.services.certificate)
            uses = list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound) as error:
            raise AuthorityError(f"not signed by {self._identities.services.ca_file} as we sign; {_ISSUE}") from error
        called = [str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        if called != [name] or uses != [usage]:
            raise AuthorityError(f"for {', '.join(called)} and another use than {name}'s; {_ISSUE}")
        if not certificate.not_valid_before_utc <= self._now < certificate.not_valid_after_utc - NEAR:
            begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
            raise AuthorityError(f"from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}, {left(ends, self._now)}; {_ISSUE}")
        if certificate.serial_number in {each.serial for each in self._identities.services.revocations()}:
            raise AuthorityError(f"revoked; {_ISSUE}")


def _faults(path: Path, owner: int, account: str) -> Iterator[str]:
    try:
        found = path.stat()
    except OSError as error:
        yield f"{path}: not there ({error.strerror}); {_RENDER}"
        return
    if found.st_mode & 0o077:
        yield f"{path}: others may use it (mode {stat.S_IMODE(found.st_mode):o}); run: chmod go= {path}"
    if found.st_uid != owner:
        yield f"{path}: not {account}'s, who runs the broker; run: chown {account} {path}"


def _drift(found: list[str], wanted: list[str]) -> Iterator[str]:
    """Yields one line for each difference."""
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, found, wanted, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for offset in range(max(i2 - i1, j2 - j1)):
            place, is_there, should = i1 + offset, i1 + offset < i2, j1 + offset < j2
            if is_there and should:
                yield f"line {place + 1} is {found[place]!r} and should be {wanted[j1 + offset]!r}"
            elif is_there:
                yield f"line {place + 1}, {found[place]!r}, should not be there"
            else:
                yield f"after line {min(place, i2)}, {wanted[j1 + offset]!r} is missing"


def _names(certificate: x509.Certificate) -> set[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {
        *names.get_values_for_type(x509.DNSName),
        *(str(each) for each in names.get_values_for_type(x509.IPAddress)),
    }


def _port(address: ListenAddress, *, live: bool) -> str:
    if address.accepts():
        return f"{address} accepts connections"
    if live:
        raise BrokerError(f"{address} does not accept: start it with wayside-provision broker run")
    if (why := address.why_taken()) is not None:
        raise BrokerError(f"{address} cannot be listened on: {why}; see home.toml")
    return f"{address} is free; no broker runs"
