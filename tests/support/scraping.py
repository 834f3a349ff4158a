"""Scrapes metrics as Prometheus does."""

from collections.abc import Iterable
from http.client import HTTPConnection

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from provisioning.net.metrics import LOOPBACK
from tests.support.waiting import LONG_S

Samples = dict[tuple[str, ...], float]
"""Values by the sample's name and its labels' values."""


def samples(families: Iterable[Metric]) -> Samples:
    class Collector:
        def collect(self) -> Iterable[Metric]:
            return families

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector())
    return parsed(generate_latest(registry).decode())


def parsed(text: str) -> Samples:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape(port: int) -> str:
    """The answer of a server of metrics on this machine."""
    connection = HTTPConnection(LOOPBACK, port, timeout=LONG_S)
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read().decode()
    finally:
        connection.close()
