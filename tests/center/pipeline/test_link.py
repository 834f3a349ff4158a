"""The MQTT line and a real Mosquitto, which comes late, goes away, comes back, or is of another site."""

import gc
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from center.fleet.mqtt import MqttLink
from center.pipeline.broker_figures import BrokerGauges
from provisioning.contracts.fleet.documents import Membership
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.topics import Role
from provisioning.pki.identities import Identity
from provisioning.signing.documents import SealKey
from tests.center.street import AGENT
from tests.center.world import camera_status, configured, heartbeat, member, roster
from tests.support.exchange import Exchange
from tests.support.pki import Pki
from tests.support.waiting import LONG_S, until

pytestmark = pytest.mark.peer


class Ear:
    """A receiver that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.figures: dict[str, bytes] = {}
        """What the broker tells of itself, now and then."""
        self.ups: list[bool] = []

    def deliver(self, topic: str, payload: bytes) -> None:
        if topic in topics.BROKER_FIGURES:
            self.figures[topic] = payload
        else:
            self.heard.append((topic, payload))

    def link(self, *, up: bool) -> None:
        self.ups.append(up)


def publish(exchange: Exchange, *messages: tuple[str, bytes, bool], name: str = AGENT) -> None:
    """As the agent, or as another."""
    identity = exchange.identity(name)
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.tls_set(str(identity.ca_file), str(identity.cert_file), str(identity.key_file))
    client.connect("127.0.0.1", exchange.port_of(name))
    client.loop_start()
    for topic, payload, retain in messages:
        client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(LONG_S)
    client.disconnect()
    client.loop_stop()


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    made = Exchange(tmp_path)
    yield made
    made.stop()


def test_the_line_waits_for_its_broker_and_finds_it_again(exchange: Exchange) -> None:
    ended = threading.Event()
    link = MqttLink(exchange.section(Role.CENTER), ended.set)
    ear = Ear()
    link.start(ear)
    until(lambda: "refused" in (link.fault() or ""))
    assert f"127.0.0.1:{exchange.services_port}" in (link.fault() or "")
    exchange.start()
    until(lambda: link.fault() is None)
    state = (topics.camera_status(AGENT, "cam-1"), codec.encode(camera_status("cam-1")))
    pulse = (topics.heartbeat(AGENT), codec.encode(heartbeat()))
    publish(exchange, (*state, True))
    until(lambda: ear.heard)  # it has subscribed, which it does after it says that it is connected
    publish(exchange, (*pulse, False))
    until(lambda: len(ear.heard) == 2)
    assert ear.heard == [state, pulse]
    exchange.stop()
    until(lambda: link.fault() is not None and ear.ups[-1] is False)
    exchange.start()
    until(lambda: link.fault() is None and ear.ups[-1] is True)
    publish(exchange, (*pulse, True))
    until(lambda: pulse in ear.heard[2:])
    link.stop()
    assert not ended.is_set()


def test_the_broker_tells_the_centre_figures_that_can_be_read(exchange: Exchange) -> None:
    exchange.start()
    ear = Ear()
    link = MqttLink(exchange.section(Role.CENTER), lambda: None)
    link.start(ear)
    until(lambda: set(ear.figures) == set(topics.BROKER_FIGURES))
    link.stop()
    gauges = BrokerGauges(lambda: 5)
    for topic, payload in ear.figures.items():
        gauges.figure(topic, payload)
    told = gauges.broker()
    assert told is not None
    assert told.dropped == 0
    assert told.connected is not None
    assert told.held is not None


def test_a_retained_state_is_heard_by_who_comes_later(exchange: Exchange) -> None:
    exchange.start()
    state = (topics.camera_status(AGENT, "cam-1"), codec.encode(camera_status("cam-1")))
    publish(exchange, (*state, True))
    link = MqttLink(exchange.section(Role.CENTER), lambda: None)
    ear = Ear()
    link.start(ear)
    until(lambda: ear.heard == [state])
    link.stop()


def test_the_roster_is_heard_before_all_else_and_what_is_retained_comes_again_when_asked_for(
    exchange: Exchange, seal_key: SealKey
) -> None:
    exchange.start()
    states = [(topics.camera_status(AGENT, f"cam-{n}"), codec.encode(camera_status(f"cam-{n}"))) for n in range(9)]
    states.append((topics.configured(AGENT), codec.encode(configured())))
    signed = (topics.roster(), roster(seal_key, 1, member(Membership.ENROLLED)))
    publish(exchange, *((*state, True) for state in states))
    publish(exchange, (*signed, True), name=Role.PROVISIONING)
    link = MqttLink(exchange.section(Role.CENTER), lambda: None)
    ear = Ear()
    link.start(ear)
    until(lambda: len(ear.heard) == 11)
    assert ear.heard[0] == signed
    assert sorted(ear.heard[1:]) == sorted(states)
    link.ask_again()
    until(lambda: len(ear.heard) == 22)
    assert sorted(ear.heard[11:]) == sorted(ear.heard[:11])
    link.stop()


def test_whoever_speaks_speaks_through_the_thread_of_the_line(exchange: Exchange) -> None:
    """Two threads that write into one TLS connection break its records, or each other's turn to wait."""
    exchange.start()
    states = [(topics.camera_status(AGENT, f"cam-{n}"), codec.encode(camera_status(f"cam-{n}"))) for n in range(9)]
    publish(exchange, *((*state, True) for state in states))
    link, ear, writers = MqttLink(exchange.section(Role.CENTER), lambda: None), Ear(), set()
    link.start(ear)
    until(lambda: len(ear.heard) == 9)

    def wrote(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_name == "_packet_write":
            writers.add(threading.get_ident())

    def speak() -> None:
        sys.setprofile(wrote)
        for _ in range(20):
            link.ask_again()
            assert link.publish(topics.commands(AGENT), b"x", 60)
        sys.setprofile(None)

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(speak) for _ in range(4)]:
            each.result()
    until(lambda: len(ear.heard) == 9 * 81)
    assert writers == set()
    assert ear.ups == [True]
    link.stop()


# paho leaves the socket of a failed TLS handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_a_broker_of_another_site_is_not_believed(exchange: Exchange, tmp_path: Path) -> None:
    exchange.start()
    assert _ups_of_a_stranger(exchange, Pki(tmp_path / "other").issue(Role.CENTER)) == []
    gc.collect()


def _ups_of_a_stranger(exchange: Exchange, stranger: Identity) -> list[bool]:
    link = MqttLink(exchange.section(Role.CENTER, identity=stranger), lambda: None)
    ear = Ear()
    link.start(ear)
    until(lambda: "certificate" in (link.fault() or ""))
    link.stop()
    return ear.ups


class Broken(Ear):
    """A receiver with a bug."""

    def deliver(self, topic: str, payload: bytes) -> None:
        if topic == topics.heartbeat(AGENT):  # the broker's own figures may come before the line is told of
            raise RuntimeError(topic)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_ends_the_process_and_not_only_its_thread(exchange: Exchange) -> None:
    exchange.start()
    ended = threading.Event()
    link = MqttLink(exchange.section(Role.CENTER), ended.set)
    link.start(Broken())
    until(lambda: link.fault() is None)
    publish(exchange, (topics.heartbeat(AGENT), codec.encode(heartbeat()), True))
    assert ended.wait(LONG_S)
    assert "restart" in (link.fault() or "")
    link.stop()
