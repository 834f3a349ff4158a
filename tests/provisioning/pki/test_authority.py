"""One authority: what its list says, and what it takes from a customer's root."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import PolicyBuilder, Store
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.errors import AuthorityError
from provisioning.pki import intermediate as adoption
from provisioning.pki.authority import CLIENT, SERVER, Authority, Revocation, load_key, new_key, private_pem
from provisioning.signing.x509_faults import MALFORMED
from tests.support.customer import Customer, named

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


CUSTOMER = Customer()


def _of_a_while_ago() -> tuple[x509.Certificate, x509.Certificate]:
    """Our certificate, and what the customer made of our request."""
    with TemporaryDirectory() as folder:
        made = Authority.create(Path(folder), "services", "Wayside services", crl_lifetime=DAY)
        return made.certificate, CUSTOMER.sign(made.request())


OURS, SIGNED = _of_a_while_ago()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path, "services", "Wayside services", crl_lifetime=30 * DAY)


def crl(authority: Authority) -> x509.CertificateRevocationList:
    return x509.load_pem_x509_crl(authority.crl_file.read_bytes())


# --- revocation lists


def test_a_new_authority_has_an_empty_list(authority: Authority) -> None:
    assert authority.revocations() == []
    assert crl(authority).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 1


def test_a_list_says_whom_since_when_which_number_and_until_when(authority: Authority) -> None:
    revoked = [Revocation(2**159 - 1, NOW - 3 * DAY), Revocation(7, NOW)]
    authority.publish_revocations(revoked, number=5, lifetime=30 * DAY, now=NOW)
    assert authority.revocations() == revoked
    made = crl(authority)
    assert made.issuer == authority.certificate.subject
    assert made.next_update_utc == NOW + 30 * DAY
    assert made.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 5
    identifier = made.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert identifier == authority.certificate.extensions.get_extension_for_class(
        x509.SubjectKeyIdentifier
    ).value.digest  # fmt: skip


def test_a_list_of_another_authority_is_not_believed(authority: Authority, tmp_path: Path) -> None:
    other = Authority.create(tmp_path, "agents", "Wayside services", crl_lifetime=DAY)
    authority.crl_file.write_bytes(other.crl_file.read_bytes())
    with pytest.raises(AuthorityError, match="not signed by the authority"):
        authority.revocations()


@pytest.mark.parametrize("content", [b"", b"x", b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", None])
def test_a_damaged_list_is_one_clear_error(authority: Authority, content: bytes | None) -> None:
    if content is None:
        authority.crl_file.unlink()
    else:
        authority.crl_file.write_bytes(content)
    with pytest.raises(AuthorityError, match="cannot be read as a revocation list"):
        authority.revocations()


# --- keys


def test_without_its_key_it_signs_nothing_and_says_where_it_looked(authority: Authority) -> None:
    authority.key_file.unlink()
    for attempt in (
        lambda: authority.sign(new_key().public_key(), "x", CLIENT, lifetime=DAY),
        lambda: authority.publish_revocations((), number=2, lifetime=DAY),
        authority.request,
    ):
        with pytest.raises(AuthorityError, match=r"services\.key: not here"):
            attempt()


def test_with_anothers_key_it_signs_nothing(authority: Authority) -> None:
    authority.key_file.write_bytes(private_pem(new_key()))
    with pytest.raises(AuthorityError, match="does not belong to"):
        authority.request()


def test_what_is_no_key_of_ours_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "x.key"
    with pytest.raises(AuthorityError, match="cannot be used as a private key"):
        load_key(path)
    path.write_text("no PEM")
    with pytest.raises(AuthorityError, match="cannot be used as a private key"):
        load_key(path)


def test_it_is_never_made_over_another(authority: Authority, tmp_path: Path) -> None:
    before = authority.key_file.read_bytes()
    with pytest.raises(AuthorityError, match="never replaced"):
        Authority.create(tmp_path, "services", "Wayside services", crl_lifetime=DAY)
    assert authority.key_file.read_bytes() == before


@pytest.mark.parametrize("content", [None, b"", b"no PEM"])
def test_an_authority_without_a_certificate_is_not_opened(authority: Authority, content: bytes | None) -> None:
    if content is None:
        authority.ca_file.unlink()
    else:
        authority.ca_file.write_bytes(content)
    with pytest.raises(AuthorityError, match=r"services\.crt"):
        Authority.open(authority.ca_file.parent, "services")


# --- the customer's root


def test_the_request_is_for_our_name_key_and_use(authority: Authority) -> None:
    request = x509.load_pem_x509_csr(authority.request().encode())
    assert request.is_signature_valid
    assert request.subject == authority.certificate.subject
    assert request.public_key() == authority.certificate.public_key()
    assert request.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert request.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign


def test_what_the_root_signed_is_served_and_checked_by_whoever_trusts_it(authority: Authority) -> None:
    customer = Customer()
    assert authority.chain_pem() == b""
    assert authority.adopt(customer.sign(authority.request()), customer.root) is True
    chain = x509.load_pem_x509_certificates(authority.chain_pem())
    server = authority.sign(new_key().public_key(), "broker", SERVER, lifetime=DAY, hosts=("gate.example",))
    verifier = PolicyBuilder().store(Store([customer.root])).build_server_verifier(x509.DNSName("gate.example"))
    assert verifier.verify(server, chain) == [server, *chain, customer.root]


def test_what_was_adopted_before_changes_nothing(authority: Authority) -> None:
    customer = Customer()
    intermediate = customer.sign(authority.request())
    assert [authority.adopt(intermediate, customer.root) for _ in range(2)] == [True, False]
    assert authority.adopt(customer.sign(authority.request()), customer.root) is True


def test_ours_stays_what_agents_and_broker_trust(authority: Authority) -> None:
    before = authority.ca_file.read_bytes()
    customer = Customer()
    authority.adopt(customer.sign(authority.request()), customer.root)
    assert authority.ca_file.read_bytes() == before


REFUSED: dict[str, tuple[Callable[[Customer, str], x509.Certificate], str]] = {
    "another key": (lambda c, r: c.sign(r, key=new_key().public_key()), "another key"),
    "an RSA key": (lambda c, r: c.sign(r, key=rsa.generate_private_key(65537, 2048).public_key()), "another key"),
    "another subject": (lambda c, r: c.sign(r, subject=named("Wayside services 2")), "the subject was changed"),
    "a longer subject": (
        lambda c, r: c.sign(
            r, subject=x509.Name([*named("Wayside services"), x509.NameAttribute(NameOID.COUNTRY_NAME, "CN")])
        ),
        "the subject was changed",
    ),
    "no authority": (lambda c, r: c.sign(r, ca=False), "may not sign others"),
    "no constraints": (lambda c, r: c.sign(r, ca=None), "may not sign others"),
    "no use for lists": (lambda c, r: c.sign(r, crl_sign=False), "may not sign others"),
    "ended": (lambda c, r: c.sign(r, begins=NOW - 3 * DAY, ends=NOW - DAY), "and not today"),
    "not begun": (lambda c, r: c.sign(r, begins=NOW + DAY, ends=NOW + 3 * DAY), "and not today"),
    "another identifier": (lambda c, r: c.sign(r, identifier=b"12345678901234567890"), "identifier was changed"),
}


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_what_would_not_be_our_authority_is_not_adopted(authority: Authority, what: str) -> None:
    make, said = REFUSED[what]
    customer = Customer()
    with pytest.raises(AuthorityError, match=said):
        authority.adopt(make(customer, authority.request()), customer.root)
    assert authority.chain_pem() == b""


def test_a_root_that_did_not_sign_it_is_no_proof(authority: Authority) -> None:
    intermediate = Customer().sign(authority.request())
    for stranger in (Customer("Another root"), Customer()):  # another name; the same name and another key
        with pytest.raises(AuthorityError, match="not signed by the root"):
            authority.adopt(intermediate, stranger.root)


def test_a_root_that_has_ended_or_is_none_is_no_proof(authority: Authority) -> None:
    for customer, said in ((Customer(ends=NOW - DAY), "the root counts from"), (Customer(ca=False), "may not sign")):
        with pytest.raises(AuthorityError, match=said):
            authority.adopt(customer.sign(authority.request()), customer.root)
    assert authority.chain_pem() == b""


def test_a_signature_that_was_tampered_with_is_no_proof(authority: Authority) -> None:
    customer = Customer()
    data = bytearray(customer.sign(authority.request()).public_bytes(Encoding.DER))
    data[-1] ^= 1
    with pytest.raises(AuthorityError, match="not signed by the root"):
        authority.adopt(x509.load_der_x509_certificate(bytes(data)), customer.root)


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")  # of odd serials, still read
@settings(max_examples=300)
@given(at=st.integers(0, 10_000), by=st.integers(1, 255))
def test_whatever_is_changed_in_it_there_is_one_kind_of_error(at: int, by: int) -> None:
    data = bytearray(SIGNED.public_bytes(Encoding.DER))
    data[at % len(data)] ^= by
    try:
        changed = x509.load_der_x509_certificate(bytes(data))
    except MALFORMED:
        return  # damaged beyond reading, which `customer_root` says by the file's name
    if changed.tbs_certificate_bytes == SIGNED.tbs_certificate_bytes and changed.signature == SIGNED.signature:
        return  # a byte that nothing is read from, beside what was signed
    with pytest.raises(AuthorityError):
        adoption.check(OURS, changed, CUSTOMER.root, NOW)


def test_our_own_certificate_is_not_the_roots_word(authority: Authority) -> None:
    with pytest.raises(AuthorityError, match="not signed by the root"):
        authority.adopt(authority.certificate, Customer().root)


def test_a_certificate_has_one_name_and_one_use(authority: Authority) -> None:
    made = authority.sign(new_key().public_key(), "broker", SERVER, lifetime=DAY, hosts=("10.0.0.5", "gate"), now=NOW)
    assert made.subject.rfc4514_string() == "CN=broker"
    assert list(made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [SERVER]
    assert isinstance(made.signature_hash_algorithm, hashes.SHA256)
    assert isinstance(made.public_key(), ec.EllipticCurvePublicKey)
    made.verify_directly_issued_by(authority.certificate)
