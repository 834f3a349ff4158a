"""The agent that runs on this box, beside the doctor: is there one, and does it say that it has its line?"""

from http.client import HTTPConnection, HTTPException
from typing import Final

from edge_agent.doctor.machine import is_held
from edge_agent.metrics import LOOPBACK
from provisioning.contracts.config import EdgeConfig

_CONNECTED: Final = b"wayside_edge_broker_connected "
_ANSWER_S: Final = 2.0
_MOST: Final = 4 * 1024 * 1024


def has_line(edge: EdgeConfig) -> bool:
    """Whether there may be a line to disturb: an agent runs, and does not say that it has none."""
    return is_held(edge.spool.directory) and is_connected(edge) is not False


def is_connected(edge: EdgeConfig) -> bool | None:
    """What its own figures say; None without `metrics_port`, or where nobody answers there."""
    if edge.metrics_port is None:
        return None
    connection = HTTPConnection(LOOPBACK, edge.metrics_port, timeout=_ANSWER_S)
    try:
        connection.request("GET", "/metrics")
        told = connection.getresponse().read(_MOST)
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
    values = [float(line.removeprefix(_CONNECTED)) for line in told.splitlines() if line.startswith(_CONNECTED)]
    return bool(values[0]) if values else None
