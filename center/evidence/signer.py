"""A key of the centre with its certificate, which signs or stamps."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from center.errors import StartError
from center.evidence.trust import Roots, UntrustedError
from provisioning.contracts.config.processes import read_secret
from provisioning.contracts.errors import ConfigError
from provisioning.signing.x509_faults import MALFORMED


@dataclass(frozen=True, slots=True)
class Signer:
    """Certificate, its intermediates if the root did not issue it, and key."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def load(
        cls, cert_file: Path, key_file: Path, roots: Roots, usage: frozenset[x509.ObjectIdentifier], *, now: datetime
    ) -> "Signer":
        """Loads certificate and key, and checks that they are trusted for this use.

        Raises:
            StartError: they cannot be read, do not belong together, or are not for this use.
        """
        try:
            certificate, *chain = x509.load_pem_x509_certificates(cert_file.read_bytes())
            key = serialization.load_pem_private_key(read_secret(key_file).encode(), None)
            roots.check(certificate, chain, at=now, usage=usage)
        except ConfigError as error:
            raise StartError(what=f"[evidence]: {error}", what_to_do="Correct the file, then start again") from error
        except (OSError, *MALFORMED) as error:
            cause = error if isinstance(error, UntrustedError) else f"cannot be used ({type(error).__name__})"
            raise StartError(
                what=f"[evidence]: {cert_file} and {key_file}: {cause}",
                what_to_do="Copy certificate and key anew from provisioning's identities/ folder",
            ) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise StartError(
                what=f"[evidence]: {key_file} is not the key of {cert_file}",
                what_to_do="Copy both together from provisioning's identities/ folder",
            )
        return cls(certificate, tuple(chain), key)

    def sign(self, data: bytes) -> bytes:
        """Signs data with ECDSA over SHA-256, as DER."""
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))
