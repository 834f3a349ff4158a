"""CMS SignedData (RFC 5652) with one signer, ECDSA and SHA-256: made, and read again as strictly as it was made.

Signed attributes are content type, message digest, signing time, and the signer's certificate by hash (ESS, RFC 5035),
so that no other certificate over the same key can be put in its place.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from center.evidence.signer import Signer

MAX_BYTES: Final = 64 * 1024
"""With two certificates it has some 2 KB."""
MALFORMED: Final = (ValueError, TypeError, KeyError, IndexError, OverflowError, AttributeError, RecursionError)
"""What asn1crypto, which parses as one reads, raises over bytes that are no ASN.1 or another type's."""
_SHA256: Final = algos.DigestAlgorithm({"algorithm": "sha256"})


class BadCmsError(ValueError):
    """No SignedData of the one kind that is read here, or its signature is wrong."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a SignedData with a right signature says. Whether its signer counts is for `trust` to say."""

    content: bytes
    leaf: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    signed_at: datetime


def sign(content: bytes, signer: Signer, *, at: datetime, kind: str = "data") -> bytes:
    """Sign `content`; it is enclosed unless `kind` is `data`. DER of a ContentInfo."""
    attributes = cms.CMSAttributes(
        [
            _attribute("content_type", kind),
            _attribute("signing_time", cms.Time({"utc_time": at.astimezone(UTC).replace(microsecond=0)})),
            _attribute("message_digest", hashlib.sha256(content).digest()),
            _attribute("signing_certificate_v2", _ess(_der(signer.certificate))),
        ]
    )
    own = asn1_x509.Certificate.load(_der(signer.certificate))
    info = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                        {"issuer": own.issuer, "serial_number": own.serial_number}
                    )
                }
            ),
            "digest_algorithm": _SHA256,
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": signer.sign(attributes.dump()),
        }
    )
    enclosed: dict[str, Any] = {"content_type": kind}
    if kind != "data":
        enclosed["content"] = cms.ParsableOctetString(content)
    signed = cms.SignedData(
        {
            "version": "v1" if kind == "data" else "v3",
            "digest_algorithms": [_SHA256],
            "encap_content_info": enclosed,
            "certificates": [own, *(asn1_x509.Certificate.load(_der(each)) for each in signer.chain)],
            "signer_infos": [info],
        }
    )
    made: bytes = cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()
    return made


def read(data: bytes, *, kind: str = "data", detached: bytes | None = None) -> Signed:
    """Take a SignedData apart and check its signature, over `detached` where the content is not enclosed.

    Raises:
        BadCmsError: it is none, or not right.
    """
    if len(data) > MAX_BYTES:
        raise BadCmsError(f"has more than {MAX_BYTES} bytes")
    try:
        return _read(data, kind, detached)
    except BadCmsError:
        raise
    except MALFORMED as error:
        raise BadCmsError("is no signature in CMS that can be read") from error


def _read(data: bytes, kind: str, detached: bytes | None) -> Signed:
    outer = cms.ContentInfo.load(data, strict=True)
    if outer["content_type"].native != "signed_data":
        raise BadCmsError("is no SignedData")
    signed = outer["content"]
    content = _content(signed["encap_content_info"], kind, detached)
    if len(signed["signer_infos"]) != 1:
        raise BadCmsError("has not exactly one signer")
    info = signed["signer_infos"][0]
    certificates = [x509.load_der_x509_certificate(each.chosen.dump()) for each in signed["certificates"]]
    leaf = certificates[0]
    signed_at = _said(info, leaf, kind, content)
    key = leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise BadCmsError("is by a key that is not on an elliptic curve")
    try:
        key.verify(info["signature"].native, info["signed_attrs"].untag().dump(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise BadCmsError("is wrong") from error
    return Signed(content, leaf, tuple(certificates[1:]), signed_at)


def _content(enclosed: Any, kind: str, detached: bytes | None) -> bytes:
    if enclosed["content_type"].native != kind:
        raise BadCmsError("is over another kind of content")
    if detached is None:
        return bytes(enclosed["content"].contents)
    if not isinstance(enclosed["content"], core.Void):
        raise BadCmsError("encloses a content of its own")
    return detached


def _said(info: Any, leaf: x509.Certificate, kind: str, content: bytes) -> datetime:
    """Check the signed attributes, not yet their signature. Returns the signing time."""
    algorithms = (info["digest_algorithm"]["algorithm"].native, info["signature_algorithm"]["algorithm"].native)
    if algorithms != ("sha256", "sha256_ecdsa"):
        raise BadCmsError(f"uses {' and '.join(map(str, algorithms))}; only SHA-256 with ECDSA is accepted")
    said = {each["type"].native: each["values"] for each in info["signed_attrs"]}
    if any(len(values) != 1 for values in said.values()) or len(said) != len(info["signed_attrs"]):
        raise BadCmsError("says a signed attribute twice")
    if said["content_type"][0].native != kind or said["message_digest"][0].native != hashlib.sha256(content).digest():
        raise BadCmsError("is over other bytes")
    named, sid = asn1_x509.Certificate.load(_der(leaf)), info["sid"].chosen
    bound = said["signing_certificate_v2"][0]["certs"][0]["cert_hash"].native
    if (
        sid["issuer"] != named.issuer
        or sid["serial_number"].native != leaf.serial_number
        or bound != hashlib.sha256(_der(leaf)).digest()
    ):
        raise BadCmsError("names another signer than the certificate that it carries")
    signed_at: datetime = said["signing_time"][0].native
    return signed_at


def _attribute(kind: str, value: Any) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": kind, "values": [value]})


def _ess(certificate: bytes) -> tsp.SigningCertificateV2:
    digest = hashlib.sha256(certificate).digest()
    return tsp.SigningCertificateV2({"certs": [tsp.ESSCertIDv2({"cert_hash": digest})]})


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)
