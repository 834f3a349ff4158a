"""Signs and reads CMS SignedData (RFC 5652) with one signer, ECDSA and SHA-256; reads as strictly as it writes.

Signed attributes are content type, message digest, signing time, and the signer's certificate by hash (ESS, RFC 5035),
so that no other certificate over the same key can be put in its place.
"""

import hashlib
from collections.abc import Sequence
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
from provisioning.signing import x509_faults

MAX_BYTES: Final = 64 * 1024
"""Largest signature that is read; one with two certificates has some 2 KB."""
MALFORMED: Final = (*x509_faults.MALFORMED, KeyError, IndexError, OverflowError, AttributeError, RecursionError)
"""Errors over malformed bytes; the added ones are of asn1crypto, which parses lazily."""
_SHA256: Final = algos.DigestAlgorithm({"algorithm": "sha256"})


class BadCmsError(ValueError):
    """Not a SignedData of the one kind that is read here, or its signature is wrong."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Content of a SignedData with a right signature. `trust` decides if its signer is trusted."""

    content: bytes
    leaf: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    signed_at: datetime


def sign(content: bytes, signer: Signer, *, at: datetime, kind: str = "data") -> bytes:
    """Signs `content`, which is enclosed unless `kind` is `data`. Returns the DER of a ContentInfo."""
    attributes: bytes = cms.CMSAttributes(
        [
            _attribute("content_type", kind),
            _attribute("signing_time", cms.Time({"utc_time": at.astimezone(UTC).replace(microsecond=0)})),
            _attribute("message_digest", hashlib.sha256(content).digest()),
            _attribute("signing_certificate_v2", _ess(_der(signer.certificate))),
        ]
    ).dump()
    return _assemble(kind, content, signer.certificate, signer.chain, attributes, signer.sign(attributes))


def _assemble(
    kind: str,
    content: bytes,
    leaf: x509.Certificate,
    chain: Sequence[x509.Certificate],
    attributes: bytes,
    signature: bytes,
) -> bytes:
    """Assembles the one encoding of these facts. `attributes` are the DER of their SET, which is signed."""
    own = asn1_x509.Certificate.load(_der(leaf))
    sid = {"issuer": own.issuer, "serial_number": own.serial_number}
    info = {
        "version": "v1",
        "sid": cms.SignerIdentifier({"issuer_and_serial_number": cms.IssuerAndSerialNumber(sid)}),
        "digest_algorithm": _SHA256,
        "signed_attrs": cms.CMSAttributes.load(attributes),
        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        "signature": signature,
    }
    enclosed: dict[str, Any] = {"content_type": kind}
    if kind != "data":
        enclosed["content"] = cms.ParsableOctetString(content)
    signed = {
        "version": "v1" if kind == "data" else "v3",
        "digest_algorithms": [_SHA256],
        "encap_content_info": enclosed,
        "certificates": [asn1_x509.Certificate.load(_der(each)) for each in (leaf, *chain)],
        "signer_infos": [cms.SignerInfo(info)],
    }
    made: bytes = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)}).dump()
    return made


def read(data: bytes, *, kind: str = "data", detached: bytes | None = None) -> Signed:
    """Parses a SignedData and checks its signature, over `detached` if the content is not enclosed.

    Raises:
        BadCmsError: it is not a SignedData, or its signature is wrong.
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
    leaf, chain = _certificates(signed["certificates"], info["sid"].chosen)
    signed_at = _signed_at(info, leaf, kind, content)
    key, attributes, signature = leaf.public_key(), info["signed_attrs"].untag().dump(), info["signature"].native
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise BadCmsError("is by a key that is not on an elliptic curve")
    try:
        key.verify(signature, attributes, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise BadCmsError("is wrong") from error
    # Fields that the signature does not cover (versions, algorithm lists) have one right value, too.
    if _assemble(kind, content, leaf, chain, attributes, signature) != data:
        raise BadCmsError("was changed where the signature does not reach")
    return Signed(content, leaf, chain, signed_at)


def _certificates(carried: Any, sid: Any) -> tuple[x509.Certificate, tuple[x509.Certificate, ...]]:
    """Returns the signer's certificate and the others, in the order of a DER set."""
    mine: list[x509.Certificate] = []
    others: list[x509.Certificate] = []
    for each in carried:
        own = each.chosen
        if own.serial_number <= 0:  # `cryptography` only warns, of what RFC 5280 §4.1.2.2 forbids
            raise BadCmsError("carries a certificate without a positive serial number")
        is_signer = own.issuer == sid["issuer"] and own.serial_number == sid["serial_number"].native
        (mine if is_signer else others).append(x509.load_der_x509_certificate(own.dump()))
    if len(mine) != 1:
        raise BadCmsError("does not carry its signer's certificate")
    return mine[0], tuple(others)


def _content(enclosed: Any, kind: str, detached: bytes | None) -> bytes:
    if enclosed["content_type"].native != kind:
        raise BadCmsError("is over another kind of content")
    if detached is None:
        return bytes(enclosed["content"].contents)
    if not isinstance(enclosed["content"], core.Void):
        raise BadCmsError("encloses a content of its own")
    return detached


def _signed_at(info: Any, leaf: x509.Certificate, kind: str, content: bytes) -> datetime:
    """Checks the signed attributes, not yet their signature. Returns the signing time."""
    algorithms = (info["digest_algorithm"]["algorithm"].native, info["signature_algorithm"]["algorithm"].native)
    if algorithms != ("sha256", "sha256_ecdsa"):
        raise BadCmsError(f"uses {' and '.join(map(str, algorithms))}; only SHA-256 with ECDSA is accepted")
    attributes = {each["type"].native: each["values"] for each in info["signed_attrs"]}
    if any(len(values) != 1 for values in attributes.values()) or len(attributes) != len(info["signed_attrs"]):
        raise BadCmsError("says a signed attribute twice")
    if (
        attributes["content_type"][0].native != kind
        or attributes["message_digest"][0].native != hashlib.sha256(content).digest()
    ):
        raise BadCmsError("is over other bytes")
    bound = attributes["signing_certificate_v2"][0]["certs"][0]["cert_hash"].native
    if bound != hashlib.sha256(_der(leaf)).digest():
        raise BadCmsError("names another certificate than it carries")
    signed_at: datetime = attributes["signing_time"][0].native
    return signed_at


def _attribute(kind: str, value: Any) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": kind, "values": [value]})


def _ess(certificate: bytes) -> tsp.SigningCertificateV2:
    digest = hashlib.sha256(certificate).digest()
    return tsp.SigningCertificateV2({"certs": [tsp.ESSCertIDv2({"cert_hash": digest})]})


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)
