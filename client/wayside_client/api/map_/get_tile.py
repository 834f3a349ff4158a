from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center


def _get_kwargs(
    zoom: int,
    x: int,
    y: int,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/map/tiles/{zoom}/{x}/{y}".format(
            zoom=quote(str(zoom), safe=""),
            x=quote(str(x), safe=""),
            y=quote(str(y), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> bytes | None:
    if response.status_code == 200:
        return response.content
    if response.status_code == 204:
        return None
    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    zoom: int,
    x: int,
    y: int,
) -> bytes | None:
    """Send one tile of the local set (Web Mercator, 256 px, y from the north).

    Args:
        zoom (int):
        x (int):
        y (int):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            zoom=zoom,
            x=x,
            y=y,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    zoom: int,
    x: int,
    y: int,
) -> bytes | None:
    """Send one tile of the local set (Web Mercator, 256 px, y from the north).

    Args:
        zoom (int):
        x (int):
        y (int):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            zoom=zoom,
            x=x,
            y=y,
        ),
    )
