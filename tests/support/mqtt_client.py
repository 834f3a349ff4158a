"""A client at the broker, as bare as a test needs it: what it was told, and what came."""

import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from provisioning.net.tls_verdict import read_verdict
from provisioning.pki.identities import Identity
from tests.support.waiting import LONG_S

QUIET_S = 0.4
"""How long nothing may arrive for a message to count as not delivered; a delivery takes about a millisecond."""
NOT_AUTHORIZED = "Not authorized"
CONNECT = b"\x10\x0d\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x00"
"""MQTT 5 §3.1: clean start, keep alive 60 s, no client id."""
_ALERT_S = 10.0


def told(port: int, identity: Identity | None, ca_file: Path) -> str:
    """Returns the alert of TLS to whoever shows this certificate; `accepted` when MQTT lets him in.

    Reads before it writes: the broker closes at once, and a write into that costs the alert.
    """
    context = _context(identity, ca_file)
    with (
        socket.create_connection(("127.0.0.1", port), LONG_S) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as tls,
    ):
        try:
            answer = read_verdict(tls, _ALERT_S)
        except ssl.SSLError as error:
            return str(error.reason)
        if answer is None:
            tls.settimeout(LONG_S)
            tls.sendall(CONNECT)
            answer = tls.recv(64)
    return "accepted" if answer[:1] == b"\x20" and answer[3] == 0 else repr(answer)


class Client:
    """Connected once; it does not come back by itself."""

    def __init__(
        self, identity: Identity, port: int, *, client_id: str = "", manual_ack: bool = False, **properties: Any
    ) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.mids: list[int] = []
        self.ended: ReasonCode | None = None
        self.connected: ReasonCode | None = None
        self._happened = threading.Condition()
        self._codes: dict[int, ReasonCode] = {}
        self._paho = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=manual_ack,
        )
        self._paho.tls_set_context(_context(identity, identity.ca_file))
        self._paho.max_inflight_messages_set(65535)
        self._paho.on_message = self._on_message
        self._paho.on_connect = self._on_connect
        self._paho.on_disconnect = self._on_disconnect
        self._paho.on_publish = self._on_publish
        self._paho.on_subscribe = self._on_subscribe
        wanted = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        for name, value in properties.items():
            setattr(wanted, name, value)
        self._paho.connect("127.0.0.1", port, clean_start=True, properties=wanted)
        self._paho.loop_start()
        with self._happened:
            assert self._happened.wait_for(lambda: self.connected or self.ended, LONG_S), "no answer"

    def publish(self, topic: str, payload: bytes = b"x", **options: Any) -> str:
        """The broker's verdict on a QoS 1 message, or why the connection ended."""
        mid = self._paho.publish(topic, payload, qos=1, **options).mid
        with self._happened:
            assert self._happened.wait_for(lambda: mid in self._codes or self.ended, LONG_S), "no verdict"
            return str(self._codes.get(mid, self.ended))

    def publish_many(self, topic: str, payloads: list[bytes]) -> list[str]:
        """The broker's verdicts, all sent before the first is waited for."""
        mids = [self._paho.publish(topic, payload, qos=1).mid for payload in payloads]
        with self._happened:
            assert self._happened.wait_for(lambda: self.ended or all(each in self._codes for each in mids), LONG_S)
            return [str(self._codes.get(each, self.ended)) for each in mids]

    def subscribe(self, topic: str) -> str:
        """The broker's answer."""
        _, mid = self._paho.subscribe(topic, qos=1)
        assert mid is not None
        with self._happened:
            assert self._happened.wait_for(lambda: mid in self._codes, LONG_S), "no answer"
            return str(self._codes[mid])

    def wait_for(self, count: int) -> list[tuple[str, bytes]]:
        """The first `count` messages, and whatever came beside them."""
        with self._happened:
            assert self._happened.wait_for(lambda: len(self.received) >= count, LONG_S), len(self.received)
            return list(self.received)

    def nothing_arrives(self, beyond: int = 0) -> bool:
        """Whether it stays silent for a while, after so many messages."""
        with self._happened:
            return not self._happened.wait_for(lambda: len(self.received) > beyond, QUIET_S)

    def acknowledge(self, mid: int) -> None:
        """With `manual_ack`: let the broker send the next."""
        self._paho.ack(mid, 1)

    def wait_for_the_end(self, timeout_s: float = LONG_S) -> str | None:
        """Why the connection ended; None when it did not."""
        with self._happened:
            self._happened.wait_for(lambda: self.ended, timeout_s)
            return None if self.ended is None else str(self.ended)

    def close(self) -> None:
        """Say goodbye, if anybody is there."""
        self._paho.disconnect()
        self._paho.loop_stop()
        # Nothing public closes the pair that wakes its thread. Collected with paho it may go first, and warn.
        self._paho._reset_sockets()

    def _on_connect(self, _: Any, __: Any, ___: Any, code: ReasonCode, ____: Any) -> None:
        with self._happened:
            self.connected = code
            self._happened.notify_all()

    def _on_message(self, _: Any, __: Any, message: mqtt.MQTTMessage) -> None:
        with self._happened:
            self.mids.append(message.mid)
            self.received.append((message.topic, bytes(message.payload)))
            self._happened.notify_all()

    def _on_publish(self, _: Any, __: Any, mid: int, code: ReasonCode, ___: Any) -> None:
        self._keep(mid, code)

    def _on_subscribe(self, _: Any, __: Any, mid: int, codes: list[ReasonCode], ___: Any) -> None:
        self._keep(mid, codes[0])

    def _keep(self, mid: int, code: ReasonCode) -> None:
        with self._happened:
            self._codes[mid] = code
            self._happened.notify_all()

    def _on_disconnect(self, _: Any, __: Any, ___: Any, code: ReasonCode, ____: Any) -> None:
        with self._happened:
            self.ended = code
            self._happened.notify_all()


def _context(identity: Identity | None, ca_file: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(ca_file))
    if identity is not None:
        context.load_cert_chain(identity.cert_file, identity.key_file)
    return context
