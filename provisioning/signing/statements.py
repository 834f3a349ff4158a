"""Signs an agent's statements with the key of its certificate; every holder of the agents' authority can verify them.

It is the same key that lets the agent in at the broker.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from provisioning.contracts.wire.messages import Signature
from provisioning.signing.x509_faults import MALFORMED

_SKEW: Final = timedelta(minutes=5)
_ALGORITHM: Final = ec.ECDSA(hashes.SHA256())


class AttestError(ValueError):
    """The signature does not prove what it should; the text says why."""


def attest(statement: bytes, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Signature:
    """Signs a statement. The certificate goes with it, since the agent renews its own while pictures wait."""
    pem = certificate.public_bytes(Encoding.PEM).decode()
    return Signature(certificate=pem, value=key.sign(statement, _ALGORITHM).hex())


class Attested:
    """Verifies statements, by the certificate of the agents' authority."""

    def __init__(self, authority: x509.Certificate) -> None:
        self._authority = authority

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the authority's certificate (`agents.crt` of provisioning's home).

        Raises:
            AttestError: missing, or no certificate of an authority.
        """
        try:
            found = x509.load_pem_x509_certificate(path.read_bytes())
            is_authority = found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        except (OSError, x509.ExtensionNotFound, *MALFORMED) as error:
            raise AttestError(f"{path}: no certificate of an authority can be read there ({error})") from error
        if not is_authority:
            raise AttestError(f"{path}: this is a certificate, but not of an authority")
        return cls(found)

    def check(self, statement: bytes, signature: Signature, *, agent_id: str, first_ms: int, last_ms: int) -> str:
        """Verifies a signature by this agent over this statement. Returns the SHA-256 of the certificate, in hex.

        It was made between `first_ms` and `last_ms`: somewhere there the certificate must have been valid, give or take
        five minutes.

        Raises:
            AttestError: it is not.
        """
        try:
            certificate = x509.load_pem_x509_certificate(signature.certificate.encode())
            certificate.verify_directly_issued_by(self._authority)
            names = [str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
            key = certificate.public_key()
        except InvalidSignature as error:
            raise AttestError("the certificate is not by the agents' authority that is trusted here") from error
        except MALFORMED as error:
            raise AttestError("the certificate cannot be read, or names another authority") from error
        if names != [agent_id]:
            raise AttestError(f"the certificate is of {names!r} and not of agent {agent_id!r}")
        begins, ends = certificate.not_valid_before_utc - _SKEW, certificate.not_valid_after_utc + _SKEW
        if _moment(last_ms) < begins or _moment(first_ms) > ends:
            raise AttestError("the certificate did not count when this was signed")
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise AttestError("the certificate's key is not on an elliptic curve")
        try:
            key.verify(bytes.fromhex(signature.value), statement, _ALGORITHM)
        except InvalidSignature as error:
            raise AttestError("this is not what the agent signed") from error
        return certificate.fingerprint(hashes.SHA256()).hex()


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
