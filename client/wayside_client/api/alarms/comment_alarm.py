from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.alarm_view import AlarmView
from ...models.comment import Comment


def _get_kwargs(
    alarm_id: int,
    *,
    body: Comment,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/alarms/{alarm_id}/comment".format(
            alarm_id=quote(str(alarm_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> AlarmView:
    if response.status_code == 200:
        response_200 = AlarmView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    alarm_id: int,
    *,
    body: Comment,
) -> AlarmView:
    """Comment on an alarm, also on a closed one.

    Args:
        alarm_id (int):
        body (Comment): A comment that is the action itself.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_alarm`
        ConflictError: `alarm_state`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            alarm_id=alarm_id,
            body=body,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    alarm_id: int,
    *,
    body: Comment,
) -> AlarmView:
    """Comment on an alarm, also on a closed one.

    Args:
        alarm_id (int):
        body (Comment): A comment that is the action itself.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_alarm`
        ConflictError: `alarm_state`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            alarm_id=alarm_id,
            body=body,
        ),
    )
