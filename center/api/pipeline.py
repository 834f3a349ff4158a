"""The full chain, stage by stage, and what is parsed where."""

from typing import Annotated

from fastapi import APIRouter, Query

from center.access import Permission
from center.account_errors import ForbiddenError
from center.api.problems import documented
from center.errors import NotLoggedInError, StoreUnavailableError
from center.permits import needs
from center.pipeline.history import StageHistory
from center.pipeline.tasks import TaskList, tasks
from center.pipeline.watch import PipelineView
from center.services import Served, Sight

router = APIRouter(tags=["pipeline"])
_COMMON = documented(NotLoggedInError, ForbiddenError, StoreUnavailableError)


@router.get("/pipeline", operation_id="get_pipeline", openapi_extra=needs(Permission.HEALTH_VIEW), responses=_COMMON)
async def get_pipeline(services: Served) -> PipelineView:
    """Each stage with its state, its causes and its figures. What nobody has evidence of is unknown, never green."""
    return await services.pipeline.view()


@router.get(
    "/pipeline/history",
    operation_id="get_pipeline_history",
    openapi_extra=needs(Permission.HEALTH_VIEW),
    responses=_COMMON,
)
async def get_pipeline_history(
    services: Served, hours: Annotated[float, Query(gt=0, le=168, allow_inf_nan=False)] = 3.0
) -> tuple[StageHistory, ...]:
    """A point a minute, oldest first. Kept in memory: a restart of the centre begins anew."""
    return services.pipeline.history(hours)


@router.get("/tasks", operation_id="list_tasks", openapi_extra=needs(Permission.CAMERA_VIEW), responses=_COMMON)
async def list_tasks(services: Served, sight: Sight) -> TaskList:
    """Live cameras, recordings and offline files that the account may see, how far each is, and what waits."""
    look = services.pipeline.last or await services.pipeline.look()
    return tasks(look.sample, look.before, sight)
