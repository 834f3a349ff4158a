"""Connects the publisher of documents to the broker: MQTT 5 over mutual TLS, pumped by its owner's thread."""

import logging
import secrets
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from provisioning.contracts.wire import topics
from provisioning.pki.identities import Identity

_log = logging.getLogger(__name__)
_CONNECT_TIMEOUT_S: Final = 2.0
_KEEPALIVE_S: Final = 15
_WANTED: Final = (
    topics.configured("+"),
    topics.installed("+"),
    topics.heartbeat("+"),
    topics.camera_status("+", "+"),
)
_MAX_CLEARING: Final = 4096
"""Limit of retained messages being cleared. Overflow policy: `drop_newest`; the next connection brings them again."""
_REMEDY: Final = "have its files written again, wayside-provision broker render, and start it again"


class LineLostError(Exception):
    """The connection is lost, or was not made."""


class PublisherConnection:
    """One connection and no more: paho would send an unconfirmed document of an old one again, after a newer one.

    Raises:
        LineLostError: the broker cannot be reached, or a certificate does not fit.
    """

    def __init__(self, host: str, port: int, identity: Identity, heard: Callable[[str, bytes], None]) -> None:
        self._place = f"broker {host}:{port}"
        self._heard = heard
        self._sent: dict[str, bytes] = {}
        self._unconfirmed: set[int] = set()
        self._clearing: set[int] = set()
        self._clears = True
        self._accepted = False
        self._subscribed = False
        self._brought = False
        self._fault: str | None = None
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"provisioning-{secrets.token_hex(4)}",
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        self._client.connect_timeout = _CONNECT_TIMEOUT_S
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message
        try:
            # Read anew each time: a renewed certificate is used from the next connection on.
            context = ssl.create_default_context(cafile=str(identity.ca_file))
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.load_cert_chain(identity.cert_file, identity.key_file)
            self._client.tls_set_context(context)
            self._client.connect(host, port, keepalive=_KEEPALIVE_S, clean_start=True)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise LineLostError(f"{self._place}: no connection ({error}): does it run?") from error

    def is_settled(self) -> bool:
        """True when the broker has confirmed the subscriptions and every published document."""
        return self._subscribed and self._brought and not self._unconfirmed

    def retain(self, wanted: Mapping[str, bytes]) -> None:
        """Publishes documents that this connection has not sent yet, and clears topics that are wanted no more."""
        if not self._accepted:
            return
        self._brought = True
        for topic, payload in {**dict.fromkeys(self._sent, b""), **wanted}.items():
            if self._sent.get(topic) != payload:
                self._unconfirmed.add(self._client.publish(topic, payload, qos=1, retain=True).mid)
                self._sent[topic] = payload

    def clear(self, topic: str) -> None:
        """Removes an agent's retained message from the broker."""
        if self._clears and len(self._clearing) < _MAX_CLEARING:
            self._clearing.add(self._client.publish(topic, b"", qos=1, retain=True).mid)

    def pump(self, timeout_s: float) -> None:
        """Sends and receives for this long at most.

        Raises:
            LineLostError: the connection is over, or the broker refuses a document.
        """
        code = self._client.loop(timeout_s)
        if self._fault is None and code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._fault = f"connection lost ({code.name})"
        if self._fault is not None:
            raise LineLostError(f"{self._place}: {self._fault}")

    def close(self) -> None:
        """Ends the connection, with a DISCONNECT if it still stands."""
        self._client.on_disconnect = None
        self._client.disconnect()

    def _on_connect(self, client: Client, _: Any, __: ConnectFlags, reason: ReasonCode, ___: Properties | None) -> None:
        if reason.is_failure:
            self._fault = f"provisioning is refused ({reason})"
        else:
            self._accepted = True
            client.subscribe([(topic, 1) for topic in _WANTED])

    def _on_subscribe(self, _: Client, __: Any, ___: int, reasons: list[ReasonCode], ____: Properties | None) -> None:
        if any(reason.is_failure for reason in reasons):
            self._fault = f"provisioning may not hear the agents ({reasons[0]}): {_REMEDY}"
        else:
            self._subscribed = True

    def _on_disconnect(
        self, _: Client, __: Any, ___: DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        if self._fault is None:
            # In TLS 1.3 a client hears of its refusal after the handshake, and paho does not pass the alert on.
            hint = "" if self._accepted else " before it answered: is provisioning's certificate revoked?"
            self._fault = f"connection lost ({reason}){hint}"

    def _on_publish(self, _: Client, __: Any, mid: int, reason: ReasonCode, ___: Properties | None) -> None:
        if mid in self._clearing:
            self._clearing.discard(mid)
            if reason.is_failure and self._clears:
                self._clears = False
                _log.error("what agents retain beyond their bounds cannot be cleared (%s): %s", reason, _REMEDY)
        elif reason.is_failure:
            self._fault = f"a document is refused ({reason}): {_REMEDY}"
        else:
            self._unconfirmed.discard(mid)

    def _on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        self._heard(message.topic, bytes(message.payload))
