"""A reader on the broker with a real certificate: keeps every message, and acknowledges snapshots where it may."""

import ssl
import threading
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from provisioning.contracts.wire import topics
from provisioning.contracts.wire.codec import decode_snapshot, encode, message_sha256
from provisioning.contracts.wire.messages import Archived, ArchivedItem, PictureState
from provisioning.pki.identities import Identity
from tests.support.waiting import LONG_S


@dataclass(frozen=True, slots=True)
class Heard:
    """One message as it came."""

    topic: str
    payload: bytes


class Tap:
    """Subscribes as the owner of a certificate. With `archive` it plays the cluster: each snapshot is acknowledged."""

    def __init__(
        self,
        identity: Identity,
        port: int,
        subscriptions: list[str],
        *,
        archive: PictureState | None = None,
    ) -> None:
        self.heard: list[Heard] = []
        self._archive = archive
        self._subscriptions = subscriptions
        self._ready = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.tls_set(
            str(identity.ca_file), str(identity.cert_file), str(identity.key_file), tls_version=ssl.PROTOCOL_TLS_CLIENT
        )
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port, keepalive=60)
        self._client.loop_start()
        assert self._ready.wait(LONG_S), "the tap was not let in"

    def on(self, topic: str) -> list[bytes]:
        """Payloads heard on topics that end so."""
        return [heard.payload for heard in list(self.heard) if heard.topic.endswith(topic)]

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _props: Any) -> None:
        if not reason.is_failure:
            client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in self._subscriptions])

    def _on_subscribe(self, *_: Any) -> None:
        self._ready.set()

    def _on_message(self, client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        payload = bytes(message.payload)
        self.heard.append(Heard(message.topic, payload))
        if self._archive is not None and message.topic.endswith("/snapshots"):
            snapshot, _ = decode_snapshot(payload)
            item = ArchivedItem(
                observation_id=snapshot.observation_id,
                message_sha256=message_sha256(payload),
                picture=self._archive,
            )
            client.publish(topics.archived(snapshot.agent_id), encode(Archived(items=(item,))), qos=1)
