"""A throw-away certificate authority: one per run of the demo or of a test, its own key never on disk.

Every connection to the broker is mutual TLS and the certificate's common name is the user name the ACL knows, so a
common name is a right. An agent's is its id; `cluster` and `center` are the centre's two.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from provisioning import durable_file
from provisioning.contracts import ids
from provisioning.contracts.topics import Role
from provisioning.errors import AuthorityError

DEFAULT_LIFETIME: Final = timedelta(days=7)
LONGEST_LIFETIME: Final = timedelta(days=30)
"""A throw-away certificate cannot be revoked, so it must not live long."""
_CLOCK_SKEW: Final = timedelta(minutes=5)
BROKER_NAME: Final = "broker"
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Identity:
    """Certificate and key of one process, with the certificate of the authority it trusts. PEM files."""

    common_name: str
    ca_file: Path
    cert_file: Path
    key_file: Path


class Authority:
    """Issues certificates into one folder: `ca.crt`, and `NAME.crt` and `NAME.key` (mode 0600) for each identity."""

    def __init__(self, directory: Path, *, lifetime: timedelta = DEFAULT_LIFETIME, now: datetime | None = None) -> None:
        """Make a new authority and write its certificate.

        Raises:
            AuthorityError: the folder cannot be written, or the lifetime is out of range.
        """
        if not timedelta(0) < lifetime <= LONGEST_LIFETIME:
            raise AuthorityError(f"lifetime of {lifetime} is out of range: up to {LONGEST_LIFETIME.days} days")
        moment = datetime.now(UTC) if now is None else now
        self._directory = directory
        self._not_before = moment - _CLOCK_SKEW
        self._not_after = moment + lifetime
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("wayside throw-away authority")
        builder = self._builder(self._name, self._key.public_key())
        self._certificate = (
            builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(authority=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise AuthorityError(f"{directory}: cannot hold certificates ({error.strerror}); choose another") from error
        self.ca_file = self._write("ca.crt", _pem(self._certificate), durable_file.PUBLIC)

    def issue_agent(self, agent_id: str) -> Identity:
        """Issue an agent's client certificate.

        Raises:
            AuthorityError: the id is reserved for the centre, or no agent id at all.
        """
        if agent_id in ids.RESERVED_AGENTS or agent_id == BROKER_NAME:
            raise AuthorityError(f"agent id {agent_id!r} is reserved for the centre's own certificates: choose another")
        if not ids.is_agent_id(agent_id):
            raise AuthorityError(
                f"agent id {agent_id[:80]!r} is not valid: up to 63 of a-z, 0-9, '-', the first a letter or digit"
            )
        return self._issue_client(agent_id)

    def issue_role(self, role: Role) -> Identity:
        """Issue the client certificate of a centre process, cluster or centre.

        Raises:
            AuthorityError: agents have names of their own.
        """
        if role is Role.AGENT:
            raise AuthorityError("an agent needs an id: use issue_agent")
        return self._issue_client(role.value)

    def issue_broker(self, hosts: tuple[str, ...] = LOOPBACK) -> Identity:
        """Issue the broker's server certificate for these host names and addresses."""
        names = [x509.IPAddress(address) if (address := _address(host)) else x509.DNSName(host) for host in hosts]
        return self._issue(BROKER_NAME, ExtendedKeyUsageOID.SERVER_AUTH, x509.SubjectAlternativeName(names))

    def _issue_client(self, common_name: str) -> Identity:
        return self._issue(common_name, ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def _issue(
        self, common_name: str, usage: x509.ObjectIdentifier, names: x509.SubjectAlternativeName | None
    ) -> Identity:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            self._builder(_name(common_name), key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(authority=False), critical=True)
            # One use each: a stolen broker key cannot log in as a client, nor the other way round.
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return Identity(
            common_name,
            self.ca_file,
            self._write(f"{common_name}.crt", _pem(certificate), durable_file.PUBLIC),
            self._write(f"{common_name}.key", private, durable_file.OWNER_ONLY),
        )

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        own = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._not_before)
            .not_valid_after(self._not_after)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False)
        )

    def _write(self, name: str, data: bytes, mode: int) -> Path:
        path = self._directory / name
        try:
            return durable_file.write(path, data, mode=mode)
        except OSError as error:
            raise AuthorityError(f"{path}: cannot be written ({error.strerror})") from error


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None  # a host name


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
