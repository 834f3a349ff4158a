"""Connects intake to MQTT: paho in its own thread, with messages handed over to one asyncio loop.

MQTT 5 with mutual TLS and a clean start: a persistent shared session keeps drawing its share of the messages after its
client died (measured). Receive Maximum is the back-pressure: the broker sends no more than that many unacknowledged
messages, which bounds all work behind this client.
"""

import asyncio
import logging
import socket
import ssl
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from provisioning.contracts.config import processes
from provisioning.contracts.wire import topics
from ray_cluster.intake import group

LOG = logging.getLogger(__name__)
RECEIVE_MAXIMUM: Final = 64
KEEPALIVE_S: Final = 30
MAX_TIME_MS: Final = 4_102_444_800_000
_TIMES: Final = frozenset({topics.PUBLISHED_AT, topics.SELECTED_AT, topics.REDACTED_AT, topics.SPOOLED_AT})
RECONNECT_S: Final = (1, 15)
_MAX_QUEUED_OUT: Final = 1000
"""Most acknowledgements waiting for the broker. Overflow policy: `drop_newest`; the agent then sends again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An MQTT message. `connection` counts connects: an acknowledgement is only valid on the message's own connection.

    Times are of the sender's wall clock, None if it gave none or an invalid one.
    """

    topic: str
    payload: bytes
    mid: int
    qos: int
    connection: int
    published_at_ms: int | None = None
    selected_at_ms: int | None = None
    redacted_at_ms: int | None = None
    spooled_at_ms: int | None = None

    @property
    def times(self) -> dict[str, int | None]:
        """Times of the sender, by the names of `HopTimes`."""
        return {
            "selected_at_ms": self.selected_at_ms,
            "redacted_at_ms": self.redacted_at_ms,
            "spooled_at_ms": self.spooled_at_ms,
            "published_at_ms": self.published_at_ms,
        }


class Broker(Protocol):
    """Interface of a broker to intake."""

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send at QoS 1, not retained; False if the message could not be queued."""

    def ack(self, delivery: Delivery) -> None:
        """Acknowledge a message to the broker."""

    @property
    def connected(self) -> bool:
        """True while the subscription stands."""


class MqttBroker:
    """Connects to the broker, and reconnects without end, with back-off.

    Args:
        settings: address and certificates.
        deliver: called in `loop` for each message; it must not block.
        receive_maximum: MQTT's Receive Maximum of the connection.

    Raises:
        ConfigError: the cluster's private key cannot be read.
    """

    def __init__(
        self,
        settings: processes.Broker,
        loop: asyncio.AbstractEventLoop,
        deliver: Callable[[Delivery], None],
        *,
        receive_maximum: int = RECEIVE_MAXIMUM,
    ) -> None:
        self._settings = settings
        self._shared = topics.snapshots_shared(group.derive(settings.key_file))
        self._loop = loop
        self._deliver = deliver
        self._receive_maximum = receive_maximum
        self._connection = 0
        self._subscribed = False
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"cluster-intake-{uuid.uuid4().hex[:12]}",
            protocol=mqtt.MQTTv5,
            manual_ack=True,
        )
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(settings.ca_file))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(settings.cert_file, settings.key_file)
        self._client.tls_set_context(context)
        self._client.max_queued_messages_set(_MAX_QUEUED_OUT)
        self._client.reconnect_delay_set(*RECONNECT_S)
        self._client.on_socket_open = _at_once
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def start(self) -> None:
        """Begin to connect and return at once."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho has no types here
        properties.ReceiveMaximum = self._receive_maximum
        properties.MaximumPacketSize = topics.MAX_MESSAGE_BYTES + 4096
        self._client.connect_async(
            self._settings.host, self._settings.port, KEEPALIVE_S, clean_start=True, properties=properties
        )
        self._client.loop_start()

    def leave(self) -> None:
        """Unsubscribe. The other members of the shared subscription get all further messages."""
        self._client.unsubscribe(self._shared)

    def stop(self) -> None:
        """Disconnect. Unacknowledged messages come again to another intake, or when the agent sends again."""
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes) -> bool:
        answer = self._client.publish(topic, payload, qos=1)
        # paho keeps a message of QoS 1 while it is not connected, and sends it then.
        return answer.rc in {mqtt.MQTT_ERR_SUCCESS, mqtt.MQTT_ERR_NO_CONN}

    def ack(self, delivery: Delivery) -> None:
        """Acknowledge a message of this connection; on another one its number may mean another message."""
        if delivery.qos == 1 and delivery.connection == self._connection:
            self._client.ack(delivery.mid, delivery.qos)

    @property
    def connected(self) -> bool:
        return self._subscribed

    def _on_connect(
        self, client: mqtt.Client, _data: Any, _flags: mqtt.ConnectFlags, code: ReasonCode, _properties: Any
    ) -> None:
        if code.is_failure:
            LOG.error("broker refuses: %s; check the cluster's certificate and the broker's ACL", code)
            return
        self._connection += 1
        options = SubscribeOptions(qos=1)
        client.subscribe(self._shared, options=options)

    def _on_subscribe(
        self, _client: mqtt.Client, _data: Any, _mid: int, codes: list[ReasonCode], _properties: Any
    ) -> None:
        refused = [str(code) for code in codes if code.is_failure]
        self._subscribed = not refused
        if refused:
            LOG.error("broker refuses the subscription: %s; check the broker's ACL", ", ".join(refused))
        else:
            LOG.info("subscribed at %s:%d", self._settings.host, self._settings.port)

    def _on_connect_fail(self, _client: mqtt.Client, _data: Any) -> None:
        LOG.warning("broker %s:%d does not answer; trying again", self._settings.host, self._settings.port)

    def _on_disconnect(self, _client: mqtt.Client, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
        self._subscribed = False
        LOG.warning("broker connection ended: %s", code)

    def _on_message(self, client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            LOG.exception("message %d on a topic that is not UTF-8; the broker should have refused it", message.mid)
            client.ack(message.mid, message.qos)
            return
        hops = hop_times(message.properties)
        delivery = Delivery(
            topic,
            bytes(message.payload),
            message.mid,
            message.qos,
            self._connection,
            published_at_ms=hops.get(topics.PUBLISHED_AT),
            selected_at_ms=hops.get(topics.SELECTED_AT),
            redacted_at_ms=hops.get(topics.REDACTED_AT),
            spooled_at_ms=hops.get(topics.SPOOLED_AT),
        )
        self._loop.call_soon_threadsafe(self._deliver, delivery)


def _at_once(_client: mqtt.Client, _data: Any, connection: object) -> None:
    """Disable Nagle's algorithm: else a small message waits up to 40 ms for TCP to acknowledge the one before."""
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def hop_times(properties: Properties | None) -> dict[str, int]:
    """Read the times at the sender's hops from a message's user properties; invalid ones are left out."""
    times: dict[str, int] = {}
    for name, value in getattr(properties, "UserProperty", ()):
        if name in _TIMES and name not in times and len(value) <= 13 and value.isascii() and value.isdecimal():
            times[name] = min(int(value), MAX_TIME_MS)
    return times
