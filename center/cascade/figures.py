"""Collects the metrics of what goes upward. Labels are the superiors' ids and words of the contract."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from center.cascade.service import Cascade

_SUPERIOR: Final = "superior"


def cascade_families(cascade: Cascade, prefix: str) -> Iterator[Metric]:
    """Yields the metrics of all superiors."""
    gauges = (
        GaugeMetricFamily(f"{prefix}cascade_registered", "1 while registered with the superior", labels=[_SUPERIOR]),
        GaugeMetricFamily(f"{prefix}cascade_cameras", "Cameras in the superior's catalogue", labels=[_SUPERIOR]),
    )
    sent_bytes = CounterMetricFamily(f"{prefix}cascade_sent_bytes", "Bytes of SIP messages sent", labels=[_SUPERIOR])
    sent = CounterMetricFamily(f"{prefix}cascade_sent", "SIP messages sent, by kind", labels=[_SUPERIOR, "kind"])
    refused = CounterMetricFamily(
        f"{prefix}cascade_refused", "Requests of superiors that were refused, by name", labels=[_SUPERIOR, "name"]
    )
    dropped = CounterMetricFamily(
        f"{prefix}cascade_dropped", "Messages dropped on either way, by name", labels=[_SUPERIOR, "name"]
    )
    for link in cascade.links:
        superior, counts = link.settings.id, Counter(link.counts.copy())
        gauges[0].add_metric([superior], float(link.registration.is_registered))
        gauges[1].add_metric([superior], float(link.catalog.cameras))
        sent_bytes.add_metric([superior], link.sent_bytes)
        for (what, name), count in counts.items():
            if what != "dropped":
                (sent if what == "sent" else refused).add_metric([superior, name], count)
        for name, count in link.dropped().items():
            dropped.add_metric([superior, name], count)
    yield from (*gauges, sent_bytes, sent, refused, dropped)
