"""Probes every camera, opened as the agent opens it, and reads the running agent's measurements of it."""

from collections.abc import Iterator
from typing import Final

from edge_agent.clock import Clock
from edge_agent.diagnosis import running_agent
from edge_agent.diagnosis.probes import look_at_camera
from edge_agent.diagnosis.running_agent import AgentMetrics
from edge_agent.errors import NoAnswer, Silent, SourceError, Stalled, Unreachable, WrongCredentials
from provisioning.contracts.causes import acceptance
from provisioning.contracts.config.processes import Camera, EdgeConfig
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.fleet.diagnosis import Diagnosis, Fault
from provisioning.contracts.wire.messages import CodedCause, PictureCheck

_CLOCK_S: Final = 2.0
"""Limit of a camera's clock error, as in `WaysideClockSkew`."""


def probe_cameras(edge: EdgeConfig, clock: Clock) -> Iterator[Diagnosis]:
    """Probe one camera after another; the failure of one costs no other."""
    if not edge.cameras:
        yield Diagnosis("cameras", "none: add some at the centre, wayside-provision cameras import")
    metrics = running_agent.read_metrics(edge)
    for camera in edge.cameras:
        yield _probe_camera(camera, edge, clock)
        yield from _measured(camera, metrics)


def _probe_camera(camera: Camera, edge: EdgeConfig, clock: Clock) -> Diagnosis:
    where = f"camera {camera.id}"
    reason: CodedCause | None
    try:
        return Diagnosis(where, look_at_camera(camera, edge, clock))
    except WrongCredentials as error:
        fault = Fault.CAMERA_WRONG_PASSWORD
        remedy = "correct user and password in the list and import it again; after several attempts many cameras wait"
        found, reason = str(error), error.reason
    except (Unreachable, NoAnswer, Silent, Stalled) as error:
        fault, found, reason = Fault.CAMERA_UNREACHABLE, str(error), error.reason
        remedy = (
            "look at power, cable, switch and address: ping it from this box; then its port (554, or of its platform)"
        )
    except (SourceError, ConfigError) as error:
        fault, found = Fault.CAMERA_NO_PICTURE, str(error)
        reason = error.reason if isinstance(error, SourceError) else None
        remedy = "compare the stream's path with the camera's, and set it to H.264 or H.265"
    return Diagnosis(where, found.removeprefix(f"{where}: "), fault, remedy, reason)


def _measured(camera: Camera, metrics: AgentMetrics) -> Iterator[Diagnosis]:
    """Name the faults of picture and clock that the running agent has measured."""
    where = f"camera {camera.id}"
    scores = metrics.scores.get(camera.id, {})
    for check, text in acceptance.PICTURE.items():
        score, least = scores.get(check.value, 0.0), _threshold(camera, check)
        if least <= score and least < 1:
            found = f"{check.value}: the running agent's picture check is at {score:.2f}, a fault from {least:.2f} on"
            yield Diagnosis(where, found, Fault.CAMERA_PICTURE_FAULTY, text.english[1], text())
    skew_s, bound_s = metrics.clocks.get(camera.id, (0.0, 0.0))
    if abs(skew_s) - bound_s > _CLOCK_S:
        found = f"its clock is {skew_s:+.1f} s off, give or take {bound_s:.1f} s"
        reason = acceptance.CLOCK_OFF(off=f"{skew_s:+.1f}")
        yield Diagnosis(where, found, Fault.CAMERA_CLOCK_OFF, "set NTP in the camera, or its recorder", reason)


def _threshold(camera: Camera, check: PictureCheck) -> float:
    return float(getattr(camera.checks, check.value))
