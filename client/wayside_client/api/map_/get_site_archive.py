from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/map/site.pmtiles",
    }

    return _kwargs


def _parse(response: httpx.Response) -> bytes | None:
    if response.status_code == 200:
        return response.content
    if response.status_code == 204:
        return None
    if response.status_code == 206:
        return response.content
    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
) -> bytes | None:
    """Send ranges of the imported map, a PMTiles archive of version 3.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return center.ask(_parse, **_get_kwargs())


async def asyncio(
    center: AsyncCenter,
) -> bytes | None:
    """Send ranges of the imported map, a PMTiles archive of version 3.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(_parse, **_get_kwargs())
