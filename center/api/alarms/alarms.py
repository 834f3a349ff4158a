"""Routes of alarms: list them, stream them as they happen, and act on them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.alarms import stream
from center.alarms.errors import AlarmStateError, TooManyStreamsError, UnknownAlarmError
from center.alarms.lifecycle import AlarmEvent, AlarmState
from center.alarms.service import AlarmFigures
from center.alarms.views import AlarmHistory, AlarmList, AlarmView
from center.api.errors import documented
from center.credentials import identify
from center.errors import NotLoggedInError
from center.pagination import NumberCursor
from center.services import Asker, Served, Sight
from provisioning.contracts.ids import CAMERA_PATTERN

router = APIRouter(tags=["alarms"])

AlarmId = Annotated[int, Path(ge=1, le=2**53)]
EventId = Annotated[int, Field(ge=0, le=2**53)]
_VIEW: Final = needs(Permission.ALARM_VIEW)
_HEALTH: Final = needs(Permission.HEALTH_VIEW)
_HANDLE: Final = needs(Permission.ALARM_HANDLE)
_ACTS: Final = documented(UnknownAlarmError, AlarmStateError)


_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
        "description": "Server-sent events of type `alarm`; the data of each is an `AlarmPush` as JSON.",
        "x-events": {"alarm": {"$ref": "#/components/schemas/AlarmPush"}},
    }
}


class Remark(BaseModel):
    """A user's comment on an action; may be empty."""

    model_config = ConfigDict(extra="forbid")

    comment: str = Field(default="", max_length=2000)


class Comment(BaseModel):
    """A comment that is the action itself."""

    model_config = ConfigDict(extra="forbid")

    comment: str = Field(min_length=1, max_length=2000)


@router.get("/alarms", operation_id="list_alarms", openapi_extra=_VIEW)
def list_alarms(
    services: Served,
    sight: Sight,
    state: Annotated[list[AlarmState] | None, Query(max_length=len(AlarmState))] = None,
    rule_id: Annotated[int | None, Query(ge=1, le=2**31)] = None,
    camera_id: Annotated[str | None, Query(pattern=CAMERA_PATTERN)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: NumberCursor = None,
) -> AlarmList:
    """List alarms, newest first. Follow `next_cursor` with the same filters for the next page."""
    return services.alarms.care.alarms(
        states=tuple(state or ()),
        rule_id=rule_id,
        camera_id=camera_id,
        before=None if cursor is None else int(cursor),
        limit=limit,
        sight=sight,
    )


@router.get(
    "/alarms/stream",
    operation_id="stream_alarms",
    openapi_extra=_VIEW,
    response_class=StreamingResponse,
    responses=_STREAM | documented(TooManyStreamsError),
)
async def stream_alarms(
    request: Request,
    services: Served,
    asker: Asker,
    sight: Sight,
    last_event_id: Annotated[EventId | None, Header(description="As a browser sends it when it comes back.")] = None,
    after: Annotated[EventId | None, Query(description="The same, for who cannot set a header.")] = None,
) -> StreamingResponse:
    """Stream the events of alarms as they happen: after the event that is named, or from now on."""
    alarms = services.alarms
    begin = last_event_id if last_event_id is not None else after
    if begin is None:
        begin = await asyncio.to_thread(alarms.register.newest_event)
    alarms.pushes.admit()

    async def alive() -> bool:
        try:
            now = await asyncio.to_thread(identify, services, request)
        except NotLoggedInError:
            return False
        return now.access == asker.access  # the cameras in sight were settled when it began

    async def body() -> AsyncIterator[str]:
        async with alarms.pushes.listening() as listener:
            async for line in stream.lines(alarms.register, alarms.pushes, listener, begin, alive, sight):
                yield line

    # nginx would keep events back until its buffer is full.
    return StreamingResponse(body(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@router.get("/alarms/figures", operation_id="alarm_figures", openapi_extra=_HEALTH)
async def alarm_figures(services: Served) -> AlarmFigures:
    """Count evaluated rows by outcome since the centre started, and list faults of the alarm service itself."""
    return services.alarms.figures()


@router.get(
    "/alarms/{alarm_id}",
    operation_id="get_alarm",
    openapi_extra=_VIEW,
    responses=documented(UnknownAlarmError),
)
def get_alarm(alarm_id: AlarmId, services: Served, sight: Sight) -> AlarmHistory:
    """Show one alarm with all its events."""
    return services.alarms.care.alarm(alarm_id, sight)


@router.post("/alarms/{alarm_id}/acknowledge", operation_id="acknowledge_alarm", openapi_extra=_HANDLE, responses=_ACTS)
def acknowledge_alarm(alarm_id: AlarmId, remark: Remark, services: Served, asker: Asker, sight: Sight) -> AlarmView:
    """Acknowledge an alarm: it escalates no more."""
    return services.alarms.care.act(
        alarm_id, AlarmEvent.ACKNOWLEDGED, actor=asker.actor, comment=remark.comment, sight=sight
    )


@router.post("/alarms/{alarm_id}/comment", operation_id="comment_alarm", openapi_extra=_HANDLE, responses=_ACTS)
def comment_alarm(alarm_id: AlarmId, remark: Comment, services: Served, asker: Asker, sight: Sight) -> AlarmView:
    """Comment on an alarm, also on a closed one."""
    return services.alarms.care.act(
        alarm_id, AlarmEvent.COMMENTED, actor=asker.actor, comment=remark.comment, sight=sight
    )


@router.post("/alarms/{alarm_id}/escalate", operation_id="escalate_alarm", openapi_extra=_HANDLE, responses=_ACTS)
def escalate_alarm(alarm_id: AlarmId, remark: Remark, services: Served, asker: Asker, sight: Sight) -> AlarmView:
    """Escalate an alarm to the next level now."""
    return services.alarms.care.act(
        alarm_id, AlarmEvent.ESCALATED, actor=asker.actor, comment=remark.comment, sight=sight
    )


@router.post("/alarms/{alarm_id}/close", operation_id="close_alarm", openapi_extra=_HANDLE, responses=_ACTS)
def close_alarm(alarm_id: AlarmId, remark: Remark, services: Served, asker: Asker, sight: Sight) -> AlarmView:
    """Close an alarm, with a comment."""
    return services.alarms.care.act(alarm_id, AlarmEvent.CLOSED, actor=asker.actor, comment=remark.comment, sight=sight)
