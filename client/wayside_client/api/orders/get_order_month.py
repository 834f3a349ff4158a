from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.order_month import OrderMonth


def _get_kwargs(
    month: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/orders/months/{month}".format(
            month=quote(str(month), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> OrderMonth:
    if response.status_code == 200:
        response_200 = OrderMonth.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    month: str,
) -> OrderMonth:
    """Report the orders that were opened in a month, by maintainer: MTTR, first-time fix, share in time.

    Args:
        month (str): 2026-11

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
            month=month,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    month: str,
) -> OrderMonth:
    """Report the orders that were opened in a month, by maintainer: MTTR, first-time fix, share in time.

    Args:
        month (str): 2026-11

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
            month=month,
        ),
    )
