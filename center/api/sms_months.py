"""Routes of the monthly account of SMS: months, the carrier's file, export, complaints, the end of a suspension."""

from asyncio import to_thread
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.api.errors import documented
from center.errors import TooLargeError
from center.notify.errors import UnknownRecipientError
from center.notify.sms_months.errors import (
    ComplaintAheadError,
    ComplaintReferenceError,
    ComplaintTakenError,
    LiftReasonError,
    NoSmsChannelError,
    NotSuspendedError,
    StatementDayError,
    StatementFileError,
    StatementHeadingsError,
    StatementPartsError,
    StatementTotalError,
    StatementUnsetError,
)
from center.notify.sms_months.ledger import MAX_REASON, MAX_REFERENCE, ComplaintSource, ComplaintView, LedgerView
from center.notify.sms_months.sheets import MEDIA_TYPES, MonthFormat
from center.notify.sms_months.views import SmsMonthView
from center.services import Asker, Served
from provisioning.contracts.config.notify import NAME_PATTERN
from provisioning.contracts.wire.messages import TimeMs

router = APIRouter(prefix="/notify/sms/{channel}", tags=["notify"])

Channel = Annotated[str, Path(pattern=NAME_PATTERN)]
Month = Annotated[str, Path(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="2026-11")]
_EDIT: Final = needs(Permission.NOTIFICATION_EDIT)
_SHEETS: Final = ("text/csv", MEDIA_TYPES["xlsx"])
_BINARY: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": dict.fromkeys(MEDIA_TYPES.values(), _BINARY), "description": "The file."}
}


class NewComplaint(BaseModel):
    """A complaint to enter. No number is taken: the name of a recipient, or none."""

    model_config = ConfigDict(extra="forbid")

    made_at_ms: TimeMs
    source: ComplaintSource
    recipient: str = Field(default="", pattern=rf"{NAME_PATTERN}|^$")
    """Name on the channel's list; empty for a number that is not on it."""
    reference: str = Field(default="", max_length=MAX_REFERENCE)
    """The carrier's number of the complaint: letters, digits, dashes."""


class LiftReason(BaseModel):
    """The reason for the end of a suspension: what was found and what was changed."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=MAX_REASON)


@router.get("/months", operation_id="list_sms_months", openapi_extra=_EDIT, responses=documented(NoSmsChannelError))
def list_sms_months(channel: Channel, services: Served) -> tuple[str, ...]:
    """List the months of a channel that have counts or a carrier's file, newest first."""
    return services.notifier.sms_months.months(channel)


@router.get(
    "/months/{month}", operation_id="get_sms_month", openapi_extra=_EDIT, responses=documented(NoSmsChannelError)
)
def get_sms_month(channel: Channel, month: Month, services: Served) -> SmsMonthView:
    """Read a month: own counts by day and template, the carrier's beside them, the verdict by 5 %, the cost."""
    return services.notifier.sms_months.month(channel, month)


@router.put(
    "/months/{month}/statement",
    operation_id="put_sms_statement",
    openapi_extra=_EDIT | {"requestBody": {"required": True, "content": dict.fromkeys(_SHEETS, _BINARY)}},
    responses=documented(
        NoSmsChannelError,
        StatementUnsetError,
        TooLargeError,
        StatementFileError,
        StatementHeadingsError,
        StatementDayError,
        StatementPartsError,
        StatementTotalError,
    ),
)
async def put_sms_statement(
    channel: Channel, month: Month, request: Request, services: Served, asker: Asker
) -> SmsMonthView:
    """Take the carrier's file of a month, CSV or XLSX of up to 512 KiB, in place of an earlier one.

    It is read by the columns that `statement` of the channel names, whole or not at all; other columns are not kept.
    """
    data = await request.body()
    return await to_thread(services.notifier.sms_months.take, channel, month, data, actor=asker.actor)


@router.get(
    "/months/{month}/export",
    operation_id="export_sms_month",
    openapi_extra=_EDIT,
    response_class=Response,
    responses=_FILE | documented(NoSmsChannelError),
)
def export_sms_month(
    channel: Channel,
    month: Month,
    services: Served,
    asker: Asker,
    form: Annotated[MonthFormat, Query()] = "xlsx",
) -> Response:
    """Export the counts by day and template as CSV, or all tables as a workbook. Texts never become formulas."""
    data = services.notifier.sms_months.export(channel, month, form, actor=asker.actor)
    headers = {"Content-Disposition": f'attachment; filename="{channel}-{month}.{form}"'}
    return Response(data, media_type=MEDIA_TYPES[form], headers=headers)


@router.get("/complaints", operation_id="list_complaints", openapi_extra=_EDIT, responses=documented(NoSmsChannelError))
def list_complaints(
    channel: Channel,
    services: Served,
    before: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> LedgerView:
    """List complaints, newest first, and all suspensions. Follow `next_before` for the next page."""
    months = services.notifier.sms_months
    return months.ledger.read(months.channel(channel), before=before, limit=limit)


@router.post(
    "/complaints",
    operation_id="enter_complaint",
    openapi_extra=_EDIT,
    status_code=201,
    responses=documented(
        NoSmsChannelError, UnknownRecipientError, ComplaintTakenError, ComplaintAheadError, ComplaintReferenceError
    ),
)
def enter_complaint(channel: Channel, body: NewComplaint, services: Served, asker: Asker) -> ComplaintView:
    """Enter a complaint. The eleventh within seven days suspends the channel until the suspension is lifted."""
    months = services.notifier.sms_months
    return months.ledger.enter(
        months.channel(channel),
        made_at_ms=body.made_at_ms,
        source=body.source,
        recipient=body.recipient,
        reference=body.reference,
        actor=asker.actor,
    )


@router.post(
    "/suspension/lift",
    operation_id="lift_suspension",
    openapi_extra=_EDIT,
    responses=documented(NoSmsChannelError, NotSuspendedError, LiftReasonError),
)
def lift_suspension(channel: Channel, body: LiftReason, services: Served, asker: Asker) -> LedgerView:
    """Lift a suspension, with the reason for it. Complaints until now count for no later one."""
    months = services.notifier.sms_months
    found = months.channel(channel)
    months.ledger.lift(found, body.reason, actor=asker.actor)
    return months.ledger.read(found)
