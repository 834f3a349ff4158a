from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.ledger_view import LedgerView
from ...models.lift_reason import LiftReason


def _get_kwargs(
    channel: str,
    *,
    body: LiftReason,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/notify/sms/{channel}/suspension/lift".format(
            channel=quote(str(channel), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> LedgerView:
    if response.status_code == 200:
        response_200 = LedgerView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    channel: str,
    *,
    body: LiftReason,
) -> LedgerView:
    """Lift a suspension, with the reason for it. Complaints until now count for no later one.

    Args:
        channel (str):
        body (LiftReason): The reason for the end of a suspension: what was found and what was
            changed.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `no_sms_channel`
        ConflictError: `not_suspended`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `lift_reason`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            channel=channel,
            body=body,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    channel: str,
    *,
    body: LiftReason,
) -> LedgerView:
    """Lift a suspension, with the reason for it. Complaints until now count for no later one.

    Args:
        channel (str):
        body (LiftReason): The reason for the end of a suspension: what was found and what was
            changed.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `no_sms_channel`
        ConflictError: `not_suspended`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `lift_reason`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            channel=channel,
            body=body,
        ),
    )
