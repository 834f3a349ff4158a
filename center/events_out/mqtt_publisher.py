"""Publishes events to a broker by MQTT 5: QoS 1, structured CloudEvents, camera states retained.

paho holds a batch only while it is under way: a connection that fails is dropped with all that it held, and the outbox
sends it again.
"""

import asyncio
import secrets
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from center.events_out import home_assistant
from center.events_out.errors import ReceiverAwayError
from center.events_out.publisher import Published, QueuedEvent
from center.events_out.schema import CONTENT_TYPE, EVENT, REMOVED, CameraStateEvent
from center.fleet.mqtt import leave_writing_to_the_loop, send_at_once
from center.pipeline.probes import NAME_UNKNOWN, NO_ANSWER, TLS_FAILED, UNREACHABLE
from provisioning.contracts.config.events_out import EventKind, MqttReceiver

KEEPALIVE_S: Final = 30
LEAVE_S: Final = 2.0
"""Seconds for the last message, that the centre is offline, to be acknowledged."""
_MOST: Final = 65_535
"""Messages without an acknowledgement at most by the protocol; a broker may take fewer (MQTT 5 §3.2.2.3.3)."""
_LARGEST: Final = 268_435_455
"""Bytes of a packet at most by the protocol itself (MQTT 5 §2.1.4)."""
_OVERHEAD: Final = 64
"""Bytes of a packet beside topic and payload at most: header, properties, packet identifier."""
_NEVER: Final = frozenset({0x90, 0x95, 0x99})
"""Reasons that concern the message alone (MQTT 5 §2.4): bad topic name, packet too large, bad payload format."""
TOO_LARGE: Final = "too large"


class _Outgoing(NamedTuple):
    """One message of an event."""

    topic: str
    payload: bytes
    retain: bool
    is_event: bool = False


