from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.rule_list import RuleList
from ...types import UNSET, Unset


def _get_kwargs(
    *,
    limit: int | Unset = 50,
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
        "url": "/rules",
        "params": params,
    }

    return _kwargs


def _parse(response: httpx.Response) -> RuleList:
    if response.status_code == 200:
        response_200 = RuleList.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> RuleList:
    """List rules, newest first, retired ones too, if all their cameras are in sight.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
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
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> RuleList:
    """List rules, newest first, retired ones too, if all their cameras are in sight.

    Args:
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            limit=limit,
            cursor=cursor,
        ),
    )
