"""Cameras as last heard."""

from typing import Annotated

from fastapi import APIRouter, Path

from center.api.problems import documented
from center.devices import CameraView
from center.errors import NotLoggedInError, StoreUnavailableError, UnknownCameraError
from center.services import Asker, Served
from provisioning.contracts.ids import AGENT_PATTERN, CAMERA_PATTERN

router = APIRouter(tags=["cameras"])


@router.get("/cameras", operation_id="list_cameras", responses=documented(NotLoggedInError, StoreUnavailableError))
async def list_cameras(services: Served, _asker: Asker) -> tuple[CameraView, ...]:
    """All of them, by agent and id."""
    return services.devices.cameras()


@router.get(
    "/cameras/{agent_id}/{camera_id}",
    operation_id="get_camera",
    responses=documented(NotLoggedInError, UnknownCameraError, StoreUnavailableError),
)
async def get_camera(
    agent_id: Annotated[str, Path(pattern=AGENT_PATTERN)],
    camera_id: Annotated[str, Path(pattern=CAMERA_PATTERN)],
    services: Served,
    _asker: Asker,
) -> CameraView:
    """One of them."""
    view = services.devices.camera(agent_id, camera_id)
    if view is None:
        raise UnknownCameraError(camera_id=camera_id)
    return view
