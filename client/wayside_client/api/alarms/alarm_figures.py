from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.alarm_figures import AlarmFigures


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/alarms/figures",
    }

    return _kwargs


def _parse(response: httpx.Response) -> AlarmFigures:
    if response.status_code == 200:
        response_200 = AlarmFigures.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
) -> AlarmFigures:
    """Count evaluated rows by outcome since the centre started, and list faults of the alarm service
    itself.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return center.ask(_parse, **_get_kwargs())


async def asyncio(
    center: AsyncCenter,
) -> AlarmFigures:
    """Count evaluated rows by outcome since the centre started, and list faults of the alarm service
    itself.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(_parse, **_get_kwargs())
