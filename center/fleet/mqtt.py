"""Connects the centre to the MQTT broker, and dispatches each message that it delivers.

`Mailbox` knows topics and contracts and no network; `MqttLink` is the network.
"""

import secrets
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from center.errors import RosterRefusedError, StartError, StoreUnavailableError
from center.fleet.devices import Devices
from center.fleet.feed import Feed
from center.fleet.rollouts import Rollouts
from center.fleet.roster import Roster
from provisioning.contracts.config.processes import Broker as BrokerConfig
from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.fleet.commands import TaskReport
from provisioning.contracts.fleet.documents import Configured
from provisioning.contracts.wire import bounds, codec, topics
from provisioning.contracts.wire.messages import Assessed, CameraStatus, Heartbeat, Observed

SUBSCRIPTIONS: Final = (
    topics.roster(),
    topics.rollout(),
    topics.observed("+"),
    topics.heartbeat("+"),
    topics.camera_status("+", "+"),
    topics.assessed("+"),
    topics.configured("+"),
    topics.tasks("+"),
    *topics.BROKER_FIGURES,
)
"""Topics of the centre, the roster first: the broker sends retained messages in this order, and a revoked agent must
not be heard before the roster that revokes it."""
RETRY_MIN_S: Final = 1
RETRY_MAX_S: Final = 30
NOBODY: Final = "?"
"""Stands for the agent where the topic names none."""


class Receiver(Protocol):
    """Takes messages of a link; called from the link's own thread."""

    def deliver(self, topic: str, payload: bytes) -> None:
        """Takes one message, its payload undecoded."""

    def link(self, *, up: bool) -> None:
        """Notes that the connection came or went."""


class FactRecorder(Protocol):
    """Records what the monthly assessment is computed from."""

    def link(self, *, up: bool) -> None:
        """Notes that the broker came or went."""

    def heard(self, heartbeat: Heartbeat) -> None:
        """Takes an agent's counters, and its clock."""

    def assessed(self, message: Assessed) -> None:
        """Takes what an agent measured of its cameras."""

    def observed(self, message: Observed) -> None:
        """Take pictures that were archived."""


class HintWatch(Protocol):
    """Evaluates each *observed* hint as it comes, in the link's thread: meanwhile the broker holds back (`block`)."""

    def observed(self, observed: Observed) -> None:
        """Evaluates rows that were committed.

        Raises:
            StoreUnavailableError: a result could not be written; the commit cursor brings the rows again.
        """


class BrokerGauge(Protocol):
    """Takes the broker's own figures, and the time that each hint's snapshot took."""

    def link(self, *, up: bool) -> None:
        """Notes that the broker came or went."""

    def figure(self, topic: str, payload: bytes) -> None:
        """Takes one of `topics.BROKER_FIGURES`.

        Raises:
            ContractError: the topic or payload is none of them.
        """

    def observed(self, observed: Observed) -> None:
        """Takes rows that were committed."""


class Link(Protocol):
    """A connection to the broker that keeps trying."""

    def start(self, receiver: Receiver) -> None:
        """Begins to connect, and returns at once."""

    def stop(self) -> None:
        """Disconnects and ends the attempts."""

    def fault(self) -> str | None:
        """Returns the reason that there is no connection now, None while there is one."""

    def publish(self, topic: str, payload: bytes, expiry_s: int) -> bool:
        """Sends once, not retained; returns false while there is no connection."""

    def ask_again(self) -> None:
        """Asks the broker for all retained messages again; each connection begins with that anyway."""


@dataclass(slots=True)
class MailboxCounters:
    """Counts of messages that a mailbox has taken and refused."""

    received: int = 0
    malformed: Counter[str] = field(default_factory=Counter)
    """Messages that broke the contract, by agent."""
    last_malformed: dict[str, str] = field(default_factory=dict)
    """The fault of the last malformed message, by agent; names fields, never their values."""
    not_stored: int = 0
    """Device states and rosters known now that a restart would lose, since the database refused them; and hints that
    the alarm rules could not finish with, which the commit cursor brings again."""
    revoked: Counter[str] = field(default_factory=Counter)
    """Messages that were refused because the roster revokes their agent, by agent."""
    rosters_ignored: int = 0
    """Rosters that came while there was no key to check them."""
    rosters_refused: int = 0
    last_roster_refused: str = ""
    """The fault of the last refused roster, and the remedy."""


