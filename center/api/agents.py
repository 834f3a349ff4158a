"""Agents: how each stands, what it last said, and what became of its configuration."""

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
    """All with a camera that the account may see, by id, also those that are pending or revoked."""
    return services.devices.agents(sight)
