"""Routes of the assessment's settings: thresholds, districts, register, maintenance. Every change is audited."""

from asyncio import to_thread
from typing import Annotated, Final

from fastapi import APIRouter, Body, Path, Query, Request
from pydantic import BaseModel

from center import pagination as marks
from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.api.errors import documented
from center.assessment.camera_register import RegisterEntry
from center.assessment.districts import AssessedDistrict
from center.assessment.errors import (
    BadCursorError,
    DistrictRefusedError,
    RegisterRefusedError,
    UnknownAssessedDistrictError,
    UnknownWindowError,
    WindowRefusedError,
)
from center.assessment.maintenance import MaintenanceWindow, Plan
from center.assessment.settings import Settings
from center.pagination import Cursor
from center.services import Asker, Served, Sight
from provisioning.contracts.wire.messages import TimeMs

router = APIRouter(prefix="/assessment", tags=["assessment"])

Limit = Annotated[int, Query(ge=1, le=1000)]
Number = Annotated[int, Path(ge=1, le=2**53)]
_VIEW: Final = needs(Permission.ASSESSMENT_VIEW)
_EDIT: Final = needs(Permission.ASSESSMENT_EDIT)


class RegisterResult(BaseModel):
    """The number of cameras that were entered into the register."""

    cameras: int


class RegisterPage(BaseModel):
    """A page of the register, by agent and id."""

    items: tuple[RegisterEntry, ...]
    next_cursor: str | None


class WindowPage(BaseModel):
    """A page of maintenance windows, oldest entry first, withdrawn ones too."""

    items: tuple[MaintenanceWindow, ...]
    next_cursor: str | None


class WindowEnd(BaseModel):
    """The end of a maintenance window."""

    to_ms: TimeMs


@router.get("/settings", operation_id="get_assessment_settings", openapi_extra=_VIEW)
def get_settings(services: Served) -> Settings:
    """Show the thresholds and limits in force."""
    return services.assessment.settings.load()


@router.put("/settings", operation_id="put_assessment_settings", openapi_extra=_EDIT)
def put_settings(body: Settings, services: Served, asker: Asker) -> Settings:
    """Replace the settings, for every period; the audit keeps the previous ones."""
    return services.assessment.settings.change(body, actor=asker.actor)


@router.get("/districts", operation_id="list_assessment_districts", openapi_extra=_VIEW)
def list_districts(services: Served, sight: Sight) -> tuple[AssessedDistrict, ...]:
    """List districts by name, those of cameras in sight."""
    return services.assessment.districts.all(sight)


@router.put(
    "/districts",
    operation_id="put_assessment_district",
    openapi_extra=_EDIT,
    responses=documented(DistrictRefusedError),
)
def put_district(body: AssessedDistrict, services: Served, asker: Asker) -> AssessedDistrict:
    """Add a district, or change the one of this name."""
    return services.assessment.districts.put(body, actor=asker.actor)


@router.delete(
    "/districts",
    operation_id="delete_assessment_district",
    openapi_extra=_EDIT,
    status_code=204,
    responses=documented(UnknownAssessedDistrictError),
)
def delete_district(name: Annotated[str, Query(max_length=64)], services: Served, asker: Asker) -> None:
    """Delete a district; cameras keep its name."""
    services.assessment.districts.remove(name, actor=asker.actor)


@router.get("/register", operation_id="list_register", openapi_extra=_VIEW, responses=documented(BadCursorError))
def list_register(services: Served, sight: Sight, limit: Limit = 200, cursor: Cursor = None) -> RegisterPage:
    """List cameras of the register, as the office has them on file."""
    after = ("", "")
    if cursor is not None:
        agent_id, camera_id = marks.place(cursor, str, str)
        after = str(agent_id), str(camera_id)
    found = services.assessment.register.page(after, limit + 1, sight)
    page = found[:limit]
    more = marks.mark(page[-1].agent_id, page[-1].camera_id) if len(found) > limit else None
    return RegisterPage(items=tuple(page), next_cursor=more)


@router.post(
    "/register",
    operation_id="put_register",
    responses=documented(RegisterRefusedError),
    openapi_extra=_EDIT
    | {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def put_register(
    request: Request,
    services: Served,
    asker: Asker,
    replace: Annotated[bool, Query(description="Forget cameras that the file does not name.")] = False,
) -> RegisterResult:
    """Enter a CSV file in UTF-8: agent_id, camera_id; of district, gb_code, latitude, longitude, name what is known.

    It is taken whole or not at all; of each camera every cell is replaced.
    """
    data = await request.body()
    count = await to_thread(services.assessment.register.take, data, actor=asker.actor, replace=replace)
    return RegisterResult(cameras=count)


@router.get("/maintenance", operation_id="list_maintenance", openapi_extra=_VIEW, responses=documented(BadCursorError))
def list_maintenance(services: Served, sight: Sight, limit: Limit = 200, cursor: Cursor = None) -> WindowPage:
    """List all maintenance windows that were ever entered."""
    after = 0 if cursor is None else int(marks.place(cursor, int)[0])
    found = services.assessment.maintenance.page(after, limit + 1, sight)
    page = found[:limit]
    return WindowPage(items=tuple(page), next_cursor=marks.mark(page[-1].id) if len(found) > limit else None)


@router.post(
    "/maintenance",
    operation_id="enter_maintenance",
    openapi_extra=_EDIT,
    status_code=201,
    responses=documented(WindowRefusedError),
)
def enter_maintenance(body: Annotated[Plan, Body()], services: Served, asker: Asker) -> MaintenanceWindow:
    """Excuse hours beforehand; afterwards too, but then the window is marked as late."""
    return services.assessment.maintenance.enter(body, actor=asker.actor)


@router.post(
    "/maintenance/{number}/end",
    operation_id="end_maintenance",
    openapi_extra=_EDIT,
    responses=documented(UnknownWindowError, WindowRefusedError),
)
def end_maintenance(number: Number, body: WindowEnd, services: Served, asker: Asker) -> MaintenanceWindow:
    """Give a maintenance window an end, or an earlier one."""
    return services.assessment.maintenance.end(number, to_ms=body.to_ms, actor=asker.actor)


@router.post(
    "/maintenance/{number}/withdraw",
    operation_id="withdraw_maintenance",
    openapi_extra=_EDIT,
    responses=documented(UnknownWindowError),
)
def withdraw_maintenance(number: Number, services: Served, asker: Asker) -> MaintenanceWindow:
    """Withdraw a maintenance window: it excuses nothing any more."""
    return services.assessment.maintenance.withdraw(number, actor=asker.actor)
