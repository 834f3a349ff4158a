from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.wall_view import WallView


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/wall",
    }

    return _kwargs


def _parse(response: httpx.Response) -> WallView:
    if response.status_code == 200:
        response_200 = WallView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
) -> WallView:
    """Show the figures of the situation wall, of the whole centre; null where a source does not answer.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return center.ask(_parse, **_get_kwargs())


async def asyncio(
    center: AsyncCenter,
) -> WallView:
    """Show the figures of the situation wall, of the whole centre; null where a source does not answer.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(_parse, **_get_kwargs())
