"""What is heard of the agent: its snapshots, each confirmed at once, its heartbeats and its cameras' states."""

import ssl
import threading
from collections import Counter
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bench.soak.cameras.premises import HOST, Premises
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import (
    Archived,
    ArchivedItem,
    CameraState,
    CameraStatus,
    Heartbeat,
    PictureState,
)
from provisioning.contracts.wire.topics import Role

_IN_S: Final = 10.0


class _Client:
    """A service at the broker."""

    def __init__(self, premises: Premises, role: Role, *subscriptions: str) -> None:
        identity = premises.identity(role)
        self._subscriptions = subscriptions
        self._in = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.tls_set(
            str(identity.ca_file), str(identity.cert_file), str(identity.key_file), tls_version=ssl.PROTOCOL_TLS_CLIENT
        )
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *_: self._in.set()
        self.client.on_message = lambda _client, _data, message: self._heard(message)
        self.client.connect(HOST, premises.services_port)
        self.client.loop_start()
        if not self._in.wait(_IN_S):
            raise TimeoutError(f"the broker does not let {role.value} in")

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(self, client: Client, *_: Any) -> None:
        client.subscribe([(topic, 1) for topic in self._subscriptions])

    def _heard(self, message: MQTTMessage) -> None:
        raise NotImplementedError


class Intake(_Client):
    """An archive that forgets the pictures and confirms them."""

    def __init__(self, premises: Premises) -> None:
        self.deliveries: Counter[str] = Counter()
        self.by_camera: Counter[str] = Counter()
        self.unsynced: Counter[str] = Counter()
        self._lock = threading.Lock()
        super().__init__(premises, Role.CLUSTER, topics.snapshots("+"))

    def _heard(self, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        snapshot, _ = codec.decode_snapshot(payload)
        with self._lock:
            self.deliveries[snapshot.observation_id] += 1
            if self.deliveries[snapshot.observation_id] == 1:
                self.by_camera[snapshot.camera_id] += 1
        item = ArchivedItem(
            observation_id=snapshot.observation_id,
            message_sha256=codec.message_sha256(payload),
            picture=PictureState.KEPT,
        )
        self.client.publish(topics.archived(snapshot.agent_id), codec.encode(Archived(items=(item,))), qos=1)


class Tap(_Client):
    """What the centre would know."""

    def __init__(self, premises: Premises) -> None:
        self.heartbeats: list[Heartbeat] = []
        self.states: dict[str, CameraState] = {}
        self.lost: list[str] = []
        """Cameras that had been there and were not, with the cause; one entry each time."""
        super().__init__(premises, Role.CENTER, topics.heartbeat("+"), topics.camera_status("+", "+"))

    def _heard(self, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        if not payload:
            return
        if message.topic.endswith("/heartbeat"):
            self.heartbeats.append(codec.decode(Heartbeat, payload))
            return
        status = codec.decode(CameraStatus, payload)
        if self.states.get(status.camera_id) is CameraState.ONLINE and status.state is not CameraState.ONLINE:
            self.lost.append(f"{status.camera_id} {status.state.value}: {status.cause}")
        self.states[status.camera_id] = status.state
