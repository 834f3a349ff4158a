"""Collects the metrics of the chain: the state of each stage, and the probes of third parties by stage."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from center.pipeline.service import Pipeline
from center.pipeline.stages import StageState
from provisioning.net.metrics import labelled

_SEVERITIES: Final = {StageState.GREEN: 0.0, StageState.AMBER: 1.0, StageState.RED: 2.0}


def chain_families(pipeline: Pipeline, prefix: str) -> Iterator[Metric]:
    """Yields the metrics as last judged. A stage without evidence has no sample."""
    verdicts = () if pipeline.last is None else pipeline.last.verdicts
    severities = {each.stage.value: _SEVERITIES[each.state] for each in verdicts if each.state in _SEVERITIES}
    name, says = f"{prefix}stage_severity", "0 where a stage of the chain is OK, 1 warning, 2 fault"
    yield labelled(GaugeMetricFamily(name, says, labels=["stage"]), severities)
    failures: Counter[str] = Counter()
    succeeded: dict[str, float] = {}
    for report in pipeline.prober.reports:
        failures[report.stage.value] += report.failures
        if report.succeeded_at_ms is not None:
            at_s = report.succeeded_at_ms / 1000
            succeeded[report.stage.value] = min(at_s, succeeded.get(report.stage.value, at_s))
    name, says = f"{prefix}probe_failures", "Probes of third parties that failed"
    yield labelled(CounterMetricFamily(name, says, labels=["stage"]), {key: float(n) for key, n in failures.items()})
    name, says = f"{prefix}probe_last_success_timestamp_seconds", "When the probes of a stage last succeeded"
    yield labelled(GaugeMetricFamily(name, says, labels=["stage"]), succeeded)