class Mailbox:
    """Reads each message by its topic and passes it to the services that it concerns.

    A malformed message costs only itself. `ask_again` is called when an agent is reinstated: states that it had
    retained meanwhile were not taken.
    """

    def __init__(
        self,
        *,
        roster: Roster,
        devices: Devices,
        recorder: FactRecorder,
        feed: Feed,
        alarms: HintWatch,
        ask_again: Callable[[], None],
        gauge: BrokerGauge | None = None,
        rollouts: Rollouts | None = None,
    ) -> None:
        self._roster = roster
        self._rollouts = rollouts or Rollouts()
        self._devices = devices
        self._recorder = recorder
        self._feed = feed
        self._alarms = alarms
        self._gauge = gauge
        self._ask_again = ask_again
        self.counters = MailboxCounters()

    def link(self, *, up: bool) -> None:
        """Passes on that the broker came or went."""
        self._devices.link(up=up)
        self._recorder.link(up=up)
        if self._gauge is not None:
            self._gauge.link(up=up)

    def deliver(self, topic: str, payload: bytes) -> None:
        """Takes one message; no content makes this raise."""
        self.counters.received += 1
        try:
            if topic == topics.roster():
                self._take_roster(payload)
            elif topic == topics.rollout():
                self._rollouts.accept(payload)
            elif topic in topics.BROKER_FIGURES and self._gauge is not None:
                self._gauge.figure(topic, payload)
            else:
                self._read(topic, payload)
        except RosterRefusedError as error:
            self.counters.rosters_refused += 1
            self.counters.last_roster_refused = str(error)
        except ContractError as error:
            agent_id = _agent_or_nobody(topic)
            self.counters.malformed[agent_id] += 1
            self.counters.last_malformed[agent_id] = str(error)
        except StoreUnavailableError:
            # It was taken before the database refused it; health shows the count and the database's own fault.
            self.counters.not_stored += 1

    def _take_roster(self, payload: bytes) -> None:
        if not self._roster.believes:
            self.counters.rosters_ignored += 1
        elif self._roster.accept(payload):
            self._ask_again()

    def _read(self, topic: str, payload: bytes) -> None:
        agent_id = topics.agent_of(topic)
        if self._roster.revoked(agent_id):
            self.counters.revoked[agent_id] += 1
            return
        bounds.check_size(topic, payload)
        match topic.removeprefix(f"{topics.PREFIX}/").split("/"):
            case ["observed", _]:
                observed = codec.decode(Observed, payload)
                _same(agent_id, observed.agent_id)
                self._recorder.observed(observed)
                self._feed.publish(observed)
                if self._gauge is not None:
                    self._gauge.observed(observed)
                self._alarms.observed(observed)
            case ["agents", _, "heartbeat"]:
                heartbeat = codec.decode(Heartbeat, payload)
                _same(agent_id, heartbeat.agent_id)
                self._recorder.heard(heartbeat)
                self._devices.heard(heartbeat)
            case ["agents", _, "assessed"]:
                assessed = codec.decode(Assessed, payload)
                _same(agent_id, assessed.agent_id)
                self._recorder.assessed(assessed)
            case ["agents", _, "cameras", camera_id] if not payload:
                # An empty retained message is MQTT's way to delete one.
                self._devices.removed(agent_id, camera_id)
            case ["agents", _, "cameras", camera_id]:
                status = codec.decode(CameraStatus, payload)
                _same(agent_id, status.agent_id)
                _same(camera_id, status.camera_id)
                self._devices.changed(status)
            case ["agents", _, "configured"]:
                verdict = codec.decode(Configured, payload)
                _same(agent_id, verdict.agent_id)
                self._devices.configured(verdict)
            case ["agents", _, "tasks"]:
                tasks = codec.decode(TaskReport, payload)
                _same(agent_id, tasks.agent_id)
                self._devices.tasked(tasks)
            case _:
                raise ContractError(RejectReason.MALFORMED, f"nothing is expected on topic {topic[:200]!r}")


def _same(in_topic: str, in_message: str) -> None:
    if in_topic != in_message:
        raise ContractError(RejectReason.FOREIGN_AGENT, f"the message names {in_message!r}, its topic {in_topic!r}")


def _agent_or_nobody(topic: str) -> str:
    try:
        return topics.agent_of(topic)
    except ContractError:
        return NOBODY