class MqttPublisher:
    """Publishes to one broker."""

    def __init__(self, settings: MqttReceiver, *, password: str | None, tls: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._password = password
        self._tls = tls
        self._session: _Session | None = None

    async def open(self) -> bool:
        """Connects unless it is connected; each connection may find a broker that has forgotten what it retained.

        Raises:
            ReceiverAwayError: no connection.
        """
        if self._session is not None and not self._session.fault:
            return False
        await self._drop()
        session = _Session(self._settings, self._password, self._tls)
        self._session = session
        await session.connect()
        online = _Outgoing(home_assistant.availability_topic(self._settings), home_assistant.ONLINE, retain=True)
        if fault := (await session.send([online])).fault:
            await self._drop()
            raise ReceiverAwayError(target=self._settings.id, cause=fault)
        return True

    async def publish(self, batch: Sequence[QueuedEvent]) -> Published:
        """Sends a batch and waits for its acknowledgements; a fault ends the connection."""
        session = self._session
        if session is None:
            return Published((), UNREACHABLE)
        groups = [list(_messages(self._settings, each)) for each in batch]
        sent = await session.send([each for group in groups for each in group])
        results, start = list[str](), 0
        for group in groups:
            codes = sent.results[start : start + len(group)]
            if len(codes) < len(group):
                break
            results.append(next(filter(None, codes), ""))
            start += len(group)
        if sent.fault:
            await self._drop()
        return Published(tuple(results), sent.fault)

    async def close(self) -> None:
        """Tells that the centre is offline, and disconnects."""
        session = self._session
        if session is not None and not session.fault:
            topic = home_assistant.availability_topic(self._settings)
            await session.send([_Outgoing(topic, home_assistant.OFFLINE, retain=True)], timeout_s=LEAVE_S)
        await self._drop()

    async def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await asyncio.to_thread(session.end)


class _Session:
    """One connection, once. Its callbacks run in paho's thread and hand over to the event loop."""

    def __init__(self, settings: MqttReceiver, password: str | None, tls: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._is_up = False
        self._codes: dict[int, ReasonCode] = {}
        self._most_bytes = _LARGEST
        self._window = 1
        """Messages that the broker takes at once."""
        self.fault = ""
        self._client = client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            f"wayside-{settings.id}-{secrets.token_hex(4)}",
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
        )
        client.connect_timeout = settings.timeout_s
        client.max_inflight_messages_set(_MOST)
        if settings.username is not None:
            client.username_pw_set(settings.username, password)
        if tls is not None:
            client.tls_set_context(tls)
        client.will_set(home_assistant.availability_topic(settings), home_assistant.OFFLINE, qos=1, retain=True)
        client.on_socket_open = send_at_once
        client.on_socket_register_write = leave_writing_to_the_loop
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish

    async def connect(self) -> None:
        """Connects, and waits until the broker accepts.

        Raises:
            ReceiverAwayError: it does not.
        """
        settings = self._settings
        try:
            await asyncio.to_thread(
                self._client.connect, settings.host, settings.port, keepalive=KEEPALIVE_S, clean_start=True
            )
            self._client.loop_start()
            async with asyncio.timeout(settings.timeout_s):
                while not (self._is_up or self.fault):
                    await self._woken.wait()
                    self._woken.clear()
        except (OSError, ValueError) as error:
            self.fault = _cause(error)
        if self.fault:
            await asyncio.to_thread(self.end)
            raise ReceiverAwayError(target=settings.id, cause=self.fault)

    async def send(self, messages: Sequence[_Outgoing], *, timeout_s: float | None = None) -> Published:
        """Sends messages; the results are those of the first ones that have all been answered."""
        results = list[str]()
        while len(results) < len(messages) and not self.fault:
            some = messages[len(results) : len(results) + self._window]
            results += await self._exchange(some, self._settings.timeout_s if timeout_s is None else timeout_s)
        return Published(tuple(results), self.fault if len(results) < len(messages) else "")

    def end(self) -> None:
        """Disconnects and ends paho's thread. Blocks."""
        self._client.disconnect()
        self._client.loop_stop()

    async def _exchange(self, messages: Sequence[_Outgoing], patience_s: float) -> list[str]:
        """Sends as many messages as the broker takes at once; returns the results, up to a fault."""
        self._codes.clear()
        mids = [self._begin(each) for each in messages]
        try:
            async with asyncio.timeout(patience_s) as limit:
                while not self.fault and any(mid is not None and mid not in self._codes for mid in mids):
                    await self._woken.wait()
                    self._woken.clear()
                    limit.reschedule(self._loop.time() + patience_s)
        except TimeoutError:
            self.fault = NO_ANSWER
        results = list[str]()
        for mid in mids:
            code = None if mid is None else self._codes.get(mid)
            if mid is None:
                results.append(TOO_LARGE)
            elif code is None:
                break
            elif code.is_failure and code.value not in _NEVER:
                self.fault = str(code)
                break
            else:
                results.append(str(code) if code.is_failure else "")
        return results

    def _begin(self, message: _Outgoing) -> int | None:
        """Hands a message to paho; None if the broker's limit forbids it."""
        if len(message.topic.encode()) + len(message.payload) + _OVERHEAD > self._most_bytes:
            return None
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho has no hint there
        if message.is_event:
            properties.ContentType = CONTENT_TYPE
            properties.PayloadFormatIndicator = 1
        published = self._client.publish(
            message.topic, message.payload, qos=1, retain=message.retain, properties=properties
        )
        return published.mid

    def _on_connect(
        self, _: mqtt.Client, __: Any, ___: mqtt.ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        fault = str(reason) if reason.is_failure else ""
        most_bytes = getattr(properties, "MaximumPacketSize", _LARGEST)
        window = getattr(properties, "ReceiveMaximum", _MOST)
        self._hand_over(partial(self._connected, fault, most_bytes, window))

    def _on_disconnect(
        self, _: mqtt.Client, __: Any, ___: mqtt.DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        self._hand_over(partial(self._failed, str(reason)))

    def _on_publish(self, _: mqtt.Client, __: Any, mid: int, reason: ReasonCode, ___: Properties) -> None:
        self._hand_over(partial(self._codes.__setitem__, mid, reason))

    def _hand_over(self, note: Callable[[], object]) -> None:
        def take() -> None:
            note()
            self._woken.set()

        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(take)

    def _connected(self, fault: str, most_bytes: int, window: int) -> None:
        self.fault, self._is_up = fault, not fault
        self._most_bytes, self._window = most_bytes, window

    def _failed(self, cause: str) -> None:
        # After a refused CONNECT paho reports a plain loss: the refusal is the better cause.
        self.fault = self.fault or cause


def _messages(settings: MqttReceiver, event: QueuedEvent) -> Iterator[_Outgoing]:
    """Yields the messages of an event, itself first; beside a camera's state go its documents of discovery."""
    topic = f"{settings.topic_prefix}/{event.kind}/{event.subject}"
    if event.kind is not EventKind.CAMERA_STATE:
        yield _Outgoing(topic, event.payload, retain=False, is_event=True)
        return
    state = EVENT.validate_json(event.payload)
    assert isinstance(state, CameraStateEvent)  # noqa: S101 - narrows the type: its kind says so
    if state.data.state == REMOVED:
        yield _Outgoing(topic, event.payload, retain=False, is_event=True)
        # An empty retained message is MQTT's way to delete one.
        yield _Outgoing(topic, b"", retain=True)
        for where, nothing in home_assistant.withdrawal(settings, state.data):
            yield _Outgoing(where, nothing, retain=True)
        return
    for where, document in home_assistant.discovery(settings, state.data):
        yield _Outgoing(where, document, retain=True)
    yield _Outgoing(topic, event.payload, retain=True, is_event=True)


def _cause(error: Exception) -> str:
    """Names an error of the connection for people."""
    if isinstance(error, TimeoutError):
        return NO_ANSWER
    if isinstance(error, ssl.SSLError):
        return TLS_FAILED
    return NAME_UNKNOWN if isinstance(error, socket.gaierror) else UNREACHABLE
