"""Checks certificates: a chain to the site's authority, valid at that time, for the one required use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from provisioning.signing.x509_faults import MALFORMED

MAX_PEM_BYTES: Final = 1024 * 1024
EVIDENCE: Final = frozenset({ExtendedKeyUsageOID.EMAIL_PROTECTION, x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")})
"""A signer of evidence: emailProtection, which `openssl cms -verify` asks for, and documentSigning (RFC 9336)."""
STAMPS: Final = frozenset({ExtendedKeyUsageOID.TIME_STAMPING})
"""A time-stamping authority, and critically nothing else (RFC 3161 §2.3)."""


class UntrustedError(ValueError):
    """The certificate is not trusted for this use and time."""


class RootsError(ValueError):
    """The authority's file holds no certificate."""


@dataclass(frozen=True, slots=True)
class Roots:
    """Certificates of the trusted authorities."""

    certificates: tuple[x509.Certificate, ...]

    @classmethod
    def load(cls, path: Path) -> "Roots":
        """Loads PEM certificates.

        Raises:
            RootsError: the file holds none, or cannot be read.
        """
        try:
            with path.open("rb") as file:
                return cls(tuple(x509.load_pem_x509_certificates(file.read(MAX_PEM_BYTES))))
        except OSError as error:
            raise RootsError(f"{path}: cannot be read ({error.strerror})") from error
        except MALFORMED as error:
            raise RootsError(f"{path}: holds no certificate in PEM") from error

    def fingerprint(self) -> str:
        """Returns the SHA-256 of the first, as `openssl x509 -fingerprint -sha256` prints it."""
        return self.certificates[0].fingerprint(hashes.SHA256()).hex(":").upper()

    def check(
        self,
        leaf: x509.Certificate,
        chain: Sequence[x509.Certificate],
        *,
        at: datetime,
        usage: frozenset[x509.ObjectIdentifier],
    ) -> None:
        """Checks that one of these issued `leaf` for exactly this use, and that it was valid at this time.

        Raises:
            UntrustedError: one of these does not hold.
        """

        def extended(_policy: Policy, _leaf: x509.Certificate, found: x509.ExtendedKeyUsage) -> None:
            if frozenset(found) != usage:
                raise ValueError("it was issued for another use")

        def key_usage(_policy: Policy, _leaf: x509.Certificate, found: x509.KeyUsage) -> None:
            if not found.digital_signature or found.key_cert_sign:
                raise ValueError("its key may not sign")

        criticality = Criticality.CRITICAL if usage == STAMPS else Criticality.AGNOSTIC
        own = (
            ExtensionPolicy.permit_all()
            .require_present(x509.ExtendedKeyUsage, criticality, extended)
            .require_present(x509.KeyUsage, Criticality.CRITICAL, key_usage)
        )
        verifier = (
            PolicyBuilder()
            .store(Store(list(self.certificates)))
            .time(at.astimezone(UTC).replace(tzinfo=None))
            .extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=own)
            .build_client_verifier()
        )
        try:
            verifier.verify(leaf, list(chain))
        except (VerificationError, *MALFORMED) as error:
            raise UntrustedError(
                f"the certificate of {leaf.subject.rfc4514_string()!r} is not the site authority's for this use at"
                f" {at:%Y-%m-%d %H:%M} UTC ({error})"
            ) from error
