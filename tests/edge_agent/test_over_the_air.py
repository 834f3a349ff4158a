"""A whole agent as a process takes its configuration from a real broker, and survives being killed on the way.

provisioning ──configuration──▶ Mosquitto ──▶ agent (process) ──configured──▶ Mosquitto ──▶ provisioning
"""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.contracts.config import processes
from provisioning.contracts.fleet.documents import Configured
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import CameraStatus
from provisioning.contracts.wire.topics import Role
from tests.edge_agent.premises import running
from tests.edge_agent.told import Centre, camera
from tests.edge_agent.world import edge_config
from tests.support.exchange import Exchange
from tests.support.mqtt_client import Client
from tests.support.waiting import LONG_S, until

pytestmark = pytest.mark.peer

Word = tuple[int | None, str, int | None]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Exchange]:
    made = Exchange(tmp_path)
    made.start()
    yield made
    made.kill()


class Office:
    """Provisioning's hand and ear at the broker."""

    def __init__(self, site: Exchange) -> None:
        self._client = Client(site.identity(Role.PROVISIONING), site.services_port)
        self._client.subscribe(topics.configured("street"))
        self.close = self._client.close

    def publish(self, payload: bytes) -> None:
        assert self._client.publish(topics.configuration("street"), payload, retain=True) in {
            "Success",
            "No matching subscribers",
        }

    def words(self) -> list[Word]:
        words = [codec.decode(Configured, payload) for _, payload in list(self._client.received)]
        return [(word.number, word.verdict.value, word.active) for word in words]


@pytest.fixture
def office(site: Exchange) -> Iterator[Office]:
    made = Office(site)
    yield made
    made.close()


def enrolled(folder: Path, site: Exchange, centre: Centre) -> processes.EdgeConfig:
    return edge_config(folder, broker=site.section("street").model_dump(), provisioning=centre.section.model_dump())


def test_told_tried_applied_and_told_again_after_a_restart(tmp_path: Path, site: Exchange, office: Office) -> None:
    centre = Centre(tmp_path / "box", settle_s=0.5)
    edge = enrolled(tmp_path, site, centre)
    office.publish(centre.document(1, camera("gate", "nowhere")))
    with running(tmp_path, edge) as agent:
        until(lambda: (1, "applied", 1) in office.words())
        office.publish(centre.document(2, camera("yard", "nowhere")))
        until(lambda: (2, "applied", 2) in office.words())
        agent.send_signal(signal.SIGTERM)
        assert agent.wait(LONG_S) == 0
    expected = [(1, "trying", None), (1, "trying", 1), (1, "applied", 1)]
    expected += [(2, "trying", 1), (2, "trying", 2), (2, "applied", 2)]
    words = office.words()
    assert words == [word for word in expected if word in words]
    assert {each for each in expected if each[1] == "applied"} <= set(words)  # a trial of .5 s may be over untold
    with running(tmp_path, edge):
        until(lambda: len(office.words()) > len(words))
    assert office.words()[-1] == (2, "applied", 2)
    centre_ear = Client(site.identity(Role.CENTER), site.services_port)
    centre_ear.subscribe(topics.camera_status("street", "+"))
    ((_, status),) = centre_ear.wait_for(1)  # what is retained: the gate was erased
    assert codec.decode(CameraStatus, status).camera_id == "yard"
    centre_ear.close()


def test_killed_on_probation_it_comes_back_on_the_one_before(tmp_path: Path, site: Exchange, office: Office) -> None:
    centre = Centre(tmp_path / "box", settle_s=0.5)
    edge = enrolled(tmp_path, site, centre)
    office.publish(centre.document(1, camera("gate", "nowhere")))
    with running(tmp_path, edge):
        until(lambda: (1, "applied", 1) in office.words())
    patient = centre.section.model_copy(update={"settle_s": 500.0})
    slow = edge.model_copy(update={"provisioning": patient})
    office.publish(centre.document(2, camera("yard", "nowhere")))
    with running(tmp_path, slow) as agent:
        until(lambda: (2, "trying", 2) in office.words())
        agent.kill()
        agent.wait()
    with running(tmp_path, edge):
        until(lambda: (2, "rolled_back", 1) in office.words())
