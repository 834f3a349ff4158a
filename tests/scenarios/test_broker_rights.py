"""Whoever may not is refused; what he is told, and what Mosquitto's log says of it (`pytest -s` prints both).

```
no certificate, expired, revoked, a stranger's ─✗─▶ agents' port ──┐
                       a service's certificate ─✗─▶ agents' port   │
                         an agent's certificate ─✗─▶ services' port├─ Mosquitto
       an agent, to another's topic or with an ack ─▶ agents' port ─✗
```
"""

import re
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue

import pytest

from edge_agent.uplink.mqtt import Connected, Disconnected, MqttEvent, PahoLink, refusal
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import Archived, ArchivedItem, PictureState
from provisioning.pki.identities import Identity
from tests.support.exchange import Exchange
from tests.support.mosquittos import TAKEN_OVER
from tests.support.mqtt_client import NOT_AUTHORIZED, Client, told
from tests.support.pki import Pki
from tests.support.waiting import LONG_S, until

pytestmark = pytest.mark.peer

VERIFY_FAILED = "error:0A000086:SSL routines::certificate verify failed"
NONE_SHOWN = "error:0A0000C7:SSL routines::peer did not return a certificate"


class Doorman:
    """A running broker, and what its log has said since somebody last asked."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self._read = 0

    def log(self, awaited: str = "") -> str:
        """New lines, without their time, once what is awaited is in them: it is written after the answer is sent."""
        time.sleep(0.3)
        until(lambda: re.search(awaited, self._new()), awaited, seen=self._new)
        new = self._new()
        self._read += len(new)
        return "\n".join(line.partition(": ")[2] for line in new.splitlines())

    def _new(self) -> str:
        return self.exchange.log.read_text(encoding="utf-8")[self._read :]


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    made = Exchange(tmp_path)
    made.identity("street")
    made.identity("revoked")
    made.pki.revoke("revoked")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def doorman(exchange: Exchange) -> Doorman:
    made = Doorman(exchange)
    made.log()
    return made


def show(what: str, told_client: str, log: str) -> None:
    said = "\n".join(f"    log: {line}" for line in log.splitlines()) or "    log: nothing"
    sys.stdout.write(f"\n{what}\n    told: {told_client}\n{said}\n")


def expired(exchange: Exchange, _: Path) -> tuple[int, Identity]:
    began = datetime.now(UTC) - timedelta(days=91)
    return exchange.port, exchange.pki.issue_agent("street", now=began, lifetime=timedelta(days=90))


def revoked(exchange: Exchange, _: Path) -> tuple[int, Identity]:
    return exchange.port, exchange.identity("revoked")


def a_strangers(exchange: Exchange, folder: Path) -> tuple[int, Identity]:
    return exchange.port, Pki(folder / "elsewhere").issue_agent("street")


def an_agents_at_the_services_port(exchange: Exchange, _: Path) -> tuple[int, Identity]:
    return exchange.services_port, exchange.identity("street")


def a_forged_cluster_at_the_services_port(exchange: Exchange, _: Path) -> tuple[int, Identity]:
    return exchange.services_port, exchange.pki.forge("cluster", exchange.pki.identities.agents)


def a_services_at_the_agents_port(exchange: Exchange, _: Path) -> tuple[int, Identity]:
    return exchange.port, exchange.identity("cluster")


def the_brokers_own(exchange: Exchange, _: Path) -> tuple[int, Identity]:
    return exchange.services_port, exchange.pki.identities.identity("broker")


@pytest.mark.parametrize(
    ("shown", "alert"),
    [
        (expired, "SSLV3_ALERT_CERTIFICATE_EXPIRED"),
        (revoked, "SSLV3_ALERT_CERTIFICATE_REVOKED"),
        (a_strangers, "TLSV1_ALERT_UNKNOWN_CA"),
        (an_agents_at_the_services_port, "TLSV1_ALERT_UNKNOWN_CA"),
        (a_forged_cluster_at_the_services_port, "TLSV1_ALERT_UNKNOWN_CA"),
        (a_services_at_the_agents_port, "TLSV1_ALERT_UNKNOWN_CA"),
        (the_brokers_own, "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE"),
    ],
)
def test_a_certificate_that_must_not_pass_is_refused_by_tls(
    doorman: Doorman, tmp_path: Path, shown: Callable[[Exchange, Path], tuple[int, Identity]], alert: str
) -> None:
    port, identity = shown(doorman.exchange, tmp_path)
    answer = told(port, identity, doorman.exchange.identity("street").ca_file)
    log = doorman.log(VERIFY_FAILED)
    show(shown.__name__.replace("_", " "), answer, log)
    assert answer == alert
    assert VERIFY_FAILED in log
    assert "New client connected" not in log


@pytest.mark.parametrize("services", [False, True])
def test_nobody_connects_without_a_certificate(doorman: Doorman, services: bool) -> None:
    port = doorman.exchange.services_port if services else doorman.exchange.port
    answer = told(port, None, doorman.exchange.identity("street").ca_file)
    log = doorman.log(NONE_SHOWN)
    show("no certificate", answer, log)
    assert answer == "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    assert NONE_SHOWN in log
    assert "New client connected" not in log


def test_the_agent_hears_that_the_connection_was_closed_and_its_check_says_why(doorman: Doorman) -> None:
    """paho keeps TLS's alert to itself, and the log does not name who was refused."""
    events: SimpleQueue[MqttEvent] = SimpleQueue()
    link = PahoLink(doorman.exchange.section("revoked"), "revoked", events.put)
    event = events.get(timeout=LONG_S)
    link.close()
    show("a revoked agent, in its own log", str(event), doorman.log())
    assert isinstance(event, Disconnected)
    assert "before it let the agent in: is its certificate revoked or ended?" in event.cause
    assert refusal(doorman.exchange.section("revoked")) == "sslv3 alert certificate revoked"
    assert refusal(doorman.exchange.section("street")) is None


