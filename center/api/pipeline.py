"""Routes of the pipeline, stage by stage, and of parse tasks."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, StringConstraints

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.api.errors import documented
from center.errors import PurposeMissingError, UnknownCameraError
from center.pipeline.history import StageHistory
from center.pipeline.service import PipelineView
from center.services import Asker, Served, Sight
from center.tasks.errors import AgentAwayError, NotATaskError, TasksOffError
from center.tasks.upload_permits import NoDeskError, OtherConsoleError, PermitView, UploadsOffError
from center.tasks.views import TaskList, TaskOrderView, tasks
from provisioning.contracts.fleet.commands import Priority, Verb
from provisioning.contracts.fleet.uploads import MAX_PURPOSE
from provisioning.contracts.ids import AgentId, CameraId

router = APIRouter(tags=["pipeline"])
_STEER = needs(Permission.TASK_STEER)
_ORDERS = documented(
    UnknownCameraError,
    NotATaskError,
    TasksOffError,
    AgentAwayError,
)


@router.get("/pipeline", operation_id="get_pipeline", openapi_extra=needs(Permission.HEALTH_VIEW))
async def get_pipeline(services: Served) -> PipelineView:
    """Show each stage with state, causes and figures. A stage without evidence is unknown, never green."""
    return await services.pipeline.view()


@router.get(
    "/pipeline/history",
    operation_id="get_pipeline_history",
    openapi_extra=needs(Permission.HEALTH_VIEW),
)
async def get_pipeline_history(
    services: Served, hours: Annotated[float, Query(gt=0, le=168, allow_inf_nan=False)] = 3.0
) -> tuple[StageHistory, ...]:
    """List a point a minute, oldest first; none for a minute in which the centre did not run."""
    return services.pipeline.history(hours)


@router.get("/tasks", operation_id="list_tasks", openapi_extra=needs(Permission.CAMERA_VIEW))
async def list_tasks(services: Served, sight: Sight) -> TaskList:
    """List live cameras, recordings and offline files that the account may see, their progress, and what waits."""
    look = services.pipeline.last or await services.pipeline.look()
    asked = await asyncio.to_thread(services.task_orders.newest_orders)
    return tasks(look.sample, look.before, sight, services.devices.tasks(), asked)


class PriorityOrder(BaseModel):
    """The priority among the tasks of one agent."""

    model_config = ConfigDict(extra="forbid")

    priority: Priority


@router.post("/tasks/{agent_id}/{camera_id}/pause", operation_id="pause_task", openapi_extra=_STEER, responses=_ORDERS)
def pause_task(agent_id: AgentId, camera_id: CameraId, services: Served, asker: Asker, sight: Sight) -> TaskOrderView:
    """Pause a recording that is brought to a desk, and those that come after it, until it is resumed."""
    return services.task_orders.send_order(agent_id, camera_id, Verb.PAUSE, asker=asker, sight=sight)


@router.post(
    "/tasks/{agent_id}/{camera_id}/resume", operation_id="resume_task", openapi_extra=_STEER, responses=_ORDERS
)
def resume_task(agent_id: AgentId, camera_id: CameraId, services: Served, asker: Asker, sight: Sight) -> TaskOrderView:
    """Resume a paused recording. Ends no pause after a redaction leak: that is done at the agent."""
    return services.task_orders.send_order(agent_id, camera_id, Verb.RESUME, asker=asker, sight=sight)


@router.put(
    "/tasks/{agent_id}/{camera_id}/priority", operation_id="order_task", openapi_extra=_STEER, responses=_ORDERS
)
def order_task(
    agent_id: AgentId, camera_id: CameraId, body: PriorityOrder, services: Served, asker: Asker, sight: Sight
) -> TaskOrderView:
    """Put a task before or after the other recordings of its agent; never before a live camera."""
    return services.task_orders.send_order(
        agent_id, camera_id, Verb.PRIORITY, priority=body.priority, asker=asker, sight=sight
    )


class PermitRequest(BaseModel):
    """Purpose of the recordings, and the permit that this one is to follow."""

    model_config = ConfigDict(extra="forbid")

    purpose: Annotated[str, StringConstraints(max_length=MAX_PURPOSE)]
    renews: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{32})?$")] = ""


@router.post(
    "/tasks/{agent_id}/{camera_id}/upload-permit",
    operation_id="permit_upload",
    openapi_extra=needs(Permission.TASK_UPLOAD),
    responses=documented(
        UnknownCameraError, NotATaskError, UploadsOffError, NoDeskError, OtherConsoleError, PurposeMissingError
    ),
)
def permit_upload(
    agent_id: AgentId,
    camera_id: CameraId,
    body: PermitRequest,
    request: Request,
    services: Served,
    asker: Asker,
    sight: Sight,
) -> PermitView:
    """Permit a page to bring recordings to one camera of a desk agent, for some minutes."""
    origin = request.headers.get("origin")
    return services.upload_permits.give(
        agent_id, camera_id, body.purpose, asker=asker, sight=sight, origin=origin, renews=body.renews
    )
