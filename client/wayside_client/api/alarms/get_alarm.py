from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.alarm_history import AlarmHistory


def _get_kwargs(
    alarm_id: int,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/alarms/{alarm_id}".format(
            alarm_id=quote(str(alarm_id), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> AlarmHistory:
    if response.status_code == 200:
        response_200 = AlarmHistory.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    alarm_id: int,
) -> AlarmHistory:
    """Show one alarm with all its events.

    Args:
        alarm_id (int):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_alarm`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            alarm_id=alarm_id,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    alarm_id: int,
) -> AlarmHistory:
    """Show one alarm with all its events.

    Args:
        alarm_id (int):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_alarm`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            alarm_id=alarm_id,
        ),
    )
