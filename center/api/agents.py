"""Routes of agents: state, last heartbeat, and the result of the newest configuration."""

from fastapi import APIRouter

from center.access.errors import ForbiddenError
from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.api.errors import documented
from center.errors import NotLoggedInError, StoreUnavailableError
from center.fleet.devices import AgentView
from center.services import Served, Sight

router = APIRouter(tags=["agents"])


@router.get(
    "/agents",
    operation_id="list_agents",
    openapi_extra=needs(Permission.AGENT_VIEW),
    responses=documented(NotLoggedInError, ForbiddenError, StoreUnavailableError),
)
async def list_agents(services: Served, sight: Sight) -> tuple[AgentView, ...]:
    """List agents with a camera that the account may see, by id; pending and revoked ones too."""
    return services.devices.agents(sight)
