"""Checks that a certificate from a customer's root is our authority under that root, and nothing else."""

from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from provisioning.errors import AuthorityError
from provisioning.signing.x509_faults import MALFORMED

_E = TypeVar("_E", bound=x509.ExtensionType)


def check(ours: x509.Certificate, theirs: x509.Certificate, root: x509.Certificate, now: datetime) -> None:
    """Checks that `theirs` is `ours` signed by `root`, so that our certificates chain to it.

    Raises:
        AuthorityError: another key or name, no CA, out of date, or not signed by that root; or that root is of no use.
    """
    try:
        _check(ours, theirs, root, now)
    except MALFORMED as error:
        raise AuthorityError(f"this certificate cannot be read ({type(error).__name__}): have it made again") from error


def _check(ours: x509.Certificate, theirs: x509.Certificate, root: x509.Certificate, now: datetime) -> None:
    if key_of(theirs) != key_of(ours):
        raise AuthorityError("this certificate is for another key: have the customer's root sign our request")
    if theirs.subject != ours.subject:
        raise AuthorityError(
            f"the subject was changed to {theirs.subject.rfc4514_string()!r}; it must stay"
            f" {ours.subject.rfc4514_string()!r}, or nothing signed so far would chain to it"
        )
    if not is_authority(theirs):
        raise AuthorityError(
            "this certificate may not sign others (basicConstraints CA, keyUsage keyCertSign and cRLSign): sign again"
        )
    named = _extension(theirs, x509.SubjectKeyIdentifier)
    if named is not None and named != _extension(ours, x509.SubjectKeyIdentifier):
        # OpenSSL takes no certificate whose authority key identifier is not its issuer's (X509_check_issued).
        raise AuthorityError(
            "the subject key identifier was changed; it must stay that of our request, or nothing signed so far would"
            " chain to it"
        )
    for what, each in (("this certificate", theirs), ("the root", root)):
        if not each.not_valid_before_utc <= now <= each.not_valid_after_utc:
            raise AuthorityError(
                f"{what} counts from {each.not_valid_before_utc:%Y-%m-%d} to {each.not_valid_after_utc:%Y-%m-%d} and"
                " not today"
            )
    try:
        theirs.verify_directly_issued_by(root)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise AuthorityError("this certificate was not signed by the root that was given with it") from error
    if not is_authority(root):
        raise AuthorityError("the root that was given may not sign others (basicConstraints CA, keyUsage): it is none")


def is_authority(certificate: x509.Certificate) -> bool:
    """True for a certificate that may sign certificates and revocation lists (RFC 5280 §4.2.1.3, §4.2.1.9).

    Raises one of `MALFORMED`.
    """
    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    return constraints is not None and constraints.ca and (usage is None or (usage.key_cert_sign and usage.crl_sign))


def key_of(certificate: x509.Certificate) -> bytes:
    """Returns the SubjectPublicKeyInfo, DER. Raises one of `MALFORMED`."""
    return certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _extension(certificate: x509.Certificate, kind: type[_E]) -> _E | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