def test_a_foreign_topic_is_refused_message_by_message(doorman: Doorman) -> None:
    client = Client(doorman.exchange.identity("street"), doorman.exchange.port, client_id="street")
    verdicts = {topic: client.publish(topic) for topic in (topics.snapshots("avenue"), topics.heartbeat("avenue"))}
    log = doorman.log()
    show("a foreign topic", str(verdicts), log)
    assert set(verdicts.values()) == {NOT_AUTHORIZED}
    assert client.ended is None, "the connection goes on"
    assert "avenue" not in log, "nothing of it is in the log: it would take log_type debug, a line a message"
    client.close()


def test_an_acknowledgement_counts_from_the_cluster_alone(doorman: Doorman) -> None:
    """Forged or replayed, from the agent itself or from its neighbour: it reaches nobody."""
    exchange = doorman.exchange
    item = ArchivedItem(observation_id="0" * 32, message_sha256="0" * 64, picture=PictureState.KEPT)
    cluster = Client(exchange.identity("cluster"), exchange.services_port)
    street = Client(exchange.identity("street"), exchange.port, client_id="street")
    street.subscribe(topics.archived("street"))
    cluster.publish(topics.archived("street"), codec.encode(Archived(items=(item,))))
    ((topic, recorded),) = street.wait_for(1)
    avenue = Client(exchange.identity("avenue"), exchange.port, client_id="avenue")
    verdicts = [sender.publish(topic, recorded) for sender in (street, avenue)]
    log = doorman.log()
    show("an acknowledgement that was recorded and sent again", str(verdicts), log)
    assert verdicts == [NOT_AUTHORIZED] * 2
    assert len(street.received) == 1
    assert "Denied" not in log
    for client in (cluster, street, avenue):
        client.close()


def test_a_forbidden_subscription_is_granted_and_brings_nothing(doorman: Doorman) -> None:
    exchange = doorman.exchange
    street = Client(exchange.identity("street"), exchange.port, client_id="street")
    answers = {topic: street.subscribe(topic) for topic in ("#", topics.archived("avenue"), topics.roster())}
    cluster = Client(exchange.identity("cluster"), exchange.services_port)
    cluster.publish(topics.archived("avenue"))
    show("a foreign subscription", str(answers), doorman.log())
    assert set(answers.values()) == {"Granted QoS 1"}
    assert street.nothing_arrives()
    for client in (cluster, street):
        client.close()


def test_a_second_box_with_the_same_certificate_ends_the_first(doorman: Doorman) -> None:
    exchange = doorman.exchange
    events: SimpleQueue[MqttEvent] = SimpleQueue()
    first = PahoLink(exchange.section("street"), "street", events.put)
    assert events.get(timeout=LONG_S) == Connected()
    second = PahoLink(exchange.section("street"), "street", lambda _: None)
    until(lambda: not events.empty())
    lost = events.get()
    log = doorman.log(TAKEN_OVER.pattern)
    show("a copy of the box's certificate", str(lost), log)
    assert isinstance(lost, Disconnected)
    assert "another agent" in lost.cause
    assert TAKEN_OVER.search(log)
    for link in (first, second):
        link.close()


def test_an_oversized_packet_ends_the_connection(doorman: Doorman) -> None:
    client = Client(doorman.exchange.identity("street"), doorman.exchange.port, client_id="street")
    verdict = client.publish(topics.snapshots("street"), bytes(9 * 1024 * 1024))
    log = doorman.log("disconnected")
    show("a packet of 9 MiB", verdict, log)
    assert verdict in {"Packet too large", "Unspecified error"}, "it is still writing when the connection ends"
    assert "disconnected" in log
    client.close()
