"""One connection to the broker: MQTT 5 over mutual TLS. Events out, publications in; no decision is taken here."""

import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.clock import Clock, SystemClock
from edge_agent.errors import BrokerError
from edge_agent.host_port import host_port
from provisioning.contracts.config import processes
from provisioning.contracts.wire import topics
from provisioning.net.tls_verdict import read_verdict

KEEPALIVE_S: Final = 15
"""Seconds; a broker whose machine died is noticed after one and a half times this."""
_CONNECT_TIMEOUT_S: Final = 5.0
_ALERT_S: Final = 1.0
UNTIMELY: Final = frozenset({9, 10})
"""X.509 verify results: not yet valid, has expired."""
_UNSUPPORTED_VERSION: Final = 0x84
"""paho's code for a refusal by MQTT 3.1.1, 3.2.2.3 (return code 1), and MQTT 5, 3.2.2.2 has it too."""
_SYSTEM_CLOCK: Final = SystemClock()
NO_TIMES: Final[Mapping[str, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker accepted us and our subscriptions are on their way."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection is over, or was refused."""

    cause: str
    is_old: bool = False
    """The broker speaks an older MQTT, so it is not the agent's certificate that it refuses."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """PUBACK for packet `mid`: it tells what the broker did, not that anything is safe."""

    mid: int
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message for us."""

    topic: str
    payload: bytes


MqttEvent: TypeAlias = Connected | Disconnected | Acknowledged | Arrived


class Link(Protocol):
    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expiry_s: int | None = None,
        times: Mapping[str, int] = NO_TIMES,
    ) -> int:
        """Publish at QoS 1; returns the packet id that `Acknowledged` will repeat.

        `times`: sent beside a message that expires, by name, milliseconds since the Unix epoch.
        """

    def close(self) -> None:
        """Close the connection, in order if it still stands. No event comes afterwards."""


Dial: TypeAlias = Callable[[Callable[[MqttEvent], None]], Link]
"""Opens a link that reports to the callback, from a thread of its own. Raises BrokerError when that is impossible."""


class PahoLink:
    """A `Link` by paho-mqtt; one object per connection, so that nothing of an old one is sent again unnoticed."""

    def __init__(
        self,
        broker: processes.Broker,
        agent_id: str,
        report: Callable[[MqttEvent], None],
        *,
        is_enrolled: bool = False,
        clock: Clock = _SYSTEM_CLOCK,
    ) -> None:
        """Connect, and return as soon as the TLS handshake is done. An enrolled agent subscribes to orders too.

        Raises:
            BrokerError: unreachable, or a certificate does not fit.
        """
        self._place = host_port(broker.host, broker.port)
        self._agent_id = agent_id
        self._report = report
        self._clock = clock
        self._let_in = self._is_refused = False
        self._wanted = [topics.archived(agent_id), topics.rejected(agent_id)]
        if is_enrolled:
            self._wanted += [topics.configuration(agent_id), topics.software(agent_id), topics.commands(agent_id)]
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=agent_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        self._client.connect_timeout = _CONNECT_TIMEOUT_S
        # Our window is the limit; the broker's Receive Maximum, which paho honours, paces the wire.
        self._client.max_inflight_messages_set(65535)
        self._client.tls_set_context(_tls(broker))
        self._client.on_socket_open = _at_once
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message
        try:
            self._client.connect(broker.host, broker.port, keepalive=KEEPALIVE_S, clean_start=True)
        except (OSError, ValueError) as error:  # ValueError: paho's word for an empty host
            raise _unmet(self._place, error) from error
        self._client.loop_start()

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expiry_s: int | None = None,
        times: Mapping[str, int] = NO_TIMES,
    ) -> int:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho has no hint there
        if expiry_s is not None:
            properties.MessageExpiryInterval = expiry_s
            # Retained messages have none: the time of sending says nothing there.
            sent_times = {**times, topics.PUBLISHED_AT: self._clock.now_ms()}
            properties.UserProperty = [(name, str(at_ms)) for name, at_ms in sent_times.items()]
        return self._client.publish(topic, payload, qos=1, retain=retain, properties=properties).mid

    def close(self) -> None:
        self._client.on_disconnect = None
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: Client, _: Any, __: ConnectFlags, reason: ReasonCode, ___: Properties | None) -> None:
        if reason.is_failure:
            self._is_refused = True
            self._report(self._refusal(reason))
            return
        self._let_in = True
        client.subscribe([(topic, 1) for topic in self._wanted])
        self._report(Connected())

    def _refusal(self, reason: ReasonCode) -> Disconnected:
        if reason.value == _UNSUPPORTED_VERSION:
            why = "speaks MQTT 3.1.1: version 5 is needed; check broker.host and broker.port, or switch MQTT 5 on in it"
            return Disconnected(f"broker {self._place} {why}", is_old=True)
        return Disconnected(
            f"broker {self._place} refuses agent {self._agent_id} ({reason}): is its certificate revoked, or issued for"
            " another agent_id?"
        )

    def _on_disconnect(
        self, _: Client, __: Any, ___: DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        if self._is_refused:
            return  # reported already
        if str(reason) == "Session taken over":
            hint = ": does another agent run with this agent_id?"
        elif not self._let_in:
            hint = " before it let the agent in: is its certificate revoked or ended? wayside-edge check says more"
        else:
            hint = ""
        self._report(Disconnected(f"broker {self._place} closed the connection ({reason}){hint}"))

    def _on_publish(self, _: Client, __: Any, mid: int, reason: ReasonCode, ___: Properties | None) -> None:
        self._report(Acknowledged(mid, int(reason.value), str(reason)))

    def _on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        self._report(Arrived(message.topic, bytes(message.payload)))


def _at_once(_client: Client, _data: Any, connection: object) -> None:
    """Switch Nagle off: else a small message waits, up to 40 ms, for TCP to acknowledge the one before it."""
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def refusal(broker: processes.Broker) -> str | None:
    """Read TLS's alert that refuses this certificate, such as *certificate revoked*; None when TLS lets it in.

    In TLS 1.3 it comes after the client's handshake; paho writes before it reads, and that costs the answer.

    Raises:
        BrokerError: see `_tls`.
    """
    context = _tls(broker)
    try:
        return _alert(broker, context)
    except OSError:  # gone: no alert of TLS
        return None


def knock(broker: processes.Broker) -> str | None:
    """Probe the way to the broker and read TLS's alert, as `refusal`: by TLS alone, so no agent loses its connection.

    Raises:
        BrokerError: unreachable, or a certificate does not fit.
    """
    context = _tls(broker)
    try:
        return _alert(broker, context)
    except OSError as error:
        raise _unmet(host_port(broker.host, broker.port), error) from error


def _alert(broker: processes.Broker, context: ssl.SSLContext) -> str | None:
    """Raises OSError when there is no line, or the broker is not trusted."""
    with socket.create_connection((broker.host, broker.port), _CONNECT_TIMEOUT_S) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=broker.host) as tls:
                read_verdict(tls, _ALERT_S)
        except ssl.SSLCertVerificationError:
            raise
        except ssl.SSLError as error:
            return str(error.reason).lower().replace("_", " ")
    return None


