"""A revocation list is judged before the broker has it."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.errors import AuthorityError
from provisioning.pki import revocation_list
from provisioning.pki.authority import load_key
from tests.support.pki import Pki

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("home"))


@pytest.fixture
def own(tmp_path: Path) -> Pki:
    return Pki(tmp_path / "home")


def test_says_whom_it_names_and_until_when(own: Pki, tmp_path: Path) -> None:
    own.issue_agent("street")
    own.issue_agent("street")
    own.revoke("street")
    own.renew_list(now=NOW, lifetime=timedelta(days=3))
    found = revocation_list.read(own.identities.agents.crl_file, own.identities.agents)
    assert (found.number, len(found.serials), found.ends_at) == (3, 2, NOW + timedelta(days=3))


def test_the_copy_follows_and_tells_what_is_new(own: Pki, tmp_path: Path) -> None:
    agents, copy = own.identities.agents, tmp_path / "copy.crl"
    assert revocation_list.take(agents, copy) == frozenset()
    own.issue_agent("street")
    own.revoke("street")
    (serial,) = revocation_list.take(agents, copy)
    own.issue_agent("avenue")
    own.revoke("avenue")
    assert serial not in revocation_list.take(agents, copy)
    own.renew_list()
    assert revocation_list.take(agents, copy) == frozenset()
    assert copy.read_bytes() == agents.crl_file.read_bytes()
    assert copy.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not a revocation list"),
        (b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "not a revocation list"),
        (None, "cannot be read \\(No such file"),
    ],
)
def test_a_damaged_list_leaves_the_copy_as_it_is(
    own: Pki, tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    agents, copy = own.identities.agents, tmp_path / "copy.crl"
    revocation_list.take(agents, copy)
    good = copy.read_bytes()
    if content is None:
        agents.crl_file.unlink()
    else:
        agents.crl_file.write_bytes(content)
    with pytest.raises(AuthorityError, match=f"agents.crl: .*{complaint}"):
        revocation_list.take(agents, copy)
    assert copy.read_bytes() == good


def test_somebody_elses_list_is_refused_though_its_issuer_has_our_name(own: Pki, tmp_path: Path) -> None:
    twin = Pki(tmp_path / "twin").identities.agents
    assert twin.certificate.subject == own.identities.agents.certificate.subject
    with pytest.raises(AuthorityError, match="not signed by the authority"):
        revocation_list.parse(twin.crl_file.read_bytes(), own.identities.agents)
    with pytest.raises(AuthorityError, match="not signed by the authority"):
        revocation_list.parse(own.identities.services.crl_file.read_bytes(), own.identities.agents)


def test_an_older_list_is_refused_with_the_way_out(own: Pki, tmp_path: Path) -> None:
    agents, copy = own.identities.agents, tmp_path / "copy.crl"
    backup = agents.crl_file.read_bytes()
    own.issue_agent("street")
    own.revoke("street")
    revocation_list.take(agents, copy)
    agents.crl_file.write_bytes(backup)
    with pytest.raises(AuthorityError, match=r"number 1, and the broker has number 2.*restored from a backup.*remove"):
        revocation_list.take(agents, copy)
    assert revocation_list.read(copy, agents).serials


def test_a_damaged_copy_is_written_over(own: Pki, tmp_path: Path) -> None:
    copy = tmp_path / "copy.crl"
    copy.write_bytes(b"damaged")
    revocation_list.take(own.identities.agents, copy)
    assert revocation_list.read(copy, own.identities.agents).number == 1


def without_number(pki: Pki) -> bytes:
    agents = pki.identities.agents
    builder = x509.CertificateRevocationListBuilder().issuer_name(agents.certificate.subject)
    made = builder.last_update(NOW).next_update(NOW).sign(load_key(agents.key_file), hashes.SHA256())
    return made.public_bytes(Encoding.PEM)


def test_a_list_without_a_number_is_refused(pki: Pki) -> None:
    with pytest.raises(AuthorityError, match="without a number"):
        revocation_list.parse(without_number(pki), pki.identities.agents)


@settings(max_examples=300)
@given(data=st.data())
def test_whatever_the_file_holds_it_is_a_list_or_a_typed_error(pki: Pki, data: st.DataObject) -> None:
    agents = pki.identities.agents
    good = x509.load_pem_x509_crl(agents.crl_file.read_bytes()).public_bytes(Encoding.DER)
    place = data.draw(st.integers(0, len(good) - 1))
    cut = data.draw(st.integers(0, 8))
    damaged = good[:place] + data.draw(st.binary(max_size=8)) + good[place + cut :]
    pem = b"-----BEGIN X509 CRL-----\n" + base64.encodebytes(damaged) + b"-----END X509 CRL-----\n"
    for content in (pem, data.draw(st.binary(max_size=64))):
        try:
            found = revocation_list.parse(content, agents)
        except AuthorityError:
            continue
        assert damaged == good
        assert found.number == 1
