"""The rendered Mosquitto, asked by real clients.

 street ──┐                ┌── cluster
 avenue ──┤── mosquitto ───┤
stranger ─┘   (mTLS, ACL)  └── center
"""

import getpass
import socket
import ssl
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from provisioning import broker
from provisioning.authority import Authority, Identity
from provisioning.contracts import topics
from provisioning.contracts.topics import MAX_MESSAGE_BYTES, RIGHTS, Role
from provisioning.errors import BrokerError

WAIT_S = 10.0
QUIET_S = 0.4
"""How long nothing may arrive for a message to count as refused; a delivery takes about a millisecond."""


def listener(identity: Identity, port: int = 8883) -> broker.Listener:
    return broker.Listener("127.0.0.1", port, identity, getpass.getuser())


def test_the_access_file_says_every_right_and_no_other() -> None:
    text = broker.render_acl()
    granted = [line for line in text.splitlines() if line and not line.startswith(("#", "user", "topic deny"))]
    expected = [f"topic {right.access} {right.topic}" for role in (Role.CLUSTER, Role.CENTER) for right in RIGHTS[role]]
    expected += [f"pattern {right.access} {right.topic}" for right in RIGHTS[Role.AGENT]]
    assert granted == expected


def test_files_are_the_owners_alone(tmp_path: Path) -> None:
    configuration = broker.write(tmp_path / "broker", listener(Authority(tmp_path / "pki").issue_broker()))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in configuration.parent.iterdir()}
    assert modes == {"mosquitto.conf": 0o600, "acl": 0o600, "data": 0o700}


def test_a_path_that_the_format_cannot_carry_is_refused(tmp_path: Path) -> None:
    identity = Authority(tmp_path / "pki").issue_broker()
    with pytest.raises(BrokerError, match="line break"):
        broker.write(tmp_path / "a\nallow_anonymous true", listener(identity))


