"""Validates a revocation list before it is used: its signature, number, serials and end.

Mosquitto 2.0.21 does not: after a SIGHUP with a damaged list it says so in its log and from then on accepts revoked
certificates (measured). So it reads a copy, written here, of a list that was found good.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from provisioning.errors import AuthorityError
from provisioning.files import durable
from provisioning.pki.authority import Authority
from provisioning.signing.x509_faults import MALFORMED


@dataclass(frozen=True, slots=True)
class RevocationList:
    """Content of one list (RFC 5280 §5)."""

    number: int
    """Grows with every list of its authority."""
    serials: frozenset[int]
    ends_at: datetime
    """Time from which Mosquitto refuses every certificate of this authority."""
    pem: bytes = field(repr=False)


def read(path: Path, authority: Authority) -> RevocationList:
    """Reads and validates a list of this authority.

    Raises:
        AuthorityError: not there, damaged, another authority's, or without a number or an end.
    """
    try:
        return parse(path.read_bytes(), authority)
    except OSError as error:
        raise AuthorityError(f"{path}: the revocation list cannot be read ({error.strerror})") from error
    except AuthorityError as error:
        raise AuthorityError(f"{path}: {error}") from error


def parse(data: bytes, authority: Authority) -> RevocationList:
    """Validates a list in PEM.

    Raises:
        AuthorityError: damaged, another authority's, or without a number or an end.
    """
    key = authority.certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise AuthorityError(f"the key of {authority.ca_file} is not on an elliptic curve; this is not our authority")
    try:
        found = x509.load_pem_x509_crl(data)
        if found.issuer != authority.certificate.subject or not found.is_signature_valid(key):
            raise AuthorityError(f"a revocation list, but not signed by the authority of {authority.ca_file}")
        number = found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        serials = frozenset(each.serial_number for each in found)
        ends_at = found.next_update_utc
    except MALFORMED as error:
        raise AuthorityError(f"not a revocation list that can be read ({error})") from error
    except x509.ExtensionNotFound as error:
        raise AuthorityError("a revocation list without a number; it cannot be told from an older one") from error
    if ends_at is None:
        raise AuthorityError("a revocation list without an end; our authorities always give one")
    return RevocationList(number, serials, ends_at, found.public_bytes(Encoding.PEM))


def take(authority: Authority, copy: Path) -> frozenset[int]:
    """Updates `copy` from the authority's own list. Returns the serials that it did not name before.

    Raises:
        AuthorityError: the authority's list is not good, or older than the copy, which then stays as it is.
        OSError: the copy cannot be written.
    """
    new = read(authority.crl_file, authority)
    old = _known(copy, authority)
    if old is not None and new.number < old.number:
        raise AuthorityError(
            f"{authority.crl_file}: is number {new.number}, and the broker has number {old.number} already. Was the"
            f" home restored from a backup? Then revoke again whoever was revoked since, and remove {copy}"
        )
    if old is None or new.pem != old.pem:
        durable.write(copy, new.pem)
    return new.serials if old is None else new.serials - old.serials


def _known(copy: Path, authority: Authority) -> RevocationList | None:
    """Returns the copy, if it is one of this authority's; any other is overwritten."""
    try:
        return read(copy, authority)
    except AuthorityError:
        return None
