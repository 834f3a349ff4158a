"""The agent that runs on this box beside a command: finds it by its spool's lock, and reads its metrics."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from provisioning.contracts.config.processes import EdgeConfig
from provisioning.net.health import is_held
from provisioning.net.metrics import LOOPBACK

_ANSWER_S: Final = 2.0
_MOST: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class AgentMetrics:
    """Metrics of the running agent that a doctor judges; empty without `metrics_port`, or if it does not answer."""

    is_connected: bool | None = None
    """State of the connection to the broker; None: not known."""
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Picture checks by camera: score by name of the check."""
    clocks: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Skew and its bound by camera, in seconds."""


def is_running(directory: Path) -> bool:
    """True if an agent runs on this spool: the kernel holds its lock for it."""
    return is_held(directory / "spool.lock")


def has_line(edge: EdgeConfig) -> bool:
    """True if there may be a connection to disturb: an agent runs, and its metrics do not say that it has none."""
    return is_running(edge.spool.directory) and read_metrics(edge).is_connected is not False


def read_metrics(edge: EdgeConfig) -> AgentMetrics:
    """Read the agent's metrics on loopback."""
    if edge.metrics_port is None:
        return AgentMetrics()
    connection = HTTPConnection(LOOPBACK, edge.metrics_port, timeout=_ANSWER_S)
    try:
        connection.request("GET", "/metrics")
        return _parsed(connection.getresponse().read(_MOST).decode())
    except (OSError, HTTPException, ValueError):  # another program may have the port
        return AgentMetrics()
    finally:
        connection.close()


def _parsed(text: str) -> AgentMetrics:
    """Parse the exposition; raises `ValueError` where it is none."""
    is_connected: bool | None = None
    scores: defaultdict[str, dict[str, float]] = defaultdict(dict)
    skews: dict[str, float] = {}
    bounds: dict[str, float] = {}
    for each in (sample for family in text_string_to_metric_families(text) for sample in family.samples):
        match each.name:
            case "wayside_edge_broker_connected":
                is_connected = bool(each.value)
            case "wayside_edge_picture_check":
                scores[each.labels["camera"]][each.labels["check"]] = each.value
            case "wayside_edge_clock_skew_seconds":
                skews[each.labels["camera"]] = each.value
            case "wayside_edge_clock_bound_seconds":
                bounds[each.labels["camera"]] = each.value
    return AgentMetrics(
        is_connected,
        dict(scores),
        {camera: (skew, bounds[camera]) for camera, skew in skews.items() if camera in bounds},
    )
