from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.outlines import Outlines


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/map/outlines",
    }

    return _kwargs


def _parse(response: httpx.Response) -> Outlines:
    if response.status_code == 200:
        response_200 = Outlines.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
) -> Outlines:
    """Show outlines of districts as GeoJSON in WGS 84; no feature where none are set.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return center.ask(_parse, **_get_kwargs())


async def asyncio(
    center: AsyncCenter,
) -> Outlines:
    """Show outlines of districts as GeoJSON in WGS 84; no feature where none are set.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(_parse, **_get_kwargs())
