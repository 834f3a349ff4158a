"""A broker that the test plays, in TLS with real certificates: what its refusals are called."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import SimpleQueue

import pytest

from edge_agent.agent import MakeRedactor
from edge_agent.clock import SystemClock
from edge_agent.diagnosis import broker as doctor
from edge_agent.diagnosis.identity import Time
from edge_agent.diagnosis.probes import check
from edge_agent.errors import DropReason, RedactionUnavailable
from edge_agent.uplink.mqtt import Disconnected, MqttEvent, PahoLink
from provisioning.contracts.causes.work import OTHER
from provisioning.contracts.config import processes
from provisioning.contracts.fleet.diagnosis import Fault
from provisioning.pki.identities import BROKER
from tests.edge_agent.sightings import live_camera
from tests.edge_agent.world import edge_config
from tests.support.pki import HOST, Pki
from tests.support.waiting import LONG_S

REFUSED_BY_311 = b"\x20\x02\x00\x01"
"""CONNACK of MQTT 3.1.1: unacceptable protocol version."""
BANNED = b"\x20\x03\x00\x8a\x00"
"""CONNACK of MQTT 5."""


@contextmanager
def broker(pki: Pki, answer: bytes) -> Iterator[processes.Broker]:
    """The section of an agent whose broker gives everybody this answer and hangs up."""
    its = pki.identities.issue(BROKER)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(its.cert_file, its.key_file)
    with socket.create_server((HOST, 0)) as server:

        def serve() -> None:
            while True:
                try:
                    plain, _ = server.accept()
                except OSError:
                    return  # the test is over
                with plain, context.wrap_socket(plain, server_side=True) as tls:
                    if tls.recv(1000):
                        tls.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        mine = pki.issue_agent("street")
        try:
            yield processes.Broker(
                host=HOST,
                port=server.getsockname()[1],
                ca_file=mine.ca_file,
                cert_file=mine.cert_file,
                key_file=mine.key_file,
            )
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(LONG_S)


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return Pki(tmp_path / "home")


def lost(section: processes.Broker) -> list[MqttEvent]:
    """All that is reported of one connection."""
    events: SimpleQueue[MqttEvent] = SimpleQueue()
    link = PahoLink(section, "street", events.put)
    first = events.get(timeout=LONG_S)
    while link._client.is_connected() or (link._client._thread is not None and link._client._thread.is_alive()):
        threading.Event().wait(0.01)
    link.close()
    return [first, *(events.get() for _ in range(events.qsize()))]


def test_a_broker_of_mqtt_3_is_named_as_such_and_no_certificate_is_suspected(pki: Pki) -> None:
    with broker(pki, REFUSED_BY_311) as section:
        (event,) = lost(section)
    assert isinstance(event, Disconnected)
    assert event.cause.startswith(f"broker {HOST}:{section.port} speaks MQTT 3.1.1: version 5 is needed")
    assert "certificate" not in event.cause


def test_a_refusal_by_mqtt_5_is_told_once_and_with_its_reason(pki: Pki) -> None:
    with broker(pki, BANNED) as section:
        (event,) = lost(section)
    assert isinstance(event, Disconnected)
    assert "refuses agent street (Banned): is its certificate revoked" in event.cause


def test_check_and_doctor_say_the_same_of_it(pki: Pki, tmp_path: Path) -> None:
    def no_models(_: processes.EdgeConfig) -> MakeRedactor:
        raise RedactionUnavailable(DropReason.REDACTION_UNAVAILABLE, OTHER(detail="none here"))

    with broker(pki, REFUSED_BY_311) as section:
        edge = edge_config(tmp_path, live_camera(), broker=section.model_dump())
        dial = partial(PahoLink, section, "street")
        findings = {each.what: each for each in check(edge, no_models, dial, SystemClock())}
        (diagnosis,) = doctor.probe_broker(edge, dial, Time(0, is_known=False), SystemClock())
    assert not findings["broker"].is_good
    assert "speaks MQTT 3.1.1: version 5 is needed" in findings["broker"].detail
    assert "speaks MQTT 3.1.1: version 5 is needed" in diagnosis.found
    assert diagnosis.fault is Fault.BROKER_UNREACHABLE
    assert diagnosis.remedy == "compare broker.host and broker.port with the centre's"
