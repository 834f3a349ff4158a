from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.month_version_view import MonthVersionView


def _get_kwargs(
    month: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/assessment/months/{month}/versions".format(
            month=quote(str(month), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> list[MonthVersionView]:
    if response.status_code == 200:
        response_200 = []
        _response_200 = response.json()
        for response_200_item_data in _response_200:
            response_200_item = MonthVersionView.from_dict(response_200_item_data)

            response_200.append(response_200_item)

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    month: str,
) -> list[MonthVersionView]:
    """List the versions of a month, oldest first; a month that is not closed has none.

    Args:
        month (str): 2026-11

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_period`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            month=month,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    month: str,
) -> list[MonthVersionView]:
    """List the versions of a month, oldest first; a month that is not closed has none.

    Args:
        month (str): 2026-11

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_period`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            month=month,
        ),
    )
