"""Serves Prometheus on loopback: the figures of heartbeat, state and assessment, for a technician at the box.

Labels are camera ids and words of the contract: no address, no name, no secret. A port that is taken is tried again; it
does not stop an agent.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from edge_agent.clock import Backoff, Clock
from edge_agent.scheduling.detection_budget import DetectionCounts
from provisioning.contracts.wire.messages import Assessed, CameraState, CameraStatus, Heartbeat
from provisioning.net.metrics import LOOPBACK, labelled, serving

_log = logging.getLogger(__name__)

_PREFIX: Final = "wayside_edge_"
_LOOK_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class MetricsInputs:
    """Holds the functions that yield the figures; each is called at every scrape, from the server's thread."""

    heartbeat: Callable[[], Heartbeat]
    assessed: Callable[[], Assessed]
    statuses: Callable[[], list[CameraStatus]]
    restarts: Callable[[], Mapping[str, int]]
    clock_changes: Callable[[], Mapping[str, int]]
    detection_counts: Callable[[], DetectionCounts]
    oldest_s: Callable[[], float | None] = lambda: None
    """Age of the oldest message in the spool; None when it is empty, or the age is unknown."""
    is_connected: Callable[[], bool] = lambda: False
    """True while the broker has accepted the agent."""
    certificate_ends_ms: Callable[[], int | None] = lambda: None
    """None: it cannot be read, and the agent's log says why."""
    spool_max_bytes: int | None = None


def serve(port: int, inputs: MetricsInputs, clock: Clock, backoff: Backoff, stop: threading.Event) -> None:
    """Serve until `stop`; a port that is taken is tried again."""
    while not stop.is_set():
        try:
            with serving(lambda: families(inputs), port):
                backoff.reset()
                while not clock.wait(stop, _LOOK_S):
                    pass
        except OSError as error:
            wait_s = backoff.next_wait_s()
            _log.warning(
                "no metrics on %s:%d (%s): set another metrics_port, or end what holds it; tried again in %.0f s",
                *(LOOPBACK, port, error.strerror, wait_s),
            )
            clock.wait(stop, wait_s)


def families(inputs: MetricsInputs) -> Iterator[Metric]:
    """Yield all families as of now."""
    heartbeat = inputs.heartbeat()
    yield from _agent(heartbeat, inputs.oldest_s())
    yield from _standing(inputs)
    yield from _ledgers(heartbeat)
    yield _counter("capture_restarts", "How often a camera's capture began again", inputs.restarts())
    says = "How often a camera's capture times changed between its own clock and their arrival"
    yield _counter("clock_changes", says, inputs.clock_changes())
    yield from _looking(inputs.detection_counts())
    yield from _states(inputs.statuses())
    yield from _facts(inputs.assessed())


def _agent(heartbeat: Heartbeat, oldest_s: float | None) -> Iterator[Metric]:
    yield _gauge("queued", "Selected pictures that wait for the redactor", heartbeat.queued)
    yield _gauge("spool_messages", "Messages that are not archived yet", heartbeat.spool_messages)
    yield _gauge("spool_bytes", "Their size", heartbeat.spool_bytes)
    yield _gauge("spool_oldest_seconds", "Age of the oldest message in the spool", oldest_s)
    yield _gauge("quarantined", "Messages that the centre will not take", heartbeat.quarantined)
    yield CounterMetricFamily(f"{_PREFIX}resent", "Messages that were sent again, since the start", heartbeat.resent)
    yield _gauge("redaction_seconds", "Mean time of the last redactions", _seconds(heartbeat.redaction_ms))
    yield _gauge("decode_cpu_seconds", "Mean processor time of a picture looked at", _seconds(heartbeat.decode_ms))
    yield _gauge("redaction_rate", "Redactions a second that this machine can do", heartbeat.rate)
    yield _gauge("disk_free_bytes", "Of the disk under the spool", heartbeat.disk_free_bytes)
    yield _gauge("started_timestamp_seconds", "When the agent was started", heartbeat.started_at_ms / 1000)


def _standing(inputs: MetricsInputs) -> Iterator[Metric]:
    """Yield the conditions of the connection to the centre: spool limit, broker, certificate."""
    yield _gauge("spool_limit_bytes", "What the spool may hold; beyond it the oldest go", inputs.spool_max_bytes)
    yield _gauge("broker_connected", "1 while the broker has accepted the agent", float(inputs.is_connected()))
    ends_s = _seconds(inputs.certificate_ends_ms())
    yield _gauge("certificate_expires_timestamp_seconds", "When the agent's certificate ends", ends_s)


