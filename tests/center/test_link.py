"""The MQTT line and a real Mosquitto, which comes late, goes away, comes back, or is of another site."""

import gc
import getpass
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from center.broker import MqttLink
from provisioning import broker
from provisioning.authority import Authority, Identity
from provisioning.contracts import codec, topics
from provisioning.contracts.config import Broker
from provisioning.contracts.topics import Role
from tests.center.street import AGENT
from tests.center.world import camera_status, heartbeat

pytestmark = pytest.mark.peer
WAIT_S = 20.0


class Ear:
    """A receiver that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.ups: list[bool] = []

    def deliver(self, topic: str, payload: bytes) -> None:
        self.heard.append((topic, payload))

    def link(self, *, up: bool) -> None:
        self.ups.append(up)


class Exchange:
    """A Mosquitto that can be started and stopped, with the site's certificates."""

    def __init__(self, folder: Path, program: str) -> None:
        self.authority = Authority(folder / "pki")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        identity = self.authority.issue_broker()
        listener = broker.Listener("127.0.0.1", self.port, identity, getpass.getuser())
        self._command = [program, "-c", str(broker.write(folder / "broker", listener))]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stderr=subprocess.DEVNULL)

    def is_up(self) -> bool:
        with socket.socket() as knock:
            return knock.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(WAIT_S)
            self._process = None

    def config(self, identity: Identity) -> Broker:
        return Broker(
            host="127.0.0.1",
            port=self.port,
            ca_file=identity.ca_file,
            cert_file=identity.cert_file,
            key_file=identity.key_file,
        )

    def publish(self, *messages: tuple[str, bytes, bool]) -> None:
        """As the agent."""
        identity = self.authority.issue_agent(AGENT)
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        client.tls_set(str(identity.ca_file), str(identity.cert_file), str(identity.key_file))
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        for topic, payload, retain in messages:
            client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(WAIT_S)
        client.disconnect()
        client.loop_stop()


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    exchange = Exchange(tmp_path, program)
    yield exchange
    exchange.stop()


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_line_waits_for_its_broker_and_finds_it_again(exchange: Exchange) -> None:
    ended = threading.Event()
    link = MqttLink(exchange.config(exchange.authority.issue_role(Role.CENTER)), ended.set)
    ear = Ear()
    link.start(ear)
    _until(lambda: "refused" in (link.fault() or ""))
    assert f"127.0.0.1:{exchange.port}" in (link.fault() or "")
    exchange.start()
    _until(lambda: link.fault() is None)
    state = (topics.camera_status(AGENT, "cam-1"), codec.encode(camera_status("cam-1")))
    pulse = (topics.heartbeat(AGENT), codec.encode(heartbeat()))
    exchange.publish((*state, True), (*pulse, False))
    _until(lambda: len(ear.heard) == 2)
    assert ear.heard == [state, pulse]
    exchange.stop()
    _until(lambda: link.fault() is not None)
    assert ear.ups[-1] is False
    exchange.start()
    _until(lambda: link.fault() is None)
    assert ear.ups[-1] is True
    exchange.publish((*pulse, False))
    _until(lambda: ear.heard[-1] == pulse and len(ear.heard) >= 3)
    link.stop()
    assert not ended.is_set()


def test_a_retained_state_is_heard_by_who_comes_later(exchange: Exchange) -> None:
    exchange.start()
    _until(exchange.is_up)
    state = (topics.camera_status(AGENT, "cam-1"), codec.encode(camera_status("cam-1")))
    exchange.publish((*state, True))
    link = MqttLink(exchange.config(exchange.authority.issue_role(Role.CENTER)), lambda: None)
    ear = Ear()
    link.start(ear)
    _until(lambda: ear.heard == [state])
    link.stop()


# paho leaves the socket of a failed TLS handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_a_broker_of_another_site_is_not_believed(exchange: Exchange, tmp_path: Path) -> None:
    exchange.start()
    assert _ups_of_a_stranger(exchange, Authority(tmp_path / "other").issue_role(Role.CENTER)) == []
    gc.collect()


def _ups_of_a_stranger(exchange: Exchange, stranger: Identity) -> list[bool]:
    link = MqttLink(exchange.config(stranger), lambda: None)
    ear = Ear()
    link.start(ear)
    _until(lambda: "certificate" in (link.fault() or ""))
    link.stop()
    return ear.ups


class Broken(Ear):
    """A receiver with a bug."""

    def deliver(self, topic: str, payload: bytes) -> None:
        raise RuntimeError(topic)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_ends_the_process_and_not_only_its_thread(exchange: Exchange) -> None:
    exchange.start()
    ended = threading.Event()
    link = MqttLink(exchange.config(exchange.authority.issue_role(Role.CENTER)), ended.set)
    link.start(Broken())
    _until(lambda: link.fault() is None)
    exchange.publish((topics.heartbeat(AGENT), codec.encode(heartbeat()), False))
    assert ended.wait(WAIT_S)
    assert "restart" in (link.fault() or "")
    link.stop()
