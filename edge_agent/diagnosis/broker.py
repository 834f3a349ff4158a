"""Probes the way to the broker: that it answers, is ours and accepts this agent, and the document that it retains."""

import queue
import ssl
from collections.abc import Iterator
from typing import Final

from edge_agent.clock import Clock
from edge_agent.diagnosis import running_agent, settings
from edge_agent.diagnosis.identity import Time
from edge_agent.errors import BrokerError
from edge_agent.host_port import host_port
from edge_agent.uplink.mqtt import UNTIMELY, Arrived, Connected, Dial, Disconnected, MqttEvent, knock, refusal
from provisioning.contracts.config.processes import EdgeConfig
from provisioning.contracts.fleet.diagnosis import Diagnosis, Fault
from provisioning.contracts.wire import topics

_ANSWER_S: Final = 10.0
_RETAINED_S: Final = 2.0
"""Seconds to wait for the retained document, which comes with the subscription's confirmation."""
_REVOKED: Final = (
    "at the centre: wayside-provision status says whether this agent is revoked; then a new bundle is needed"
)
_ANOTHER: Final = "compare broker.host and broker.port with the centre's"


def probe_broker(edge: EdgeConfig, dial: Dial, time: Time, clock: Clock) -> Iterator[Diagnosis]:
    """Connect as the agent does and compare the retained document. A running agent keeps its connection."""
    place = host_port(edge.broker.host, edge.broker.port)
    if running_agent.has_line(edge):
        yield from _beside(edge, place, time, clock)
        return
    events: queue.SimpleQueue[MqttEvent] = queue.SimpleQueue()
    try:
        link = dial(events.put)
    except BrokerError as error:
        yield _unmet(error, place, time)
        return
    try:
        first = _next(events, _ANSWER_S)
        if not isinstance(first, Connected):
            yield _refused(edge, first, place, time)
            return
        yield Diagnosis("broker", f"{place} accepts agent {edge.agent_id}")
        retained = _retained(events, topics.configuration(edge.agent_id))
    finally:
        link.close()
    if retained:
        yield settings.compare(edge, retained, clock)


def _beside(edge: EdgeConfig, place: str, time: Time, clock: Clock) -> Iterator[Diagnosis]:
    """Probe by TLS and the running agent's metrics: MQTT allows one session a client id, and that is the agent's."""
    try:
        refused = knock(edge.broker)
    except BrokerError as error:
        yield _unmet(error, place, time)
        return
    if refused is not None:
        yield _by_tls(refused, place, time)
        return
    if running_agent.read_metrics(edge).is_connected:
        yield Diagnosis("broker", f"{place} accepts agent {edge.agent_id}: the running agent says so")
        yield from settings.taken(edge, clock)
    else:
        found = f"{place} lets this certificate in; the agent's log says whether it is connected"
        yield Diagnosis("broker", found)


def _unmet(error: BrokerError, place: str, time: Time) -> Diagnosis:
    cause = error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        if cause.verify_code in UNTIMELY:
            if time.is_off:
                return Diagnosis("broker", "not judged: set the clock first")
            remedy = "at the centre: wayside-provision service replace broker"
            return Diagnosis("broker", str(error), Fault.CERTIFICATE_EXPIRED, remedy)
        remedy = "compare ca.crt with the centre's authority; if the centre was set up anew, enrol into an empty folder"
        return Diagnosis("broker", str(error), Fault.BROKER_WRONG_AUTHORITY, remedy)
    if isinstance(cause, ssl.SSLError) and "certificate, key and CA" in str(error):
        return Diagnosis("broker", str(error), Fault.CERTIFICATE_MISSING, "enrol this box again with a new bundle")
    remedy = f"let TCP to {place} through; at the centre: wayside-provision broker check"
    return Diagnosis("broker", str(error), Fault.BROKER_UNREACHABLE, remedy)


def _refused(edge: EdgeConfig, event: MqttEvent | None, place: str, time: Time) -> Diagnosis:
    if not isinstance(event, Disconnected):
        found = f"{place} does not answer as an MQTT 5 broker does"
        return Diagnosis("broker", found, Fault.BROKER_UNREACHABLE, _ANOTHER)
    if event.is_old:
        return Diagnosis("broker", event.cause, Fault.BROKER_UNREACHABLE, _ANOTHER)
    refused = refusal(edge.broker)
    return (
        Diagnosis("broker", event.cause, Fault.BROKER_REFUSES, _REVOKED)
        if refused is None
        else _by_tls(refused, place, time)
    )


def _by_tls(refused: str, place: str, time: Time) -> Diagnosis:
    """Diagnose a refusal from the TLS alert's text."""
    if "unknown ca" in refused:
        found = f"{place} does not know the authority that signed this agent's certificate"
        return Diagnosis("broker", found, Fault.CERTIFICATE_NOT_OURS, "enrol this box again with a new bundle")
    if "expired" in refused and time.is_off:
        return Diagnosis("broker", "not judged: set the clock first")
    return Diagnosis("broker", f"{place} refuses this agent's certificate: {refused}", Fault.BROKER_REFUSES, _REVOKED)


def _retained(events: "queue.SimpleQueue[MqttEvent]", topic: str) -> bytes | None:
    while (event := _next(events, _RETAINED_S)) is not None:
        if isinstance(event, Arrived) and event.topic == topic:
            return event.payload
        if isinstance(event, Disconnected):
            return None  # the agent itself came back to its line
    return None


def _next(events: "queue.SimpleQueue[MqttEvent]", timeout_s: float) -> MqttEvent | None:
    try:
        return events.get(timeout=timeout_s)
    except queue.Empty:
        return None
