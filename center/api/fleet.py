"""Routes of agents and cameras as they report: states, last heartbeats, results of configurations."""

from typing import Annotated

from fastapi import APIRouter, Path

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.api.errors import documented
from center.errors import UnknownCameraError
from center.fleet.devices import AgentView
from center.search.camera_positions import PlacedCameraView
from center.services import Served, Sight
from provisioning.contracts.ids import AGENT_PATTERN, CAMERA_PATTERN

router = APIRouter()


@router.get(
    "/agents",
    operation_id="list_agents",
    tags=["agents"],
    openapi_extra=needs(Permission.AGENT_VIEW),
)
async def list_agents(services: Served, sight: Sight) -> tuple[AgentView, ...]:
    """List agents with a camera that the account may see, by id; pending and revoked ones too."""
    return services.devices.agents(sight)


@router.get(
    "/cameras",
    operation_id="list_cameras",
    tags=["cameras"],
    openapi_extra=needs(Permission.CAMERA_VIEW),
)
def list_cameras(services: Served, sight: Sight) -> tuple[PlacedCameraView, ...]:
    """List the cameras that the account may see, by agent and id."""
    return services.positions.placed(services.devices.cameras(sight))


@router.get(
    "/cameras/{agent_id}/{camera_id}",
    operation_id="get_camera",
    tags=["cameras"],
    openapi_extra=needs(Permission.CAMERA_VIEW),
    responses=documented(
        UnknownCameraError,
    ),
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
