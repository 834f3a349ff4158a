from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.roster_list import RosterList


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/orders/roster",
    }

    return _kwargs


def _parse(response: httpx.Response) -> RosterList:
    if response.status_code == 200:
        response_200 = RosterList.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
) -> RosterList:
    """List the duty rosters of the districts in sight, each with the technician on duty now.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return center.ask(_parse, **_get_kwargs())


async def asyncio(
    center: AsyncCenter,
) -> RosterList:
    """List the duty rosters of the districts in sight, each with the technician on duty now.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(_parse, **_get_kwargs())