class Client:
    """A paho client that keeps what arrives."""

    def __init__(self, identity: Identity, port: int, **options: Any) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.ended: ReasonCode | None = None
        self._arrived = threading.Condition()
        self._connected = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5, reconnect_on_failure=False)
        self._client.tls_set_context(self._context(identity))
        self._client.on_message = self._on_message
        self._client.on_connect = lambda *_: self._connected.set()
        self._client.on_disconnect = self._on_disconnect
        self._codes: dict[int, ReasonCode] = {}
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = self._on_subscribe
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        for name, value in options.items():
            setattr(properties, name, value)
        self._client.connect("127.0.0.1", port, clean_start=True, properties=properties)
        self._client.loop_start()
        assert self._connected.wait(WAIT_S)

    @staticmethod
    def _context(identity: Identity) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(identity.ca_file))
        context.load_cert_chain(identity.cert_file, identity.key_file)
        return context

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        with self._arrived:
            self.received.append((message.topic, bytes(message.payload)))
            self._arrived.notify_all()

    def _on_publish(self, _client: Any, _data: Any, mid: int, code: ReasonCode, _properties: Any) -> None:
        with self._arrived:
            self._codes[mid] = code
            self._arrived.notify_all()

    def _on_subscribe(self, _client: Any, _data: Any, mid: int, codes: list[ReasonCode], _properties: Any) -> None:
        with self._arrived:
            self._codes[mid] = codes[0]
            self._arrived.notify_all()

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
        with self._arrived:
            self.ended = code
            self._arrived.notify_all()

    def publish(self, topic: str, payload: bytes = b"x", **options: Any) -> str:
        """The broker's verdict on a QoS 1 message."""
        mid = self._client.publish(topic, payload, qos=1, **options).mid
        with self._arrived:
            assert self._arrived.wait_for(lambda: mid in self._codes or self.ended, WAIT_S)
            return str(self.ended or self._codes[mid])

    def subscribe(self, topic: str) -> None:
        _, mid = self._client.subscribe(topic, qos=1)
        assert mid is not None
        with self._arrived:
            assert self._arrived.wait_for(lambda: mid in self._codes, WAIT_S)

    def wait_for(self, count: int) -> list[tuple[str, bytes]]:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.received) >= count, WAIT_S), self.received
            return list(self.received)

    def nothing_arrives(self) -> bool:
        with self._arrived:
            return not self._arrived.wait_for(lambda: bool(self.received), QUIET_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Street:
    """A running broker with the identities of one site."""

    def __init__(self, directory: Path, mosquitto: str) -> None:
        self.authority = Authority(directory / "pki")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        configuration = broker.write(directory / "broker", listener(self.authority.issue_broker(), self.port))
        self.log = directory / "mosquitto.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([mosquitto, "-c", str(configuration)], stderr=log)
        self._clients: list[Client] = []
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except ConnectionRefusedError:
                assert self.process.poll() is None, self.log.read_text()
                assert time.monotonic() < deadline, self.log.read_text()
                time.sleep(0.02)

    def join(self, name: str, **options: Any) -> Client:
        roles = {"cluster": Role.CLUSTER, "center": Role.CENTER}
        identity = self.authority.issue_role(roles[name]) if name in roles else self.authority.issue_agent(name)
        client = Client(identity, self.port, **options)
        self._clients.append(client)
        return client

    def end(self) -> None:
        for client in self._clients:
            client.close()
        self.process.terminate()
        self.process.wait(WAIT_S)


@pytest.fixture
def street(tmp_path: Path, mosquitto: str) -> Iterator[Street]:
    running = Street(tmp_path, mosquitto)
    yield running
    running.end()


NOT_AUTHORIZED = "Not authorized"


@pytest.mark.peer
def test_a_picture_reaches_the_cluster_and_its_acknowledgement_the_agent(street: Street) -> None:
    cluster, agent, center = street.join("cluster"), street.join("street"), street.join("center")
    cluster.subscribe(topics.snapshots_shared())
    agent.subscribe(topics.archived("street"))
    center.subscribe(topics.observed("+"))
    assert agent.publish(topics.snapshots("street"), b"picture") == "Success"
    assert cluster.wait_for(1) == [(topics.snapshots("street"), b"picture")]
    assert cluster.publish(topics.archived("street"), b"ack") == "Success"
    assert cluster.publish(topics.observed("street"), b"hint") == "Success"
    assert agent.wait_for(1) == [(topics.archived("street"), b"ack")]
    assert center.wait_for(1) == [(topics.observed("street"), b"hint")]


@pytest.mark.peer
def test_camera_states_are_kept_for_a_centre_that_comes_later(street: Street) -> None:
    agent = street.join("street")
    agent.publish(topics.camera_status("street", "east"), b"online", retain=True)
    center = street.join("center")
    center.subscribe(topics.camera_status("+", "+"))
    assert center.wait_for(1) == [(topics.camera_status("street", "east"), b"online")]


@pytest.mark.peer
def test_an_agent_writes_to_its_own_topics_alone(street: Street) -> None:
    agent = street.join("street")
    refused = [
        topics.snapshots("avenue"),
        topics.heartbeat("avenue"),
        topics.camera_status("avenue", "east"),
        topics.archived("street"),
        topics.archived("avenue"),
        topics.rejected("street"),
        topics.observed("street"),
        topics.snapshots("cluster"),
        "wayside/1/agents/street",
        "wayside/1/agents/street/snapshots/deeper",
        "elsewhere",
        "$SYS/broker/uptime",
    ]
    assert {topic: agent.publish(topic) for topic in refused} == dict.fromkeys(refused, NOT_AUTHORIZED)


@pytest.mark.peer
def test_an_agent_reads_its_own_acknowledgements_alone(street: Street) -> None:
    cluster, agent, neighbour = street.join("cluster"), street.join("street"), street.join("avenue")
    for topic in (topics.archived("street"), "wayside/#", "#", topics.observed("+"), topics.snapshots_shared()):
        neighbour.subscribe(topic)
    agent.subscribe(topics.archived("street"))
    assert cluster.publish(topics.archived("street"), b"ack") == "Success"
    cluster.publish(topics.observed("street"), b"hint")
    agent.publish(topics.snapshots("street"), b"picture")
    assert agent.wait_for(1) == [(topics.archived("street"), b"ack")]
    assert neighbour.nothing_arrives()


@pytest.mark.peer
def test_the_centre_acknowledges_nothing_and_reads_no_picture(street: Street) -> None:
    center, agent = street.join("center"), street.join("street")
    center.subscribe(topics.snapshots("+"))
    center.subscribe("#")
    agent.publish(topics.snapshots("street"), b"picture")
    refused = [topics.archived("street"), topics.rejected("street"), topics.observed("street")]
    assert {topic: center.publish(topic) for topic in refused} == dict.fromkeys(refused, NOT_AUTHORIZED)
    assert center.nothing_arrives()


@pytest.mark.peer
@pytest.mark.parametrize("name", ["cluster", "center"])
def test_the_centres_own_certificates_are_no_agents(street: Street, name: str) -> None:
    client = street.join(name)
    refused = [topics.snapshots(name), topics.heartbeat(name), topics.camera_status(name, "east")]
    refused += [topics.snapshots("street"), topics.heartbeat("street"), topics.camera_status("street", "east")]
    assert {topic: client.publish(topic) for topic in refused} == dict.fromkeys(refused, NOT_AUTHORIZED)


@pytest.mark.peer
def test_nobody_connects_without_a_certificate_or_with_a_foreign_one(street: Street, tmp_path: Path) -> None:
    bare = ssl.create_default_context(cafile=str(street.authority.ca_file))
    foreign = ssl.create_default_context(cafile=str(street.authority.ca_file))
    stranger = Authority(tmp_path / "foreign").issue_agent("street")
    foreign.load_cert_chain(stranger.cert_file, stranger.key_file)
    for context in (bare, foreign):
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5, reconnect_on_failure=False)
        client.tls_set_context(context)
        accepted: list[Any] = []
        client.on_connect = lambda *arguments, seen=accepted: seen.append(arguments)
        client.connect("127.0.0.1", street.port)  # in TLS 1.3 the client hears of the refusal at its first read
        while client.loop(1) == mqtt.MQTT_ERR_SUCCESS:
            assert not accepted
        assert not accepted


