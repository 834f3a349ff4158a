"""Certificate, key and folder: what is believed, and what is written how."""

import base64
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.utils import CryptographyDeprecationWarning
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.enrolment.agent_folder import AgentFolder
from edge_agent.enrolment.identity import Identity, Papers, load_key, private_pem, public_bytes, request
from edge_agent.errors import EnrolmentError
from provisioning.contracts.fleet.enrolment import Enrolled
from provisioning.files import durable
from tests.edge_agent.enrolment_service import AGENT, SITE, now_ms
from tests.edge_agent.issuing import Ca, new_key

AGENTS, SERVICES = Ca("Test agents"), Ca("Test services")
KEY = new_key()
LEAF = AGENTS.sign(KEY.public_key(), AGENT)


def answer(certificate: str, services_ca: str = SERVICES.pem.decode()) -> Enrolled:
    return Enrolled.model_construct(
        agent_id=AGENT, site_id=SITE, certificate=certificate, services_ca=services_ca, broker_host="b",
        broker_port=1, seal_key="ab" * 32, now_ms=0,
    )  # fmt: skip


def check(certificate: str, services_ca: str = SERVICES.pem.decode()) -> Papers:
    return Papers.check(answer(certificate, services_ca), KEY, agent_id=AGENT, seal_key="ab" * 32, now_ms=now_ms())


@pytest.fixture
def folder(tmp_path: Path) -> AgentFolder:
    made = AgentFolder(tmp_path / "agent")
    made.prepare()
    return made


def test_a_request_proves_its_key_and_names_nobody() -> None:
    csr = x509.load_pem_x509_csr(request(KEY).encode())
    assert csr.is_signature_valid
    assert public_bytes(csr.public_key()) == public_bytes(KEY.public_key())
    assert list(csr.subject) == []


def test_a_third_of_its_life_is_left(folder: AgentFolder) -> None:
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    folder.put(folder.identity, AGENTS.sign(KEY.public_key(), AGENT, begins=begins, days=90) + private_pem(KEY))
    identity = Identity.load(folder.identity, folder.identity)
    assert datetime.fromtimestamp(identity.renew_after_ms / 1000, UTC) == begins + timedelta(days=60)


def test_when_it_counts(folder: AgentFolder) -> None:
    folder.put(folder.identity, AGENTS.sign(KEY.public_key(), AGENT) + private_pem(KEY))
    identity = Identity.load(folder.identity, folder.identity)
    identity.require(AGENT, identity.begins_ms - 290_000)
    identity.require(AGENT, identity.ends_ms - 1)
    for agent, moment_ms in ((AGENT, identity.begins_ms - 310_000), (AGENT, identity.ends_ms), ("cabinet-8", now_ms())):
        with pytest.raises(EnrolmentError) as caught:
            identity.require(agent, moment_ms)
        assert (caught.value.cause == "expired") is (moment_ms == identity.ends_ms)


def test_files_that_are_no_identity(folder: AgentFolder) -> None:
    good = AGENTS.sign(KEY.public_key(), AGENT)
    other = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for data, says in (
        (b"", "no certificate"),
        (b"\xff" * 1000, "no certificate"),
        (good, "no private key"),
        (good + private_pem(KEY)[:100], "no private key"),
        (good + private_pem(new_key()), "another key"),
        (good + other, "elliptic curve"),
    ):
        folder.identity.write_bytes(data)
        with pytest.raises(EnrolmentError, match=says):
            Identity.load(folder.identity, folder.identity)
    folder.identity.unlink()
    with pytest.raises(EnrolmentError, match="enrol this box"):
        Identity.load(folder.identity, folder.identity)


def test_papers_are_written_anew_with_the_whole_chain(folder: AgentFolder) -> None:
    leaf = AGENTS.sign(KEY.public_key(), AGENT).decode()
    papers = check(f"{leaf}and some words\n{AGENTS.pem.decode()}")
    assert papers.pem == leaf.encode() + AGENTS.pem + private_pem(KEY)
    folder.put(folder.identity, papers.pem)
    assert Identity.load(folder.identity, folder.identity) == papers.identity
    both = check(leaf, SERVICES.pem.decode() + AGENTS.pem.decode())
    assert both.services_ca == SERVICES.pem + AGENTS.pem


