"""The identity of an agent: a private key, and the certificate that the enrolment service issued for it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from edge_agent.errors import EnrolmentError
from provisioning.contracts.fleet.enrolment import Enrolled
from provisioning.signing.x509_faults import MALFORMED

CLOCK_TOLERANCE_MS: Final = 5 * 60 * 1000
"""A certificate begins this much before it was made (`provisioning.pki.authority.CLOCK_SKEW`)."""


@dataclass(frozen=True, slots=True)
class Identity:
    """An agent's certificate, with a private key that belongs to it."""

    agent_id: str
    begins_ms: int
    ends_ms: int

    @property
    def renew_after_ms(self) -> int:
        """Time at which a third of the certificate's life is left."""
        return self.ends_ms - (self.ends_ms - self.begins_ms) // 3

    @classmethod
    def load(cls, cert_file: Path, key_file: Path) -> Self:
        """Read both; they may be one file.

        Raises:
            EnrolmentError: missing, damaged, or they do not belong together.
        """
        try:
            certificate = x509.load_pem_x509_certificate(cert_file.read_bytes())
        except OSError as error:
            raise EnrolmentError(f"{cert_file}: cannot be read ({error.strerror}): enrol this box") from error
        except MALFORMED as error:
            raise EnrolmentError(f"{cert_file}: holds no certificate that can be read: enrol again") from error
        return cls.of(certificate, load_key(key_file), str(cert_file))

    @classmethod
    def of(cls, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, what: str) -> Self:
        """Build the identity from a certificate already read; `what` names it in errors.

        Raises:
            EnrolmentError: it is for another key, or without a name.
        """
        try:
            shown = public_bytes(certificate.public_key())
            names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
            begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        except MALFORMED as error:
            raise EnrolmentError(f"{what}: cannot be read as a certificate") from error
        if shown != public_bytes(key.public_key()):
            raise EnrolmentError(f"{what}: is for another key than this box has")
        if len(names) != 1:
            raise EnrolmentError(f"{what}: has {len(names)} common names, an agent's has one")
        return cls(str(names[0].value), _ms(begins), _ms(ends))

    def require(self, agent_id: str, now_ms: int) -> None:
        """Check that the certificate is this agent's and valid now.

        Raises:
            EnrolmentError: it is not; the cause is `expired` if it has ended.
        """
        if self.agent_id != agent_id:
            raise EnrolmentError(f"the certificate is for {self.agent_id!r} and not for agent {agent_id!r}")
        if now_ms >= self.ends_ms:
            raise EnrolmentError(
                f"the certificate of agent {agent_id} ended on {utc(self.ends_ms)}, by this box's clock: enrol again"
                " with a new bundle",
                "expired",
            )
        if now_ms < self.begins_ms - CLOCK_TOLERANCE_MS:
            raise EnrolmentError(
                f"the certificate of agent {agent_id} begins on {utc(self.begins_ms)}, and this box's clock says"
                f" {utc(now_ms)}: set the clock"
            )


@dataclass(frozen=True, slots=True)
class Papers:
    """Holds an answer of the enrolment service, checked and written anew."""

    identity: Identity
    pem: bytes
    """Certificate and private key, for one file: a renewal replaces both in one step."""
    services_ca: bytes
    seal_key: str

    @classmethod
    def check(
        cls, answer: Enrolled, key: ec.EllipticCurvePrivateKey, *, agent_id: str, seal_key: str, now_ms: int
    ) -> Self:
        """Check everything in the answer that can be checked.

        Raises:
            EnrolmentError: it is not for this agent, not valid now, or not by the authority known here.
        """
        if answer.agent_id != agent_id:
            raise EnrolmentError(f"the answer is for agent {answer.agent_id}, asked was for {agent_id}", "answer")
        if answer.seal_key != seal_key:
            raise EnrolmentError("the answer names another authority's seal than the one known here", "answer")
        chain = _certificates(answer.certificate, "the certificate that came")
        identity = Identity.of(chain[0], key, "the certificate that came")
        identity.require(agent_id, now_ms)
        authorities = _certificates(answer.services_ca, "the services' authority that came")
        if not all(_is_authority(each) for each in authorities):
            raise EnrolmentError("the services' authority that came is no authority (basicConstraints CA)", "answer")
        pem = b"".join(each.public_bytes(Encoding.PEM) for each in chain)
        services_ca = b"".join(each.public_bytes(Encoding.PEM) for each in authorities)
        return cls(identity, pem + private_pem(key), services_ca, seal_key)


def new_key() -> ec.EllipticCurvePrivateKey:
    """Make a P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Read a private key, also from a file that begins with a certificate.

    Raises:
        EnrolmentError: missing, damaged, or of another kind.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise EnrolmentError(f"{path}: cannot be read ({error.strerror})") from error
    except MALFORMED as error:
        raise EnrolmentError(f"{path}: holds no private key that can be read: remove it and enrol again") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise EnrolmentError(f"{path}: its private key is not on an elliptic curve: remove it and enrol again")
    return key


def request(key: ec.EllipticCurvePrivateKey) -> str:
    """Make a PKCS #10 request (RFC 2986), PEM.

    Its subject is empty: the service identifies the agent by other means.
    """
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    return csr.public_bytes(Encoding.PEM).decode()


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Encode the key as PKCS #8, not encrypted: its file's mode protects it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_bytes(key: PublicKeyTypes) -> bytes:
    """Encode the key as SubjectPublicKeyInfo, DER."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def utc(moment_ms: int) -> str:
    """Format for a person: `2026-11-24 18:44:37 UTC`."""
    return f"{datetime.fromtimestamp(moment_ms // 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _certificates(pem: str, what: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except MALFORMED as error:
        raise EnrolmentError(f"{what} cannot be read", "answer") from error


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, *MALFORMED):
        return False


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
