"""Connects to the broker to learn its answer."""

import socket
import ssl
import threading
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from provisioning.broker.config import ListenAddress
from provisioning.errors import BrokerError
from provisioning.net.tls_verdict import read_verdict
from provisioning.pki.identities import Identity

ANSWER_S: Final = 10.0
ACCEPTED: Final = "accepted"
_ALERT_S: Final = 1.0
_CONNECT: Final = b"\x10\x0d\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x00"
"""MQTT 5 §3.1: clean start, keep alive 60 s, no client id."""
_CONNACK: Final = b"\x20"


def tls_answer(address: ListenAddress, identity: Identity | None, ca_file: Path) -> str:
    """Returns the broker's answer to a client with this certificate: `ACCEPTED`, or TLS's word for the refusal.

    Reads before writing: Mosquitto closes at once where it refuses, and writing into that costs the answer.

    Raises:
        BrokerError: no server listens there, or it is not the broker.
    """
    try:
        with (
            socket.create_connection(address.here, ANSWER_S) as plain,
            _context(identity, ca_file).wrap_socket(plain, server_hostname=address.here[0]) as tls,
        ):
            try:
                answer = read_verdict(tls, _ALERT_S)
            except ssl.SSLError as refusal:
                return str(refusal.reason)
            if answer is None:
                tls.settimeout(ANSWER_S)
                tls.sendall(_CONNECT)
                answer = tls.recv(64)
    except ssl.SSLCertVerificationError as error:
        raise BrokerError(f"{address} shows a certificate that is not the broker's ({error.verify_message})") from error
    except OSError as error:
        raise BrokerError(f"{address} does not answer ({error})") from error
    # Whatever reason it gives: it was TLS that should have refused.
    return ACCEPTED if answer[:1] == _CONNACK else "the connection was closed"


class Probe:
    """One MQTT 5 connection; it does not reconnect."""

    def __init__(self, address: ListenAddress, identity: Identity, client_id: str) -> None:
        """Connects to the broker.

        Raises:
            BrokerError: not accepted.
        """
        self._happened = threading.Condition()
        self._verdicts: dict[int, str] = {}
        self._connected = False
        self.ended: str | None = None
        """Reason for the end of the connection; None while it stands."""
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=False
        )
        self._client.connect_timeout = ANSWER_S
        self._client.tls_set_context(_context(identity, identity.ca_file))
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        try:
            self._client.connect(*address.here, clean_start=True)
        except OSError as error:
            raise BrokerError(f"{address} does not take the connection of {identity.common_name} ({error})") from error
        self._client.loop_start()
        with self._happened:
            self._happened.wait_for(lambda: self._connected or self.ended is not None, ANSWER_S)
        if not self._connected:
            self.close()
            raise BrokerError(f"{address} refuses {identity.common_name} ({self.ended or 'no answer'})")

    def publish(self, topic: str, payload: bytes = b"") -> str:
        """Returns the broker's verdict at QoS 1, never retained; or the reason for the end of the connection."""
        mid = self._client.publish(topic, payload, qos=1).mid
        with self._happened:
            self._happened.wait_for(lambda: mid in self._verdicts or self.ended is not None, ANSWER_S)
            return self._verdicts.get(mid) or self.ended or "no answer"

    def close(self) -> None:
        """Disconnects, if the broker is still there."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, _: Client, __: Any, ___: Any, code: ReasonCode, ____: Any) -> None:
        with self._happened:
            self._connected = not code.is_failure
            self._happened.notify_all()

    def _on_disconnect(self, _: Client, __: Any, ___: Any, code: ReasonCode, ____: Any) -> None:
        with self._happened:
            self.ended = str(code)
            self._happened.notify_all()

    def _on_publish(self, _: Client, __: Any, mid: int, code: ReasonCode, ___: Any) -> None:
        with self._happened:
            self._verdicts[mid] = str(code)
            self._happened.notify_all()


def _context(identity: Identity | None, ca_file: Path) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(ca_file))
        if identity is not None:
            context.load_cert_chain(identity.cert_file, identity.key_file)
    except OSError as error:  # ssl.SSLError is one
        raise BrokerError(f"{ca_file}: no usable certificates ({error})") from error
    return context
