"""The publisher and a real Mosquitto, which forgets, refuses, goes away and comes back.

home ──▶ publisher ──▶ mosquitto ──configuration──▶ street
                         │    ◀──configured─────── street
                         └──roster──▶ center
"""

import logging
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.broker import config
from provisioning.broker import process as broker_process
from provisioning.broker.mosquitto import Mosquitto
from provisioning.contracts.fleet.documents import Configured, Membership, Roster, Verdict
from provisioning.contracts.wire import bounds, codec, topics
from provisioning.contracts.wire.messages import CameraState, CameraStatus
from provisioning.delivery import publisher
from provisioning.delivery.publisher import RETRY_MAX_S, DocumentPublisher
from provisioning.errors import ProvisioningError, RegisterError
from provisioning.files import durable
from provisioning.home.cameras import CameraRecord
from provisioning.home.home import Home
from provisioning.pki.authority import private_pem
from provisioning.pki.identities import Identity
from provisioning.signing.documents import encrypt_password
from tests.provisioning.serving import SITE, new_home
from tests.support import office
from tests.support.exchange import listens
from tests.support.mqtt_client import Client
from tests.support.waiting import until

WORD = Configured(agent_id="street", number=1, verdict=Verdict.APPLIED, active=1, at_ms=1)


class Broker:
    """Mosquitto as a home configures it."""

    def __init__(self, program: Mosquitto, home: Home) -> None:
        self._program = program
        self.home = home
        self.folder = home.directory / "broker"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, edit: Callable[[], None] = lambda: None) -> None:
        file = config.write(self.folder, broker_process.listeners(self.home), self.home.identities, self._program)
        edit()
        self._process = subprocess.Popen([self._program.path, "-c", file], stderr=subprocess.DEVNULL)
        until(lambda: listens(self.home.config.agents_port) and listens(self.home.config.services_port))

    def kill(self) -> None:
        """`kill -9`, and everything it knew is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        shutil.rmtree(self.folder / config.DATA, ignore_errors=True)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "POLL_S", 0.05)
    monkeypatch.setattr(publisher, "RETRY_MIN_S", 0.1)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path)


@pytest.fixture
def late(mosquitto: Mosquitto, home: Home) -> Iterator[Broker]:
    """Not started."""
    made = Broker(mosquitto, home)
    yield made
    made.kill()


@pytest.fixture
def exchange(late: Broker) -> Broker:
    late.start()
    return late


@pytest.fixture
def failures() -> list[ProvisioningError]:
    return []


@pytest.fixture
def bearer(home: Home, failures: list[ProvisioningError]) -> Iterator[DocumentPublisher]:
    """Not started."""
    made = DocumentPublisher(home, failures.append)
    yield made
    made.stop()
    until(lambda: not made._thread.is_alive())


def enrol(home: Home, agent_id: str) -> Identity:
    """An enrolled agent with a camera, and what its box shows."""
    box = office.Box()
    certificate = office.enrol(home, agent_id, box, site_id=SITE)
    put_camera(home, agent_id)
    folder = home.directory.parent / agent_id
    folder.mkdir(exist_ok=True)
    return Identity(
        agent_id,
        home.identities.services.ca_file,
        durable.write(folder / "agent.crt", certificate.pem.encode()),
        durable.write(folder / "agent.key", private_pem(box.key)),
    )


def put_camera(home: Home, agent_id: str, name: str = "Gate") -> None:
    camera_id = f"{agent_id}-gate"
    sealed = encrypt_password("geheim-7", home.vault.public, agent_id=agent_id, camera_id=camera_id)
    record = CameraRecord(agent_id, camera_id, name, "rtsp://127.0.0.1/1", "admin", sealed, None, None)
    home.plans.put_cameras(agent_id, [record], replace=True)


def heard_by(identity: Identity, port: int, topic: str) -> list[bytes]:
    """What is retained there now."""
    client = Client(identity, port)
    try:
        client.subscribe(topic)
        client.subscribe("$SYS/none")  # is answered after what is retained has been sent
        return [payload for _, payload in client.received]
    finally:
        client.close()


def centre_knows(home: Home) -> dict[str, Membership]:
    """By the retained roster, whose seal is checked."""
    port = home.config.services_port
    found = heard_by(home.identities.identity("center"), port, topics.roster())
    if not found:
        return {}
    body = home.seal_key.seal.open(found[-1], addressee="center", newer_than=0).body
    assert isinstance(body, Roster)
    return {entry.agent_id: entry.membership for entry in body.agents}


def configuration_of(home: Home, box: Identity) -> list[bytes]:
    return heard_by(box, home.config.agents_port, topics.configuration(box.common_name))


def newest(home: Home, agent_id: str) -> bytes:
    document = home.plans.newest_document(agent_id)
    assert document is not None
    return document.sealed.encode()


@pytest.mark.peer
@pytest.mark.usefixtures("exchange")
def test_documents_lie_at_the_broker(home: Home, bearer: DocumentPublisher) -> None:
    street, avenue = enrol(home, "street"), enrol(home, "avenue")
    bearer.start()
    until(lambda: bearer.fault() is None)
    assert configuration_of(home, street) == [newest(home, "street")]
    assert configuration_of(home, avenue) == [newest(home, "avenue")]
    assert centre_knows(home) == {"street": Membership.ENROLLED, "avenue": Membership.ENROLLED}


@pytest.mark.peer
def test_a_broker_that_was_killed_and_comes_back_empty_has_them_again(
    home: Home, exchange: Broker, bearer: DocumentPublisher
) -> None:
    street = enrol(home, "street")
    bearer.start()
    until(lambda: bearer.fault() is None)
    exchange.kill()
    until(lambda: bearer.fault() is not None)
    exchange.start()
    until(lambda: bearer.fault() is None)
    assert configuration_of(home, street) == [newest(home, "street")]
    assert centre_knows(home) == {"street": Membership.ENROLLED}


@pytest.mark.peer
@pytest.mark.usefixtures("exchange")
def test_what_an_agent_retains_beyond_its_bounds_the_broker_forgets(home: Home, bearer: DocumentPublisher) -> None:
    street = enrol(home, "street")
    agent = Client(street, home.config.agents_port)

    def retain(name: str, payload: bytes) -> None:
        assert agent.publish(topics.camera_status("street", name), payload, retain=True) != "Not authorized"

    def retained() -> set[str]:
        center = Client(home.identities.identity("center"), home.config.services_port)
        center.subscribe(topics.camera_status("+", "+"))
        center.subscribe(topics.roster())
        until(lambda: any(topic == topics.roster() for topic, _ in center.received))
        center.close()
        return {topic.rpartition("/")[2] for topic, _ in center.received if "/cameras/" in topic}

    for number in range(10):
        retain(f"large-{number}", bytes(7_500_000))
    bearer.start()
    until(lambda: bearer.fault() is None)
    for number in range(20):
        retain(f"large-{number}", bytes(7_500_000) if number > 16 else b"{")
    names = [f"cam-{number}" for number in range(bounds.MAX_CAMERAS + 20)]
    state = CameraStatus(agent_id="street", camera_id="cam", name="", state=CameraState.ONLINE, cause="", since_ms=1)
    for name in names:
        retain(name, codec.encode(state.model_copy(update={"camera_id": name})))
    until(lambda: retained() == set(names[: bounds.MAX_CAMERAS]))
    assert bearer.fault() is None
    agent.close()


@pytest.mark.peer
@pytest.mark.usefixtures("exchange")
def test_what_another_process_changes_arrives_within_seconds(home: Home, bearer: DocumentPublisher) -> None:
    street = enrol(home, "street")
    bearer.start()
    until(lambda: bearer.fault() is None)
    ear, center = Client(street, home.config.agents_port), home.identities.identity("center")
    ear.subscribe(topics.configuration("street"))
    roster = Client(center, home.config.services_port)
    roster.subscribe(topics.roster())
    ear.wait_for(1)
    before = set(roster.wait_for(1))
    script = (
        "import sys; from pathlib import Path; from provisioning.home.home import Home;"
        "home = Home.open(Path(sys.argv[1])); home.register.add_agent('avenue', sys.argv[2]);"
        "cameras = home.plans.cameras('street'); home.plans.put_cameras('street', [], replace=True)"
    )
    subprocess.run([sys.executable, "-c", script, str(home.directory), SITE], check=True)
    wanted = (topics.configuration("street"), newest(home, "street"))
    until(lambda: wanted in ear.received, "the new configuration", seen=lambda: len(ear.received))
    until(lambda: set(roster.received) - before, "a new roster")
    ear.close()
    roster.close()
    until(lambda: centre_knows(home) == {"street": Membership.ENROLLED, "avenue": Membership.PENDING})


@pytest.mark.peer
@pytest.mark.usefixtures("exchange")
def test_who_is_revoked_has_no_configuration_at_the_broker(home: Home, bearer: DocumentPublisher) -> None:
    street, avenue = enrol(home, "street"), enrol(home, "avenue")
    bearer.start()
    until(lambda: bearer.fault() is None)
    home.revoke("street", "stolen")
    until(lambda: centre_knows(home) == {"street": Membership.REVOKED, "avenue": Membership.ENROLLED})
    # This broker has not been told of the revocation yet.
    until(lambda: configuration_of(home, street) == [])
    assert configuration_of(home, avenue) == [newest(home, "avenue")]
    home.register.add_agent("street", SITE, again=True)
    until(lambda: centre_knows(home)["street"] is Membership.PENDING)
    assert configuration_of(home, street) == []  # until a box enrols


@pytest.mark.peer
def test_what_a_broker_kept_of_the_revoked_and_the_removed_is_cleared(
    home: Home, exchange: Broker, failures: list[ProvisioningError]
) -> None:
    street, avenue = enrol(home, "street"), enrol(home, "avenue")
    before = DocumentPublisher(home, failures.append)
    before.start()
    until(lambda: before.fault() is None)
    before.stop()
    home.revoke("street", "stolen")
    with closing(sqlite3.connect(home.directory / "register.sqlite3")) as db, db:
        for table, column in (
            ("certificate", "agent_id"),
            ("code", "agent_id"),
            ("camera", "agent_id"),
            ("agent", "id"),
        ):
            db.execute(f"DELETE FROM {table} WHERE {column} = 'avenue'")
    after = DocumentPublisher(home, failures.append)
    after.start()
    until(lambda: after.fault() is None)
    assert configuration_of(home, street) == configuration_of(home, avenue) == []
    after.stop()
    assert failures == []


@pytest.mark.peer
@pytest.mark.usefixtures("exchange")
def test_what_an_agent_made_of_it_is_kept(home: Home, bearer: DocumentPublisher) -> None:
    street = Client(enrol(home, "street"), home.config.agents_port)
    street.publish(topics.configured("street"), codec.encode(WORD), retain=True)  # before the publisher is there
    bearer.start()
    until(lambda: home.plans.configured("street") == codec.encode(WORD).decode())
    later = WORD.model_copy(update={"number": 2, "verdict": Verdict.ROLLED_BACK, "cause": "camera gate is gone"})
    street.publish(topics.configured("street"), codec.encode(later), retain=True)
    until(lambda: home.plans.configured("street") == codec.encode(later).decode())
    street.close()


@pytest.mark.peer
@pytest.mark.usefixtures("exchange")
def test_what_is_malformed_or_in_anothers_name_costs_one_line(
    home: Home, bearer: DocumentPublisher, caplog: pytest.LogCaptureFixture
) -> None:
    street, avenue = (Client(enrol(home, each), home.config.agents_port) for each in ("street", "avenue"))
    bearer.start()
    until(lambda: bearer.fault() is None)
    for payload in (b"{", b"", b"\xff", codec.encode(WORD)):
        avenue.publish(topics.configured("avenue"), payload)
    street.publish(topics.configured("street"), codec.encode(WORD))
    until(lambda: home.plans.configured("street") is not None)
    assert home.plans.configured("avenue") is None
    ignored = [record.getMessage() for record in caplog.records if "ignored" in record.getMessage()]
    assert [line.split(" cause=")[0] for line in ignored] == ["answer ignored agent=avenue"]
    street.close()
    avenue.close()


@pytest.mark.peer
def test_a_broker_that_comes_late_is_waited_for(home: Home, late: Broker, bearer: DocumentPublisher) -> None:
    street = enrol(home, "street")
    bearer.start()
    until(lambda: "does it run?" in str(bearer.fault()))
    late.start()
    until(lambda: bearer.fault() is None)
    assert configuration_of(home, street) == [newest(home, "street")]


@pytest.mark.peer
def test_a_broker_that_takes_no_documents_is_a_fault_that_is_told(
    home: Home, late: Broker, bearer: DocumentPublisher
) -> None:
    file = late.folder / config.SERVICES_ACL
    late.start(lambda: void(file.write_text(file.read_text().replace(f"topic write {topics.roster()}", ""))))
    enrol(home, "street")
    bearer.start()
    until(lambda: "a document is refused (Not authorized)" in str(bearer.fault()))
    assert "broker render" in str(bearer.fault())


def void(_: object) -> None:
    """For a call that is made for what it does."""


@pytest.mark.peer
def test_a_revoked_courier_says_so(home: Home, late: Broker, bearer: DocumentPublisher) -> None:
    own = home.identities.identity("provisioning")
    old = [(file, file.read_bytes()) for file in (own.cert_file, own.key_file)]
    home.replace_service("provisioning")
    for file, content in old:
        durable.write(file, content)
    late.start()
    bearer.start()
    until(lambda: "is provisioning's certificate revoked?" in str(bearer.fault()))


@pytest.mark.peer
@pytest.mark.usefixtures("exchange")
def test_one_agent_that_nothing_can_be_encrypted_to_costs_only_itself(home: Home, bearer: DocumentPublisher) -> None:
    enrol(home, "avenue")
    with closing(sqlite3.connect(home.directory / "register.sqlite3")) as db, db:
        db.execute("UPDATE agent SET secrets_key = ?", ("00" * 32,))
    street = enrol(home, "street")
    bearer.start()
    until(lambda: "agent avenue" in str(bearer.fault()))
    until(lambda: configuration_of(home, street) == [newest(home, "street")])


def test_a_register_that_cannot_be_used_ends_it(
    home: Home, bearer: DocumentPublisher, failures: list[ProvisioningError]
) -> None:
    (home.directory / "register.sqlite3").unlink()
    bearer.start()
    until(lambda: failures)
    assert isinstance(failures[0], RegisterError)
    assert "register.sqlite3" in str(failures[0])


def test_waits_grow_to_their_limit(bearer: DocumentPublisher) -> None:
    waits = []
    for _ in range(10):
        waits.append(bearer._wait_s)
        bearer._lost("no broker")
    assert waits[0] == publisher.RETRY_MIN_S
    assert waits[-1] == RETRY_MAX_S
    assert all(later == min(2 * earlier, RETRY_MAX_S) for earlier, later in pairwise(waits))


@given(topic=st.text() | st.just(topics.configured("street")), payload=st.binary())
def test_no_message_is_a_fault_of_the_courier(
    bearer: DocumentPublisher, caplog: pytest.LogCaptureFixture, topic: str, payload: bytes
) -> None:
    caplog.set_level(logging.ERROR)
    bearer._hear(topic, payload)
    assert bearer._reports == {}


def test_however_fast_an_agent_talks_it_costs_one_write_a_round(home: Home, bearer: DocumentPublisher) -> None:
    bearer._known = {"street"}
    for number in range(1, 1000):
        bearer._hear(topics.configured("street"), codec.encode(WORD.model_copy(update={"number": number})))
    with home.register.watching() as has_changed:
        has_changed()
        with closing(sqlite3.connect(home.directory / "register.sqlite3")) as db:
            before = db.total_changes
            bearer._store()
            assert db.total_changes == before
        assert has_changed()
    assert '"number":999' in str(home.plans.configured("street"))
    assert bearer._reports == {}