@given(data=st.data())
@pytest.mark.filterwarnings(f"ignore::{CryptographyDeprecationWarning.__module__}.CryptographyDeprecationWarning")
def test_any_damage_to_a_certificate_is_refused_or_harmless(data: st.DataObject) -> None:
    damage = data.draw(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), min_size=1, max_size=3))
    for pem, put in ((LEAF, check), (SERVICES.pem, lambda text: check(LEAF.decode(), text))):
        der = bytearray(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER))
        for at, value in damage:
            der[at] = value
        try:
            papers = put(pem_of(bytes(der)))
        except EnrolmentError:
            continue
        kept = x509.load_pem_x509_certificate(papers.pem)
        assert Identity.of(kept, KEY, "kept") == papers.identity
        papers.identity.require(AGENT, now_ms())


def pem_of(der: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----\n"


@given(text=st.text(max_size=300) | st.binary(max_size=300).map(pem_of))
def test_any_text_for_a_certificate_is_refused(text: str) -> None:
    with pytest.raises(EnrolmentError):
        check(text)
    with pytest.raises(EnrolmentError):
        check(LEAF.decode(), text)


def test_one_at_a_time_and_released_with_the_process(folder: AgentFolder) -> None:
    code = (
        "import sys, pathlib; from edge_agent.enrolment.agent_folder import AgentFolder\n"
        "with AgentFolder(pathlib.Path(sys.argv[1])).locked(): print('in', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(folder.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"in\n"
        with pytest.raises(EnrolmentError, match="another enrolment"), folder.locked():
            pass
        other.kill()
    with folder.locked():
        pass


def test_what_a_killed_process_left_half_written_is_swept(folder: AgentFolder) -> None:
    for name in (".agent.pem.abcd1234", ".pending.key.abcd1234", ".agent.toml.swp", ".agent.pem.swp"):
        (folder.path / name).touch()
    with folder.locked():
        assert {path.name for path in folder.path.iterdir()} == {"enrol.lock", ".agent.toml.swp", ".agent.pem.swp"}


def test_keys_that_are_made_once(folder: AgentFolder) -> None:
    assert private_pem(folder.pending_key()) == private_pem(folder.pending_key())
    assert folder.secrets_key().public == folder.secrets_key().public
    assert stat.S_IMODE(folder.pending.stat().st_mode) == stat.S_IMODE(folder.secrets.stat().st_mode) == 0o600
    folder.secrets.chmod(0o644)
    with pytest.raises(EnrolmentError, match="chmod 600"):
        folder.secrets_key()
    folder.pending.write_bytes(b"nonsense")
    with pytest.raises(EnrolmentError, match="remove it"):
        folder.pending_key()


def test_a_waiting_key_is_forgotten_only_once_it_is_the_agents(folder: AgentFolder) -> None:
    key = folder.pending_key()
    folder.put(folder.identity, AGENTS.sign(KEY.public_key(), AGENT) + private_pem(KEY))
    folder.forget_pending()
    assert folder.pending.exists()
    folder.put(folder.identity, AGENTS.sign(key.public_key(), AGENT) + private_pem(key))
    folder.forget_pending()
    assert not folder.pending.exists()
    folder.forget_pending()
    assert private_pem(load_key(folder.identity)) == private_pem(key)


def test_a_disk_that_is_full_is_an_error_of_ours(folder: AgentFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    folder.put(folder.identity, b"before")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EnrolmentError, match="No space left"):
        folder.put(folder.identity, b"after")
    with pytest.raises(EnrolmentError, match="No space left"):
        folder.secrets_key()
    assert folder.identity.read_bytes() == b"before"
    assert stat.S_IMODE(folder.identity.stat().st_mode) == durable.OWNER_ONLY


def test_whose_a_damaged_folder_is_cannot_be_told(folder: AgentFolder) -> None:
    assert folder.owner() is None
    assert folder.seal_key() is None
    folder.owner_file.write_bytes(b"{")
    folder.seal.write_text("ab")
    with pytest.raises(EnrolmentError, match="empty folder"):
        folder.owner()
    with pytest.raises(EnrolmentError):
        folder.seal_key()
