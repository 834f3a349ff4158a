"""X.509 authority in a folder: signs public keys, and lists the certificates that it has revoked.

`NAME.crt` (public), `NAME.key` (0600) and `NAME.crl`. The certificate signs itself, and it alone is what brokers and
agents trust. A customer's own root can sign the same name and key once more: an intermediate that is served beside our
certificates, for clients that trust that root (decision record 6).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from provisioning.errors import AuthorityError
from provisioning.files import durable
from provisioning.pki import intermediate as adoption
from provisioning.signing.x509_faults import MALFORMED

LIFETIME: Final = timedelta(days=3650)
CLOCK_SKEW: Final = timedelta(minutes=5)
"""A certificate begins this much earlier, and enrolment refuses a clock that is further off."""
CLIENT: Final = ExtendedKeyUsageOID.CLIENT_AUTH
SERVER: Final = ExtendedKeyUsageOID.SERVER_AUTH
TIME_STAMPING: Final = ExtendedKeyUsageOID.TIME_STAMPING
EMAIL_PROTECTION: Final = ExtendedKeyUsageOID.EMAIL_PROTECTION
"""Usage that `openssl cms -verify` demands of a signer, unless it accepts any certificate of the authority."""
DOCUMENT_SIGNING: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")
"""Usage id-kp-documentSigning (RFC 9336)."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """One line of a revocation list: a serial number and a time."""

    serial: int
    at: datetime


class Authority:
    """Signs and revokes. Without its key file it is still trusted, but signs nothing."""

    def __init__(self, directory: Path, name: str, certificate: x509.Certificate) -> None:
        self.certificate = certificate
        self.ca_file = directory / f"{name}.crt"
        self.crl_file = directory / f"{name}.crl"
        self.key_file = directory / f"{name}.key"
        self.intermediate_file = directory / f"{name}.intermediate.crt"
        """The same key under the customer's root, after `adopt`."""

    @classmethod
    def create(
        cls,
        directory: Path,
        name: str,
        common_name: str,
        *,
        crl_lifetime: timedelta,
        now: datetime | None = None,
    ) -> Self:
        """Makes key, certificate and an empty revocation list.

        Raises:
            AuthorityError: they exist already, or the folder cannot be written.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        moment = now or datetime.now(UTC)
        subject = _name(common_name)
        certificate = (
            _builder(subject, subject, key.public_key(), key.public_key(), moment, LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(authority=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        made = cls(directory, name, certificate)
        if made.key_file.exists() or made.ca_file.exists():
            raise AuthorityError(f"{made.ca_file}: there is an authority here already; it is never replaced")
        _write(made.key_file, private_pem(key), durable.OWNER_ONLY)
        _write(made.ca_file, public_pem(certificate), durable.PUBLIC)
        made.publish_revocations((), number=1, lifetime=crl_lifetime, now=moment)
        return made

    @classmethod
    def open(cls, directory: Path, name: str) -> Self:
        """Reads the certificate; the key is read only for signing.

        Raises:
            AuthorityError: not there, or no certificate.
        """
        path = directory / f"{name}.crt"
        return cls(directory, name, _read_certificate(path))

    def sign(
        self,
        public_key: ec.EllipticCurvePublicKey,
        common_name: str,
        usage: x509.ObjectIdentifier,
        *,
        lifetime: timedelta,
        hosts: Iterable[str] = (),
        also: Sequence[x509.ObjectIdentifier] = (),
        critical: bool = False,
        now: datetime | None = None,
    ) -> x509.Certificate:
        """Signs a certificate of one name and one use: a stolen broker key cannot log in as a client, nor the reverse.

        `also` are further names of the same use; `critical` makes programs that do not know the use refuse it.

        Raises:
            AuthorityError: the authority's key is not here.
        """
        builder = (
            _builder(
                _name(common_name),
                self.certificate.subject,
                public_key,
                self._issuer_public(),
                now or datetime.now(UTC),
                lifetime,
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage, *also]), critical=critical)
        )
        if names := [_general_name(host) for host in hosts]:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key(), hashes.SHA256())

    def publish_revocations(
        self, revoked: Iterable[Revocation], *, number: int, lifetime: timedelta, now: datetime | None = None
    ) -> Path:
        """Writes the revocation list (RFC 5280 §5) for broker and services. Past its end they refuse every client.

        Raises:
            AuthorityError: the authority's key is not here, or the folder cannot be written.
        """
        moment = now or datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(moment - CLOCK_SKEW)
            .next_update(moment + lifetime)
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._issuer_public()), critical=False)
        )
        for each in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(each.serial).revocation_date(each.at)
            builder = builder.add_revoked_certificate(entry.build())
        data = builder.sign(self._key(), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        return _write(self.crl_file, data, durable.PUBLIC)

    def revocations(self) -> list[Revocation]:
        """Returns the entries of the present revocation list.

        Raises:
            AuthorityError: it cannot be read, or another key signed it.
        """
        try:
            revoked = x509.load_pem_x509_crl(self.crl_file.read_bytes())
        except (OSError, ValueError) as error:
            raise AuthorityError(f"{self.crl_file}: cannot be read as a revocation list ({error})") from error
        if not revoked.is_signature_valid(self._issuer_public()):
            raise AuthorityError(f"{self.crl_file}: not signed by the authority of {self.ca_file}")
        return [Revocation(each.serial_number, each.revocation_date_utc) for each in revoked]

    def request(self) -> str:
        """Makes a PKCS #10 request, PEM, for the customer's root to sign.

        Raises:
            AuthorityError: the authority's key is not here.
        """
        builder = x509.CertificateSigningRequestBuilder().subject_name(self.certificate.subject)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_key_usage(authority=True), critical=True)
        identifier = x509.SubjectKeyIdentifier.from_public_key(self._issuer_public())
        builder = builder.add_extension(identifier, critical=False)
        return builder.sign(self._key(), hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def adopt(self, intermediate: x509.Certificate, root: x509.Certificate, *, now: datetime | None = None) -> bool:
        """Stores the certificate that the customer made of `request`, after checking it by his root.

        Returns False if it was stored before.

        Raises:
            AuthorityError: see `intermediate.check`; or it cannot be written.
        """
        adoption.check(self.certificate, intermediate, root, now or datetime.now(UTC))
        if self.chain_pem() == public_pem(intermediate):
            return False
        _write(self.intermediate_file, public_pem(intermediate), durable.PUBLIC)
        return True

    def chain_pem(self) -> bytes:
        """Returns the intermediate, which a server sends with its own certificate, or nothing."""
        try:
            return self.intermediate_file.read_bytes()
        except FileNotFoundError:
            return b""

    def _issuer_public(self) -> ec.EllipticCurvePublicKey:
        key = self.certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise AuthorityError(f"{self.ca_file}: its key is not on an elliptic curve; this is not our authority")
        return key

    def _key(self) -> ec.EllipticCurvePrivateKey:
        if not self.key_file.exists():
            raise AuthorityError(
                f"{self.key_file}: not here, so nothing can be signed; bring it from where it is kept for as long as"
                " this takes"
            )
        key = load_key(self.key_file)
        if public_bytes(key.public_key()) != public_bytes(self.certificate.public_key()):
            raise AuthorityError(f"{self.key_file}: does not belong to {self.ca_file}")
        return key


def load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Reads a private key.

    Raises:
        AuthorityError: it cannot be read, or is none on an elliptic curve.
    """
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, *MALFORMED) as error:
        raise AuthorityError(f"{path}: cannot be used as a private key ({type(error).__name__})") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AuthorityError(f"{path}: not a key on an elliptic curve")
    return key


def new_key() -> ec.EllipticCurvePrivateKey:
    """Makes a fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Encodes a key as PKCS #8, not encrypted: its file's mode protects it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def public_bytes(key: CertificatePublicKeyTypes) -> bytes:
    """Encodes a public key as SubjectPublicKeyInfo, DER; a pin is its SHA-256."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
    now: datetime,
    lifetime: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _read_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise AuthorityError(f"{path}: the authority's certificate cannot be read ({error.strerror})") from error
    except MALFORMED as error:
        raise AuthorityError(f"{path}: not a certificate in PEM") from error


def _write(path: Path, data: bytes, mode: int) -> Path:
    try:
        return durable.write(path, data, mode=mode)
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


def _general_name(host: str) -> x509.GeneralName:
    address = _address(host)
    return x509.DNSName(host) if address is None else x509.IPAddress(address)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None  # a host name
