"""Tells for which cameras of a configuration jobs may be ordered, and derives the camera that fetches a span."""

from typing import Final

from edge_agent.errors import NotFound
from edge_agent.remote_config.job_rules import JobSite
from edge_agent.source_kinds import Arrival, traits_of
from edge_agent.sources.recorder.span_camera import span_camera
from provisioning.contracts.causes import jobs as causes
from provisioning.contracts.config.processes import Camera, EdgeConfig, RecordedSpan

_ANY: Final = RecordedSpan(started_at_ms=0, ended_at_ms=1)


def site_of(edge: EdgeConfig) -> JobSite:
    """Returns the cameras by what a job can do with them. Recordings that are uploaded are tasks, and no jobs."""
    traits = {camera.id: traits_of(camera.source) for camera in edge.cameras}
    return JobSite(
        cameras=frozenset(traits),
        recorded=frozenset(camera.id for camera in edge.cameras if _is_recorded(camera, edge)),
        live=frozenset(camera_id for camera_id, each in traits.items() if each.arrives is Arrival.STREAM),
    )


def fetching(edge: EdgeConfig, camera_id: str, span: RecordedSpan, speed: int | None) -> Camera:
    """Returns a camera with the source that fetches a span of it.

    Raises:
        NotFound: no recorder has a channel of it, or the camera is gone.
    """
    for camera in edge.cameras:
        if camera.id == camera_id:
            return span_camera(camera, edge.recorders, span, speed)
    raise NotFound(camera_id, causes.CAMERA_GONE(camera=camera_id))


def _is_recorded(camera: Camera, edge: EdgeConfig) -> bool:
    try:
        span_camera(camera, edge.recorders, _ANY)
    except NotFound:
        return False
    return True
