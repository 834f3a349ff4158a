"""Probes every camera, opened as the agent opens it."""

from collections.abc import Iterator

from edge_agent.clock import Clock
from edge_agent.diagnosis.probes import look_at_camera
from edge_agent.errors import NoAnswer, Silent, SourceError, Stalled, Unreachable, WrongCredentials
from provisioning.contracts.config.processes import Camera, EdgeConfig
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.fleet.diagnosis import Diagnosis, Fault
from provisioning.contracts.wire.messages import CodedCause


def probe_cameras(edge: EdgeConfig, clock: Clock) -> Iterator[Diagnosis]:
    """Probe one camera after another; the failure of one costs no other."""
    if not edge.cameras:
        yield Diagnosis("cameras", "none: add some at the centre, wayside-provision cameras import")
    for camera in edge.cameras:
        yield _probe_camera(camera, edge, clock)


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