class MqttLink:
    """MQTT 5 over mutual TLS as role *center*. Reconnects for ever, waiting 1 s to 30 s.

    Raises:
        StartError: a certificate file cannot be used.
    """

    def __init__(self, config: BrokerConfig, ended: Callable[[], None]) -> None:
        self._config = config
        self._ended = ended
        self._fault: str | None = "not connected yet"
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"center-{secrets.token_hex(4)}", protocol=mqtt.MQTTv5
        )
        try:
            self._client.tls_set(
                ca_certs=str(config.ca_file), certfile=str(config.cert_file), keyfile=str(config.key_file)
            )
            self._client.connect_async(config.host, config.port, keepalive=30)
        except (OSError, ValueError) as error:
            files = f"{config.ca_file}, {config.cert_file}, {config.key_file}"
            raise StartError(
                what=f"the line to the broker cannot be set up ({error}) with {files}",
                what_to_do="Check host and paths in [broker], and issue the files again with wayside-provision",
            ) from error
        self._client.on_socket_open = send_at_once
        # With it paho leaves all writing to the loop. Without, a publisher in a thread that is not paho's own
        # writes itself, beside the loop and in the middle of its TLS records.
        self._client.on_socket_register_write = leave_writing_to_the_loop
        self._client.reconnect_delay_set(RETRY_MIN_S, RETRY_MAX_S)
        self._thread = threading.Thread(target=self._run, name="broker", daemon=True)

    def start(self, receiver: Receiver) -> None:
        """Begins to connect in a thread of its own."""
        address = f"{self._config.host}:{self._config.port}"

        def connected(
            _client: mqtt.Client,
            _data: Any,
            _flags: mqtt.ConnectFlags,
            reason: ReasonCode,
            _properties: Properties | None,
        ) -> None:
            if reason.is_failure:
                self._fault = f"{address} refused the centre: {reason}"
                return
            self._fault = None
            receiver.link(up=True)
            self.ask_again()

        def failed(_client: mqtt.Client, _data: Any) -> None:
            # paho does not pass the error on, but calls this while it handles it.
            self._fault = f"no connection to {address}: {sys.exc_info()[1]}"

        def disconnected(
            _client: mqtt.Client,
            _data: Any,
            _flags: mqtt.DisconnectFlags,
            reason: ReasonCode,
            _properties: Properties | None,
        ) -> None:
            # After a refused CONNECT paho reports a plain loss: the refusal is the better cause.
            if self._fault is None:
                self._fault = f"connection to {address} lost: {reason}"
            receiver.link(up=False)

        def received(_client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
            receiver.deliver(message.topic, bytes(message.payload))

        self._client.on_connect = connected
        self._client.on_connect_fail = failed
        self._client.on_disconnect = disconnected
        self._client.on_message = received
        self._thread.start()

    def stop(self) -> None:
        """Disconnects and waits for the thread."""
        self._client.disconnect()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def fault(self) -> str | None:
        """Returns the reason that there is no connection now, None while there is one."""
        return self._fault

    def publish(self, topic: str, payload: bytes, expiry_s: int) -> bool:
        """Sends once at QoS 1; the broker drops it after `expiry_s`. Returns false while there is no connection."""
        if self._fault is not None:
            return False
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho has no hint there
        properties.MessageExpiryInterval = expiry_s
        sent = self._client.publish(topic, payload, qos=1, properties=properties)
        return sent.rc is mqtt.MQTT_ERR_SUCCESS

    def ask_again(self) -> None:
        """Subscribes, perhaps again: the broker sends retained messages each time (MQTT 5 §3.8.4)."""
        self._client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in SUBSCRIPTIONS])

    def _run(self) -> None:
        """Runs the network loop until `stop`. Any error but a network fault is a bug: `ended` then ends the process."""
        stopped = False
        try:
            self._client.loop_forever(retry_first_connection=True)
            stopped = True
        finally:
            if not stopped:
                self._fault = "the message thread ended with an error; restart the centre"
                self._ended()


def leave_writing_to_the_loop(_client: mqtt.Client, _data: Any, _connection: object) -> None:
    """Does nothing: paho wakes its loop by itself, and writes there alone."""


def send_at_once(_client: mqtt.Client, _data: Any, connection: object) -> None:
    """Turns Nagle off: else a small message waits, up to 40 ms, for TCP to acknowledge the one before it."""
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
