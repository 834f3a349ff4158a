"""Serves metrics to Prometheus on loopback, without a password: no label is an address or a secret."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, disable_created_metrics, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

LOOPBACK: Final = "127.0.0.1"
_Family = TypeVar("_Family", CounterMetricFamily, GaugeMetricFamily)
# They are a second series for each counter and histogram, which no rule reads.
disable_created_metrics()  # type: ignore[no-untyped-call]


@contextmanager
def serving(families: Callable[[], Iterable[Metric]], port: int = 0) -> Iterator[int]:
    """Serves at `port`, by default one of the system's choice, while `with` lasts; yields the port.

    Args:
        families: called at every scrape, in a thread of the server.
        port: on 127.0.0.1.

    Raises:
        OSError: the port cannot be had.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(families))
    server, thread = start_http_server(port, LOOPBACK, registry)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Collector:
    """Collects everything anew at each scrape: nothing is kept twice."""

    def __init__(self, families: Callable[[], Iterable[Metric]]) -> None:
        self.collect = families


def labelled(family: _Family, values: Mapping[str, float]) -> _Family:
    """Adds a sample for each value of a family's only label, in their order."""
    for label, value in sorted(values.items()):
        family.add_metric([label], value)
    return family
