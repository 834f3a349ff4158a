"""A customer with a certificate authority of his own, who signs as he is asked, or otherwise."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)


def named(common_name: str) -> x509.Name:
    """A subject of one name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


class Customer:
    """His root, and its key on another curve than ours."""

    def __init__(self, name: str = "County root", *, ends: datetime | None = None, ca: bool = True) -> None:
        self._key = ec.generate_private_key(ec.SECP384R1())
        key = self._key.public_key()
        end = ends or datetime.now(UTC) + 3650 * _DAY
        builder = _builder(named(name), named(name), key, end - 3660 * _DAY, end)
        self.root = _usage(builder, ca=ca, crl_sign=ca).sign(self._key, hashes.SHA384())

    def sign(
        self,
        request: str,
        *,
        key: CertificatePublicKeyTypes | None = None,
        subject: x509.Name | None = None,
        ca: bool | None = True,
        crl_sign: bool = True,
        begins: datetime | None = None,
        ends: datetime | None = None,
        identifier: bytes | None = None,
    ) -> x509.Certificate:
        """What he makes of a request in PEM."""
        asked = x509.load_pem_x509_csr(request.encode())
        now = datetime.now(UTC)
        own = key or asked.public_key()
        builder = _builder(
            subject or asked.subject, self.root.subject, own, begins or now - _DAY, ends or now + 1825 * _DAY
        )
        if identifier is None:
            builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
        else:
            builder = builder.add_extension(x509.SubjectKeyIdentifier(identifier), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(issuer, critical=False)
        return _usage(builder, ca=ca, crl_sign=crl_sign).sign(self._key, hashes.SHA384())

    def pem(self) -> bytes:
        """His root, as he hands it out."""
        return self.root.public_bytes(Encoding.PEM)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: CertificatePublicKeyTypes, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)


def _usage(builder: x509.CertificateBuilder, *, ca: bool | None, crl_sign: bool) -> x509.CertificateBuilder:
    if ca is None:
        return builder
    usage = x509.KeyUsage(
        digital_signature=not ca, key_cert_sign=ca, crl_sign=ca and crl_sign, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return builder.add_extension(x509.BasicConstraints(ca, None), critical=True).add_extension(usage, critical=True)
