"""Routes of notifications: channels, outbox, a test, and the address for a gateway's delivery reports."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.api.errors import documented
from center.errors import TooLargeError
from center.notify.delivery_report import MAX_BYTES
from center.notify.errors import OutboxFullError, UnknownChannelError, UnknownRecipientError
from center.notify.lifecycle import MessageState
from center.notify.views import ChannelView, OutboxPage
from center.services import Asker, Served, Source
from provisioning.contracts.config.notify import NAME_PATTERN

router = APIRouter(tags=["notify"])
REPORTS: Final = "/notify/reports/{channel}/{secret}"
_EDIT: Final = needs(Permission.NOTIFICATION_EDIT)


class TestMessage(BaseModel):
    """The channel to test, and the recipient; all of its recipients by default."""

    channel: str = Field(pattern=NAME_PATTERN)
    recipient: str | None = Field(default=None, pattern=NAME_PATTERN)


class PostedMessage(BaseModel):
    """One message in the outbox; the outbox shows its delivery."""

    parcel_id: str
    recipient: str
    state: MessageState


@router.get("/notify/channels", operation_id="list_channels", openapi_extra=_EDIT)
def list_channels(services: Served) -> tuple[ChannelView, ...]:
    """List the configured channels: masked recipients, rate, quota, counts of messages by result, faults."""
    return services.notifier.channel_views()


@router.get("/notify/outbox", operation_id="list_outbox", openapi_extra=_EDIT)
def list_outbox(
    services: Served,
    channel: Annotated[str | None, Query(pattern=NAME_PATTERN)] = None,
    state: MessageState | None = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> OutboxPage:
    """List messages, newest first. Follow `next_before` with the same filters for the next page."""
    return services.notifier.outbox_page(channel=channel, state=state, before=before, limit=limit)


@router.post(
    "/notify/test",
    operation_id="test_channel",
    openapi_extra=_EDIT,
    status_code=202,
    responses=documented(UnknownChannelError, UnknownRecipientError, OutboxFullError),
)
def test_channel(body: TestMessage, services: Served, asker: Asker) -> tuple[PostedMessage, ...]:
    """Send a message that says it is a test. It is counted in the quota like any other."""
    receipts = services.notifier.test(body.channel, body.recipient, actor=asker.actor)
    return tuple(
        PostedMessage(parcel_id=each.parcel_id, recipient=each.recipient, state=each.state) for each in receipts
    )


@router.post(REPORTS, include_in_schema=False)
async def take_report(
    channel: Annotated[str, Path(max_length=32)],
    secret: Annotated[str, Path(max_length=256)],
    request: Request,
    services: Served,
    source: Source,
) -> str:
    """Take a delivery report of the gateway, which has no log-in: its secret is in the path, its address on a list."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BYTES:
            raise TooLargeError(limit=MAX_BYTES)
    await asyncio.to_thread(services.notifier.gate.take, channel, secret, source, bytes(content))
    return "OK"
