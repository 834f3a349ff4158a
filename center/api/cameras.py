"""Routes of cameras as last reported."""

from typing import Annotated

from fastapi import APIRouter, Path

from center.access.errors import ForbiddenError
from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.api.errors import documented
from center.errors import NotLoggedInError, StoreUnavailableError, UnknownCameraError
from center.search.camera_positions import PlacedCameraView
from center.services import Served, Sight
from provisioning.contracts.ids import AGENT_PATTERN, CAMERA_PATTERN

router = APIRouter(tags=["cameras"])


@router.get(
    "/cameras",
    operation_id="list_cameras",
    openapi_extra=needs(Permission.CAMERA_VIEW),
    responses=documented(NotLoggedInError, ForbiddenError, StoreUnavailableError),
)
def list_cameras(services: Served, sight: Sight) -> tuple[PlacedCameraView, ...]:
    """List the cameras that the account may see, by agent and id."""
    return services.positions.placed(services.devices.cameras(sight))


@router.get(
    "/cameras/{agent_id}/{camera_id}",
    operation_id="get_camera",
    openapi_extra=needs(Permission.CAMERA_VIEW),
    responses=documented(NotLoggedInError, ForbiddenError, UnknownCameraError, StoreUnavailableError),
)
def get_camera(
    agent_id: Annotated[str, Path(pattern=AGENT_PATTERN)],
    camera_id: Annotated[str, Path(pattern=CAMERA_PATTERN)],
    services: Served,
    sight: Sight,
) -> PlacedCameraView:
    """Show one camera as last reported."""
    view = services.devices.camera(agent_id, camera_id)
    if view is None or not sight.holds(agent_id, camera_id):
        raise UnknownCameraError(camera_id=camera_id)
    return services.positions.placed([view])[0]
