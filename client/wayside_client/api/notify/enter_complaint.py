from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.complaint_view import ComplaintView
from ...models.new_complaint import NewComplaint


def _get_kwargs(
    channel: str,
    *,
    body: NewComplaint,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/notify/sms/{channel}/complaints".format(
            channel=quote(str(channel), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> ComplaintView:
    if response.status_code == 201:
        response_201 = ComplaintView.from_dict(response.json())

        return response_201

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    channel: str,
    *,
    body: NewComplaint,
) -> ComplaintView:
    """Enter a complaint. The eleventh within seven days suspends the channel until the suspension is
    lifted.

    Args:
        channel (str):
        body (NewComplaint): A complaint to enter. No number is taken: the name of a recipient, or
            none.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `no_sms_channel` or `unknown_recipient`
        ConflictError: `complaint_taken`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `complaint_ahead` or `complaint_reference`
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
    body: NewComplaint,
) -> ComplaintView:
    """Enter a complaint. The eleventh within seven days suspends the channel until the suspension is
    lifted.

    Args:
        channel (str):
        body (NewComplaint): A complaint to enter. No number is taken: the name of a recipient, or
            none.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `no_sms_channel` or `unknown_recipient`
        ConflictError: `complaint_taken`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `complaint_ahead` or `complaint_reference`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            channel=channel,
            body=body,
        ),
    )