def _unmet(place: str, error: OSError | ValueError) -> BrokerError:
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in UNTIMELY:
        here = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        why = (
            f"{error.verify_message} by this machine's clock, which says {here}: set the clock (timedatectl); if it"
            " is right, at the centre: wayside-provision service replace broker"
        )
        return BrokerError(f"broker {place}: {why}")
    if isinstance(error, ssl.SSLCertVerificationError):
        why = f"its certificate is not trusted ({error.verify_message}): check broker.ca_file and broker.host"
        return BrokerError(f"broker {place}: {why}")
    return BrokerError(f"broker {place}: cannot be reached ({error}): check host and port")


def _tls(broker: processes.Broker) -> ssl.SSLContext:
    """Build a context for mutual TLS 1.2 or later, the broker's name checked.

    Raises:
        BrokerError: a certificate or key file is missing, not readable, or they do not belong together.
    """
    for file in (broker.ca_file, broker.cert_file, broker.key_file):
        if not file.is_file():
            raise BrokerError(f"{file}: not there; issue the agent's certificate and give its place under [broker]")
    try:
        context = ssl.create_default_context(cafile=str(broker.ca_file))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(str(broker.cert_file), str(broker.key_file))
    except OSError as error:  # ssl.SSLError is one
        raise BrokerError(
            f"{broker.cert_file}, {broker.key_file}, {broker.ca_file}: no usable certificate, key and CA ({error})"
        ) from error
    return context
