"""Agents: how each stands, what it last said, and what became of its configuration."""

from fastapi import APIRouter

from center.api.problems import documented
from center.devices import AgentView
from center.errors import NotLoggedInError, StoreUnavailableError
from center.services import Asker, Served

router = APIRouter(tags=["agents"])


@router.get("/agents", operation_id="list_agents", responses=documented(NotLoggedInError, StoreUnavailableError))
async def list_agents(services: Served, _asker: Asker) -> tuple[AgentView, ...]:
    """All that were heard or that the roster names, by id; also those that are pending or revoked."""
    return services.devices.agents()
