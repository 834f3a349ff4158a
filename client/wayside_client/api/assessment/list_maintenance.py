from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.window_page import WindowPage
from ...types import UNSET, Unset


def _get_kwargs(
    *,
    limit: int | Unset = 200,
    cursor: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["limit"] = limit

    json_cursor: None | str | Unset
    if isinstance(cursor, Unset):
        json_cursor = UNSET
    else:
        json_cursor = cursor
    params["cursor"] = json_cursor

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/assessment/maintenance",
        "params": params,
    }

    return _kwargs


def _parse(response: httpx.Response) -> WindowPage:
    if response.status_code == 200:
        response_200 = WindowPage.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    limit: int | Unset = 200,
    cursor: None | str | Unset = UNSET,
) -> WindowPage:
    """List all maintenance windows that were ever entered.

    Args:
        limit (int | Unset):  Default: 200.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_cursor`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            limit=limit,
            cursor=cursor,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    limit: int | Unset = 200,
    cursor: None | str | Unset = UNSET,
) -> WindowPage:
    """List all maintenance windows that were ever entered.

    Args:
        limit (int | Unset):  Default: 200.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_cursor`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            limit=limit,
            cursor=cursor,
        ),
    )
