"""Becoming an agent, as a function: what ends up in the folder.

order ──▶ enrol ──TLS──▶ a service that does as it should, or loses its answer
            │
            ▼
          folder
"""

import stat
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from edge_agent.clock import SystemClock
from edge_agent.enrolment.agent_folder import AgentFolder
from edge_agent.enrolment.enrol import enrol
from edge_agent.enrolment.identity import Identity
from edge_agent.enrolment.request import EnrolmentOrder
from edge_agent.uplink.mqtt import PahoLink
from provisioning.contracts.config.processes import EdgeConfig, load
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.fleet.enrolment import HELLO
from provisioning.signing.documents import SecretsKey, encrypt_password
from tests.edge_agent.enrolling import CODE_2, content, refused, run
from tests.edge_agent.enrolment_service import AGENT, CODE, SITE, EnrolmentService, now_ms
from tests.edge_agent.issuing import spki
from tests.edge_agent.world import FakeClock


@pytest.fixture
def service(tmp_path: Path) -> Iterator[EnrolmentService]:
    with EnrolmentService(tmp_path) as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> AgentFolder:
    return AgentFolder(tmp_path / "box" / "agent")


def test_a_box_becomes_an_agent(service: EnrolmentService, folder: AgentFolder, tmp_path: Path) -> None:
    done = run(service, folder, models=tmp_path / "models")
    assert (done.owner.agent_id, done.owner.site_id, done.is_new) == (AGENT, SITE, True)
    assert service.paths == ["/v1/hello", "/v1/enrol"]
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.path.iterdir()}
    assert modes == {
        "agent.pem": 0o600, "agent.toml": 0o600, "ca.crt": 0o644, "enrol.lock": 0o600, "owner.json": 0o600,
        "seal.pub": 0o644, "secrets.key": 0o600,
    }  # fmt: skip
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    identity = Identity.load(folder.identity, folder.identity)
    identity.require(AGENT, now_ms())
    assert identity.ends_ms == done.ends_ms
    edge = load(EdgeConfig, done.config)
    assert (edge.agent_id, edge.models_dir) == (AGENT, tmp_path / "models")
    assert (edge.broker.host, edge.broker.port) == ("broker.example", 8883)
    assert edge.broker.cert_file == edge.broker.key_file == folder.identity
    assert edge.spool.directory == folder.path / "spool"
    assert edge.provisioning is not None
    assert (edge.provisioning.host, edge.provisioning.port) == ("127.0.0.1", service.port)
    assert edge.provisioning.seal_key_file.read_text() == service.seal_key.seal.key
    assert edge.provisioning.documents_dir == folder.path / "documents"
    sealed = encrypt_password("hunter2", service.secrets[AGENT], agent_id=AGENT, camera_id="gate")
    secrets = SecretsKey.load(edge.provisioning.secrets_key_file)
    assert secrets.decrypt(sealed, agent_id=AGENT, camera_id="gate") == "hunter2"


def test_a_service_that_is_still_coming_up_is_waited_for(folder: AgentFolder, tmp_path: Path) -> None:
    service, clock = EnrolmentService(tmp_path), FakeClock(now_ms())
    assert "cannot be reached" in refused(lambda: run(service, folder, clock=clock))
    assert clock.waits == []
    assert "cannot be reached" in refused(lambda: run(service, folder, clock=clock, wait_s=5))
    assert clock.waits == [2, 2, 2]
    with ExitStack() as stack:

        def comes_up(_: float) -> None:
            stack.enter_context(service)

        clock.on_wait = comes_up
        assert run(service, folder, clock=clock, wait_s=60).is_new
    assert clock.waits == [2, 2, 2, 2]


def test_the_broker_link_can_use_what_was_written(service: EnrolmentService, folder: AgentFolder) -> None:
    edge = load(EdgeConfig, run(service, folder).config)
    with pytest.raises(Exception, match="cannot be reached"):  # and not: no usable certificate
        PahoLink(edge.broker.model_copy(update={"host": "127.0.0.1", "port": 1}), AGENT, lambda _: None)


def test_twice_does_nothing_twice(service: EnrolmentService, folder: AgentFolder) -> None:
    first = run(service, folder)
    before = content(folder)
    second = run(service, folder)
    assert (second.owner, second.config, second.ends_ms) == (first.owner, first.config, first.ends_ms)
    assert not second.is_new
    assert len(service.asked) == 2
    assert content(folder) == before