@pytest.mark.peer
def test_plain_text_is_not_spoken(street: Street) -> None:
    with socket.create_connection(("127.0.0.1", street.port), WAIT_S) as plain:
        plain.sendall(bytes.fromhex("101000044d5154540502003c00000362616400"))
        plain.settimeout(WAIT_S)
        with pytest.raises(ConnectionResetError):
            plain.recv(64)


@pytest.mark.peer
def test_the_largest_message_passes_and_a_larger_one_ends_the_connection(street: Street) -> None:
    cluster, agent = street.join("cluster"), street.join("street")
    cluster.subscribe(topics.snapshots("+"))
    assert agent.publish(topics.snapshots("street"), bytes(MAX_MESSAGE_BYTES)) == "Success"
    assert len(cluster.wait_for(1)[0][1]) == MAX_MESSAGE_BYTES
    verdict = agent.publish(topics.snapshots("street"), bytes(MAX_MESSAGE_BYTES + broker.PACKET_OVERHEAD_BYTES + 1))
    assert verdict != "Success"


@pytest.mark.peer
def test_a_slow_reader_loses_nothing(street: Street) -> None:
    """Mosquitto's default queue of 1,000 messages would drop here, behind a PUBACK that says Success."""
    cluster, agent = street.join("cluster", ReceiveMaximum=1), street.join("street")
    cluster.subscribe(topics.snapshots("+"))
    cluster._client.manual_ack_set(True)
    handles = [agent._client.publish(topics.snapshots("street"), str(number).encode(), qos=1) for number in range(1500)]
    for handle in handles:
        handle.wait_for_publish(WAIT_S)
    seen: list[tuple[str, bytes]] = []
    acknowledge = cluster._client.ack

    def confirm(_client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        seen.append((message.topic, bytes(message.payload)))
        acknowledge(message.mid, message.qos)

    cluster._client.on_message = confirm
    first = cluster.wait_for(1)
    seen.extend(first)
    acknowledge(1, 1)
    deadline = time.monotonic() + WAIT_S
    while len(seen) < 1500 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [int(payload) for _, payload in seen] == list(range(1500))
