"""The agent that runs on this box beside a command: finds it by its spool's lock, and reads its metrics."""

from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from provisioning.contracts.config.processes import EdgeConfig
from provisioning.net.health import is_held
from provisioning.net.metrics import LOOPBACK

_CONNECTED: Final = b"wayside_edge_broker_connected "
_ANSWER_S: Final = 2.0
_MOST: Final = 4 * 1024 * 1024


def is_running(directory: Path) -> bool:
    """True if an agent runs on this spool: the kernel holds its lock for it."""
    return is_held(directory / "spool.lock")


def has_line(edge: EdgeConfig) -> bool:
    """True if there may be a connection to disturb: an agent runs, and its metrics do not say that it has none."""
    return is_running(edge.spool.directory) and is_connected(edge) is not False


def is_connected(edge: EdgeConfig) -> bool | None:
    """Read the connection's state from the agent's metrics; None without `metrics_port`, or if it does not answer."""
    if edge.metrics_port is None:
        return None
    connection = HTTPConnection(LOOPBACK, edge.metrics_port, timeout=_ANSWER_S)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read(_MOST)
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
    values = [float(line.removeprefix(_CONNECTED)) for line in text.splitlines() if line.startswith(_CONNECTED)]
    return bool(values[0]) if values else None