def test_again_makes_a_new_identity_and_keeps_spool_secrets_and_configuration(
    service: EnrolmentService, folder: AgentFolder, tmp_path: Path
) -> None:
    run(service, folder, models=tmp_path / "models")
    (folder.path / "spool").mkdir()
    (folder.path / "spool" / "spool.db").write_bytes(b"pictures")
    with folder.config.open("a") as file:
        file.write("probation_s = 5\n")
    before = content(folder)
    service.codes[CODE_2] = (SITE, AGENT)
    done = run(service, folder, code=CODE_2, again=True)
    after = content(folder)
    assert {name for name in after if after[name] != before[name]} == {"agent.pem"}
    assert (done.is_new, done.set_aside) == (True, None)
    assert (folder.path / "spool" / "spool.db").read_bytes() == b"pictures"
    first, second = (x509.load_pem_x509_certificate(pem) for pem in service.issued)
    assert first.public_key() != second.public_key()


def test_a_configuration_that_must_change_is_set_aside(service: EnrolmentService, folder: AgentFolder) -> None:
    run(service, folder)
    mine = folder.config.read_bytes() + b"# mine\n"
    folder.config.write_bytes(mine)
    service.be.change = lambda answer: answer.model_copy(update={"broker_host": "new.example"})
    service.codes[CODE_2] = (SITE, AGENT)
    done = run(service, folder, code=CODE_2, again=True)
    assert done.set_aside is not None
    assert done.set_aside.read_bytes() == mine
    assert load(EdgeConfig, done.config).broker.host == "new.example"


def test_a_damaged_configuration_is_shown_and_made_anew_by_again(
    service: EnrolmentService, folder: AgentFolder
) -> None:
    run(service, folder)
    folder.config.write_text("agent_id = ")
    with pytest.raises(ConfigError, match="not valid TOML"):
        run(service, folder)
    service.codes[CODE_2] = (SITE, AGENT)
    assert run(service, folder, code=CODE_2, again=True).set_aside is not None
    assert load(EdgeConfig, folder.config).agent_id == AGENT


def test_a_lost_answer_is_asked_for_again_with_the_same_key(service: EnrolmentService, folder: AgentFolder) -> None:
    service.be.lost_answers = 2
    for _ in range(2):
        assert "broke off" in refused(lambda: run(service, folder))
        assert set(content(folder)) == {"pending.key", "secrets.key", "enrol.lock"}
    secret = service.secrets[AGENT]
    run(service, folder)
    assert service.secrets[AGENT] == secret
    assert len({spki(x509.load_pem_x509_certificate(pem).public_key()) for pem in service.issued}) == 1
    assert not folder.pending.exists()


def test_typed_by_hand(service: EnrolmentService, folder: AgentFolder) -> None:
    pin = ":".join(service.pin[at : at + 2] for at in range(0, 64, 2)).upper()
    order = EnrolmentOrder.typed(server=f"127.0.0.1:{service.port}", pin=pin, site=SITE, agent=AGENT)
    shown: list[str] = []

    def code(seal_key: str) -> str:
        assert service.paths == [HELLO]  # a technician types nothing in vain
        shown.append(seal_key)
        return CODE

    text = refused(lambda: enrol(order, folder.path, code, SystemClock(), expect="ab" * 8))
    assert "somebody else" in text
    service.asked.clear()
    assert enrol(order, folder.path, code, SystemClock(), expect=service.seal_key.seal.key[:16]).is_new
    assert shown == [service.seal_key.seal.key]
    assert not enrol(order, folder.path, code, SystemClock()).is_new
    assert len(shown) == 1


def test_a_certificate_that_ended_is_replaced_without_again(service: EnrolmentService, folder: AgentFolder) -> None:
    service.be.begins, service.be.days = datetime.now(UTC) - timedelta(days=1), 1.001
    run(service, folder)
    service.be.begins, service.be.days = None, 90
    service.codes[CODE_2] = (SITE, AGENT)
    clock = FakeClock(now_ms() + 100_000)
    assert run(service, folder, code=CODE_2, clock=clock).is_new
    assert not run(service, folder, clock=clock).is_new
