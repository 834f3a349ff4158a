import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from provisioning.authority import Authority, Identity
from provisioning.contracts.topics import Role
from provisioning.errors import AuthorityError


def shake_hands(server: Identity, client: Identity, *, host: str = "127.0.0.1", trust: Identity | None = None) -> str:
    """A mutual TLS handshake in memory. Returns the common name that the server sees."""
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(server.ca_file))
    server_side.verify_mode = ssl.CERT_REQUIRED
    server_side.verify_flags |= ssl.VERIFY_X509_STRICT
    server_side.load_cert_chain(server.cert_file, server.key_file)
    client_side = ssl.create_default_context(cafile=str((trust or client).ca_file))
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
    certificate = ends[1].getpeercert()
    assert certificate is not None
    names = dict(pair for entry in certificate["subject"] for pair in entry)  # type: ignore[misc]  # typeshed calls it a union of all that getpeercert may hold
    return str(names["commonName"])


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "pki")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_broker_and_agent_trust_one_another(authority: Authority, host: str) -> None:
    assert shake_hands(authority.issue_broker(), authority.issue_agent("street-7"), host=host) == "street-7"


def test_roles_carry_their_own_names(authority: Authority) -> None:
    broker = authority.issue_broker()
    assert shake_hands(broker, authority.issue_role(Role.CLUSTER)) == "cluster"
    assert shake_hands(broker, authority.issue_role(Role.CENTER)) == "center"


def test_another_authority_is_not_trusted(authority: Authority, tmp_path: Path) -> None:
    broker = authority.issue_broker()
    stranger = Authority(tmp_path / "other").issue_agent("street")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(broker, stranger, trust=broker)


def test_a_host_that_the_certificate_does_not_name_is_refused(authority: Authority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
        shake_hands(authority.issue_broker(), authority.issue_agent("street"), host="127.0.0.9")


def test_a_broker_certificate_cannot_log_in_and_an_agent_cannot_serve(authority: Authority) -> None:
    broker, agent = authority.issue_broker(), authority.issue_agent("street")
    with pytest.raises(ssl.SSLCertVerificationError, match="unsuitable certificate purpose"):
        shake_hands(broker, broker)
    with pytest.raises(ssl.SSLCertVerificationError, match="unsuitable certificate purpose"):
        shake_hands(agent, agent)


def test_an_agent_cannot_issue_for_others(authority: Authority, tmp_path: Path) -> None:
    agent = authority.issue_agent("street")
    certificate = x509.load_pem_x509_certificate(agent.cert_file.read_bytes())
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert constraints.critical
    assert not constraints.value.ca
    assert not usage.value.key_cert_sign
    assert not usage.value.crl_sign


def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    old = Authority(tmp_path, lifetime=timedelta(days=1), now=datetime.now(UTC) - timedelta(days=3))
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        shake_hands(old.issue_broker(), old.issue_agent("street"))


def test_a_clock_a_little_behind_still_accepts_a_new_certificate(tmp_path: Path) -> None:
    ahead = Authority(tmp_path, now=datetime.now(UTC) + timedelta(minutes=4))
    assert shake_hands(ahead.issue_broker(), ahead.issue_agent("street")) == "street"


def test_keys_are_the_owners_alone_and_the_authoritys_key_is_nowhere(authority: Authority) -> None:
    agent = authority.issue_agent("street")
    authority.issue_broker()
    folder = agent.key_file.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(agent.key_file.stat().st_mode) == 0o600
    assert sorted(path.name for path in folder.iterdir()) == [
        "broker.crt",
        "broker.key",
        "ca.crt",
        "street.crt",
        "street.key",
    ]


@pytest.mark.parametrize("name", ["cluster", "center", "broker"])
def test_names_of_the_centre_are_no_agent_ids(authority: Authority, name: str) -> None:
    with pytest.raises(AuthorityError, match="reserved"):
        authority.issue_agent(name)


@pytest.mark.parametrize("name", ["", "Street", "a/b", "../ca", "+", "#", "a b", "-a", "a" * 64, "street\n"])
def test_what_is_no_agent_id_is_refused_before_anything_is_written(authority: Authority, name: str) -> None:
    with pytest.raises(AuthorityError, match="not valid"):
        authority.issue_agent(name)
    assert [path.name for path in authority.ca_file.parent.iterdir()] == ["ca.crt"]


@pytest.mark.parametrize("days", [0, -1, 31])
def test_a_throw_away_certificate_does_not_live_long(tmp_path: Path, days: int) -> None:
    with pytest.raises(AuthorityError, match="out of range"):
        Authority(tmp_path, lifetime=timedelta(days=days))


def test_a_folder_that_cannot_be_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AuthorityError, match="choose another"):
        Authority(tmp_path / "file" / "pki")
