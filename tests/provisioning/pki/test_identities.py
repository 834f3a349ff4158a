"""Who gets which certificate, and that neither authority's certificates count as the other's."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from provisioning.contracts.ids import RESERVED_AGENTS
from provisioning.errors import AuthorityError
from provisioning.pki.authority import CLIENT, DOCUMENT_SIGNING, EMAIL_PROTECTION, TIME_STAMPING, new_key, public_bytes
from provisioning.pki.identities import AGENT_LIFETIME, CLIENTS, SERVICE_LIFETIME, SERVICES, Identities, Identity
from tests.support.pki import Pki

NOW = datetime.now(UTC)


def shake_hands(
    server: Identity, client: Identity, trusted: Path, *, host: str = "127.0.0.1", trust: Path | None = None
) -> str:
    """A mutual TLS handshake in memory, as the broker's listener for `trusted` does it. The common name it sees."""
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(trusted))
    server_side.verify_mode = ssl.CERT_REQUIRED
    server_side.verify_flags |= ssl.VERIFY_X509_STRICT
    server_side.load_cert_chain(server.cert_file, server.key_file)
    client_side = ssl.create_default_context(cafile=str(trust or client.ca_file))
    client_side.verify_flags |= ssl.VERIFY_X509_STRICT
    client_side.load_cert_chain(client.cert_file, client.key_file)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client_side.wrap_bio(to_client, to_server, server_hostname=host),
        server_side.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(10):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    certificate = x509.load_der_x509_certificate(ends[1].getpeercert(binary_form=True) or b"")
    return str(certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return Pki(tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_broker_and_agent_trust_one_another(pki: Pki, host: str) -> None:
    agents = pki.identities.agents.ca_file
    assert shake_hands(pki.issue("broker"), pki.issue_agent("street-7"), agents, host=host) == "street-7"


@pytest.mark.parametrize("name", CLIENTS)
def test_services_carry_their_own_names(pki: Pki, name: str) -> None:
    assert shake_hands(pki.issue("broker"), pki.issue(name), pki.identities.services.ca_file) == name


def test_neither_listener_takes_the_others_certificates(pki: Pki) -> None:
    broker = pki.issue("broker")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(broker, pki.issue_agent("street-7"), pki.identities.services.ca_file)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(broker, pki.issue("cluster"), pki.identities.agents.ca_file)


def test_the_online_authority_cannot_make_a_cluster(pki: Pki) -> None:
    forged = pki.forge("cluster", pki.identities.agents)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(pki.issue("broker"), forged, pki.identities.services.ca_file)


def test_another_homes_certificates_are_not_trusted(pki: Pki, tmp_path: Path) -> None:
    broker = pki.issue("broker")
    stranger = Pki(tmp_path / "other").issue_agent("street-7")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(broker, stranger, pki.identities.agents.ca_file, trust=broker.ca_file)


def test_a_host_that_the_certificate_does_not_name_is_refused(pki: Pki) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
        shake_hands(pki.issue("broker"), pki.issue("cluster"), pki.identities.services.ca_file, host="127.0.0.9")


def test_a_broker_cannot_log_in_and_a_client_cannot_serve(pki: Pki) -> None:
    broker, cluster, services = pki.issue("broker"), pki.issue("cluster"), pki.identities.services.ca_file
    with pytest.raises(ssl.SSLCertVerificationError, match="unsuitable certificate purpose"):
        shake_hands(broker, broker, services)
    with pytest.raises(ssl.SSLCertVerificationError, match="unsuitable certificate purpose"):
        shake_hands(cluster, cluster, services)


@pytest.mark.parametrize("name", ["evidence", "timestamp"])
def test_what_signs_evidence_logs_in_nowhere_and_serves_nothing(pki: Pki, name: str) -> None:
    broker, signer, services = pki.issue("broker"), pki.issue(name), pki.identities.services.ca_file
    with pytest.raises(ssl.SSLCertVerificationError, match="unsuitable certificate purpose"):
        shake_hands(broker, signer, services)
    with pytest.raises(ssl.SSLCertVerificationError, match="unsuitable certificate purpose"):
        shake_hands(signer, pki.issue("cluster"), services)


def test_evidence_is_signed_by_one_key_and_stamped_by_another(pki: Pki) -> None:
    usages = {}
    for name in ("evidence", "timestamp"):
        pki.issue(name)
        found = pki.identities.certificate(name).extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        usages[name] = (list(found.value), found.critical)
    assert usages["evidence"] == ([EMAIL_PROTECTION, DOCUMENT_SIGNING], False)
    assert usages["timestamp"] == ([TIME_STAMPING], True)


def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    pki = Pki(tmp_path)
    old = pki.issue_agent("street-7", lifetime=timedelta(days=1), now=NOW - timedelta(days=3))
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        shake_hands(pki.issue("broker"), old, pki.identities.agents.ca_file)


def test_a_clock_a_little_behind_still_accepts_a_new_certificate(tmp_path: Path) -> None:
    pki = Pki(tmp_path, now=NOW + timedelta(minutes=4))
    agent = pki.issue_agent("street-7", now=NOW + timedelta(minutes=4))
    assert shake_hands(pki.issue("broker"), agent, pki.identities.agents.ca_file) == "street-7"


def test_lives_are_as_long_as_they_are_said_to_be(pki: Pki) -> None:
    agent = pki.identities.sign_agent("street-7", new_key().public_key(), now=NOW)
    assert agent.not_valid_after_utc == (NOW + AGENT_LIFETIME).replace(microsecond=0)
    pki.identities.issue("cluster", now=NOW)
    assert pki.identities.certificate("cluster").not_valid_after_utc == (NOW + SERVICE_LIFETIME).replace(microsecond=0)


def test_an_agents_certificate_signs_for_nobody(pki: Pki) -> None:
    certificate = pki.identities.sign_agent("street-7", new_key().public_key())
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert constraints.critical
    assert not constraints.value.ca
    assert not usage.key_cert_sign
    assert not usage.crl_sign
    assert list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [CLIENT]


@pytest.mark.parametrize("name", sorted(RESERVED_AGENTS))
def test_names_of_the_centre_are_no_agent_ids(pki: Pki, name: str) -> None:
    with pytest.raises(AuthorityError, match="reserved"):
        pki.identities.sign_agent(name, new_key().public_key())


@pytest.mark.parametrize("name", ["", "Street", "a/b", "../ca", "+", "#", "a b", "-a", "a" * 64, "street\n"])
def test_what_is_no_agent_id_is_not_signed(pki: Pki, name: str) -> None:
    with pytest.raises(AuthorityError, match="not valid"):
        pki.identities.sign_agent(name, new_key().public_key())


@pytest.mark.parametrize("name", ["agents", "../seal/seal", "", "street-7"])
def test_what_is_no_service_has_no_files(pki: Pki, name: str) -> None:
    with pytest.raises(AuthorityError, match="services are cluster, center, provisioning, broker, enrolment"):
        pki.identities.identity(name)


def test_every_reserved_name_is_a_service_and_every_service_reserved() -> None:
    assert set(SERVICES) == RESERVED_AGENTS


def test_keys_are_the_owners_alone(pki: Pki) -> None:
    pki.identities.renew(("10.0.0.5",))
    for folder in ("authority", "identities"):
        assert stat.S_IMODE((pki.directory / folder).stat().st_mode) == 0o700
    keys = sorted(pki.directory.rglob("*.key"))
    assert len(keys) == 2 + len(SERVICES)
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}


def test_a_service_keeps_its_key_over_renewals(pki: Pki) -> None:
    first = pki.identities.issue("enrolment")
    key, serial = first.key_file.read_bytes(), pki.identities.certificate("enrolment").serial_number
    pki.identities.issue("enrolment")
    assert first.key_file.read_bytes() == key
    assert pki.identities.certificate("enrolment").serial_number != serial


def test_what_has_a_third_of_its_life_left_or_is_missing_is_issued_again(tmp_path: Path) -> None:
    identities = Identities.create(tmp_path)
    names = list(SERVICES)
    assert identities.renew(("10.0.0.5",), now=NOW) == names
    assert identities.renew(("10.0.0.5",), now=NOW) == []
    identities.identity("cluster").cert_file.unlink()
    assert identities.renew(("10.0.0.5",), now=NOW) == ["cluster"]
    assert identities.renew(("10.0.0.5",), now=NOW + SERVICE_LIFETIME * 2 / 3 - timedelta(minutes=1)) == []
    assert identities.renew(("10.0.0.5",), now=NOW + SERVICE_LIFETIME * 2 / 3 + timedelta(days=1)) == names


def test_servers_are_named_by_host_and_address_and_clients_are_not(pki: Pki) -> None:
    pki.identities.renew(("gate.example", "10.0.0.5", "::1"))
    pki.identities.issue("broker", ("gate.example", "10.0.0.5", "::1"))
    names = pki.identities.certificate("broker").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["gate.example"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.5", "::1"]
    with pytest.raises(x509.ExtensionNotFound):
        pki.identities.certificate("cluster").extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_authorities_are_found_again_and_never_made_twice(pki: Pki) -> None:
    again = Identities.open(pki.directory)
    assert public_bytes(again.agents.certificate.public_key()) == public_bytes(
        pki.identities.agents.certificate.public_key()
    )
    with pytest.raises(AuthorityError, match="never replaced"):
        Identities.create(pki.directory)


def test_a_folder_that_cannot_be_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AuthorityError, match="choose another"):
        Identities.create(tmp_path / "file" / "pki")
    with pytest.raises(AuthorityError, match="cannot be read"):
        Identities.open(tmp_path / "nowhere")


def test_a_service_without_a_readable_certificate_says_so(pki: Pki) -> None:
    with pytest.raises(AuthorityError, match="issue it again"):
        pki.identities.certificate("cluster")
    pki.identities.identity("cluster").cert_file.write_text("not PEM")
    with pytest.raises(AuthorityError, match="issue it again"):
        pki.identities.certificate("cluster")
