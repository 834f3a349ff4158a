"""Collects the metrics of events that leave. Labels are the receivers' ids and words of the contract."""

from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from center.events_out.service import EventReceiverReport

_RECEIVER: Final = "receiver"


def event_families(reports: Iterable[EventReceiverReport], prefix: str, now_ms: int) -> Iterator[Metric]:
    """Yields the metrics of all receivers."""
    waiting = GaugeMetricFamily(f"{prefix}events_waiting", "Events that wait, by lane", labels=[_RECEIVER, "lane"])
    oldest = GaugeMetricFamily(f"{prefix}events_oldest_seconds", "Age of the oldest of them", labels=[_RECEIVER])
    failing = GaugeMetricFamily(f"{prefix}events_failing", "1 while the receiver takes nothing", labels=[_RECEIVER])
    acknowledged = GaugeMetricFamily(
        f"{prefix}events_acknowledged_timestamp_seconds", "When an event was last acknowledged", labels=[_RECEIVER]
    )
    sent = CounterMetricFamily(f"{prefix}events_sent", "Events acknowledged, by kind", labels=[_RECEIVER, "kind"])
    dropped = CounterMetricFamily(f"{prefix}events_dropped", "Events dropped, by name", labels=[_RECEIVER, "name"])
    for each in reports:
        receiver = each.receiver
        waiting.add_metric([receiver, "bulk"], each.waiting)
        waiting.add_metric([receiver, "kept"], each.waiting_kept)
        oldest.add_metric([receiver], 0 if each.oldest_ms is None else max(0, now_ms - each.oldest_ms) / 1000)
        failing.add_metric([receiver], float(bool(each.fault)))
        if each.acknowledged_at_ms is not None:
            acknowledged.add_metric([receiver], each.acknowledged_at_ms / 1000)
        for kind, count in sorted(each.sent.items()):
            sent.add_metric([receiver, kind], count)
        for name, count in sorted(each.dropped.items()):
            dropped.add_metric([receiver, name], count)
    yield from (waiting, oldest, failing, acknowledged, sent, dropped)