def _ledgers(heartbeat: Heartbeat) -> Iterator[Metric]:
    """Yield each camera's ledger: selected = the sum of its ends + in flight."""
    selected = CounterMetricFamily(f"{_PREFIX}selected", "Pictures taken", labels=["camera"])
    ended = CounterMetricFamily(f"{_PREFIX}ended", "What became of them", labels=["camera", "end"])
    in_flight = GaugeMetricFamily(f"{_PREFIX}in_flight", "Being redacted, or in the spool", labels=["camera"])
    for camera, ledger in sorted(heartbeat.cameras.items()):
        selected.add_metric([camera], ledger.selected)
        in_flight.add_metric([camera], ledger.in_flight)
        for end, count in (("archived", ledger.archived), ("rejected", ledger.rejected), *ledger.dropped.items()):
            ended.add_metric([camera, end], count)
    yield from (selected, ended, in_flight)
    says = "Pictures that had changed and were not taken, because the rate went to others"
    yield _counter("passed_over", says, heartbeat.passed_over)
    says = "Bytes that came from a camera over the network"
    yield _counter("received_bytes", says, heartbeat.received_bytes)


def _looking(looking: DetectionCounts) -> Iterator[Metric]:
    """Yield detection of machines between snapshots, of the cameras with lines, zones or lanes."""
    yield _counter("looks", "Looks for machines between snapshots", looking.looks)
    says = "Looks that there should have been while something moved, for which there was no time"
    yield _counter("looks_skipped", says, looking.skipped)
    yield _counter("events", "Lines crossed, and wrong ways that began", looking.events)
    yield _counter("event_pictures", "Pictures asked for on account of events", looking.pictures)
    yield _gauge("look_seconds", "Mean time of the last looks", looking.look_s)


def _states(statuses: Iterable[CameraStatus]) -> Iterator[Metric]:
    """Yield 1 for the state a camera is in, 0 for the others; and the code of its cause, if there is one."""
    states = GaugeMetricFamily(f"{_PREFIX}camera_state", "1 where it is so", labels=["camera", "state"])
    causes = GaugeMetricFamily(f"{_PREFIX}camera_cause", "1: what is wrong", labels=["camera", "code"])
    for status in statuses:
        for state in CameraState:
            states.add_metric([status.camera_id, state.value], float(status.state is state))
        if status.code:
            causes.add_metric([status.camera_id, status.code], 1)
    yield from (states, causes)


def _facts(assessed: Assessed) -> Iterator[Metric]:
    skew = GaugeMetricFamily(f"{_PREFIX}clock_skew_seconds", "A camera's clock minus the agent's", labels=["camera"])
    bound = GaugeMetricFamily(f"{_PREFIX}clock_bound_seconds", "How far off that may be", labels=["camera"])
    pace = GaugeMetricFamily(f"{_PREFIX}pictures_per_second", "Pictures looked at", labels=["camera"])
    newest = GaugeMetricFamily(f"{_PREFIX}last_picture_timestamp_seconds", "When it came", labels=["camera"])
    score = GaugeMetricFamily(f"{_PREFIX}picture_check", "0 good to 1 bad", labels=["camera", "check"])
    for camera, facts in sorted(assessed.cameras.items()):
        newest_s = None if facts.last_picture_at_ms is None else facts.last_picture_at_ms / 1000
        known = (
            (skew, _seconds(facts.clock_skew_ms)),
            (bound, _seconds(facts.clock_bound_ms)),
            (pace, facts.pictures_per_s),
            (newest, newest_s),
        )
        for family, value in known:
            if value is not None:
                family.add_metric([camera], value)
        for check, value in sorted(facts.scores.items()):
            score.add_metric([camera, check.value], value)
    yield from (skew, bound, pace, newest, score)


def _gauge(name: str, says: str, value: float | None) -> Metric:
    """Build a gauge, without a sample if the value is unknown."""
    return GaugeMetricFamily(_PREFIX + name, says, value)


def _counter(name: str, says: str, by_camera: Mapping[str, int]) -> Metric:
    return labelled(CounterMetricFamily(_PREFIX + name, says, labels=["camera"]), by_camera)


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
