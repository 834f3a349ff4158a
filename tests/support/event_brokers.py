"""Brokers that receive events, each a process that can be stopped, and readers that keep what came."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from center.events_out.schema import EVENT, Event
from provisioning.contracts.config.events_out import EventKind, KafkaReceiver, MqttReceiver
from tests.support import mosquittos
from tests.support.exchange import listens
from tests.support.notify_world import Pki, secret
from tests.support.ports import free_port
from tests.support.waiting import until

ROOT: Final = Path(__file__).parents[2]
USER: Final = "wayside"
PASSWORD: Final = "eleven-grey-herons"
MOST_BYTES: Final = 100_000
"""Packets that Mosquitto takes, and says so in its answer to CONNECT."""


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Stops a process, and returns once it stands.

    The signal alone returns before: with eight busy programs on two processors the mock cluster went on answering for
    up to 0.4 s.
    """
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)


@dataclass(frozen=True)
class Received:
    """One message as a reader got it."""

    topic: str
    key: str
    content_type: str
    payload: bytes

    @cached_property
    def event(self) -> Event:
        return EVENT.validate_json(self.payload)


class EventBroker(Protocol):
    """A broker that receives events."""

    def settings(self, **others: Any) -> MqttReceiver | KafkaReceiver:
        """Gives a receiver's section that leads here; by default of the whole centre and every kind."""

    def topic(self, kind: EventKind, subject: str) -> str:
        """Names the topic of events."""

    def pause(self) -> None:
        """Stops the process: connections stay, and nothing is answered after this returns."""

    def resume(self) -> None:
        """Lets the process go on."""

    def received(self) -> Sequence[Received]:
        """Returns the messages that have come to the reader."""

    def close(self) -> None:
        """Ends all."""


class MosquittoBroker:
    """Mosquitto over TLS with a password, and a reader of all its topics."""

    def __init__(self, folder: Path) -> None:
        if (passwd := shutil.which("mosquitto_passwd")) is None:
            pytest.skip("mosquitto is not installed: apt-get install mosquitto")
        self._program, self._folder, self.port = mosquittos.installed().path, folder, free_port()
        self._pki = Pki(folder, "127.0.0.1")
        passwords = folder / "passwords"
        subprocess.run([passwd, "-c", "-b", passwords, USER, PASSWORD], check=True, capture_output=True)
        passwords.chmod(0o644)
        server, ca_file = folder / "server.pem", self._pki.ca_file
        lines = (
            f"listener {self.port} 127.0.0.1", "allow_anonymous false", f"password_file {passwords}",
            f"cafile {ca_file}", f"certfile {server}", f"keyfile {server}", "persistence false",
            f"max_packet_size {MOST_BYTES}", "user root",
        )  # fmt: skip
        (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
        self._messages: list[Received] = []
        self.retained: dict[str, bytes] = {}
        self._reader: mqtt.Client | None = None
        self.start()

    def start(self) -> None:
        """Starts it, empty, with a reader that is subscribed."""
        with (self._folder / "broker.log").open("ab") as log:
            command = [str(self._program), "-c", str(self._folder / "mosquitto.conf")]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until(lambda: listens(self.port))
        subscribed = threading.Event()
        self._reader = reader = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        reader.username_pw_set(USER, PASSWORD)
        reader.tls_set(ca_certs=str(self._pki.ca_file))
        reader.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        reader.on_subscribe = lambda *_: subscribed.set()
        reader.on_message = lambda _client, _data, message: self._keep(message)
        reader.connect("127.0.0.1", self.port)
        reader.loop_start()
        until(subscribed.is_set)

    def kill(self) -> None:
        """Ends it at once; it forgets what it retained."""
        if self._reader is not None:
            self._reader.loop_stop()
        self._process.kill()
        self._process.wait()

    def settings(self, **others: Any) -> MqttReceiver:
        given = {
            "id": "city",
            "host": "127.0.0.1",
            "port": self.port,
            "ca_file": self._pki.ca_file,
            "username": USER,
            "password_file": secret(self._folder, "events.password", PASSWORD),
            "whole_centre": True,
            "kinds": tuple(EventKind),
        }
        return MqttReceiver.model_validate(given | others)

    def topic(self, kind: EventKind, subject: str) -> str:
        return f"wayside-events/{kind}/{subject}"

    def pause(self) -> None:
        _stop(self._process)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def received(self) -> list[Received]:
        """Returns the events among what came; other messages are documents, availability and deletions."""
        return [each for each in self._messages if each.content_type]

    def close(self) -> None:
        self.resume()
        self.kill()

    def _keep(self, message: mqtt.MQTTMessage) -> None:
        content_type, payload = getattr(message.properties, "ContentType", ""), bytes(message.payload)
        self._messages.append(Received(message.topic, "", content_type, payload))
        if not content_type:
            self.retained[message.topic] = payload


class KafkaBroker:
    """The mock cluster of librdkafka, which speaks Kafka's protocol over TCP, in a process of its own.

    With KAFKA_PROGRAM, the path of Tansu's program, that broker in its place.
    """

    def __init__(self, kinds: Sequence[EventKind] = tuple(EventKind)) -> None:
        confluent_kafka = pytest.importorskip("confluent_kafka", reason="install the extra kafka")
        if program := os.environ.get("KAFKA_PROGRAM"):
            port = free_port()
            self.server = f"127.0.0.1:{port}"
            address = f"tcp://{self.server}"
            command = [program, "broker", "--listener-url", address, "--advertised-listener-url", address]
            self._process = subprocess.Popen([*command, "--storage-engine", "memory://tansu/"])
            until(lambda: listens(port))
        else:
            command = [sys.executable, "-m", "tests.support.kafka_mock_cluster"]
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            assert self._process.stdout is not None
            self.server = self._process.stdout.readline().decode().strip()
        self._consumer = confluent_kafka.Consumer(
            {"bootstrap.servers": self.server, "group.id": "reader", "enable.auto.commit": False, "log_level": 0}
        )
        begin = [
            confluent_kafka.TopicPartition(f"wayside.{kind}", partition, 0) for kind in kinds for partition in range(4)
        ]
        self._begin: Callable[[], None] = lambda: self._consumer.assign(begin)
        self._is_reading = False
        self._messages: list[Received] = []

    def settings(self, **others: Any) -> KafkaReceiver:
        given = {
            "id": "lake",
            "servers": (self.server,),
            "plain_text": True,
            "whole_centre": True,
            "kinds": tuple(EventKind),
        }
        return KafkaReceiver.model_validate(given | others)

    def topic(self, kind: EventKind, subject: str) -> str:
        assert subject
        return f"wayside.{kind}"

    def pause(self) -> None:
        _stop(self._process)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def received(self) -> list[Received]:
        if not self._is_reading:
            self._begin()
            self._is_reading = True
        while (message := self._consumer.poll(0.05)) is not None:
            if message.error() is None:
                headers = {name: value.decode() for name, value in message.headers() or ()}
                key = (message.key() or b"").decode()
                self._messages.append(
                    Received(message.topic(), key, headers.get("content-type", ""), message.value() or b"")
                )
        return self._messages

    def close(self) -> None:
        self.resume()
        self._consumer.close()
        self._process.kill()
        self._process.communicate()
