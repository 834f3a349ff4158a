from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.order_detail import OrderDetail


def _get_kwargs(
    order_id: int,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/orders/{order_id}".format(
            order_id=quote(str(order_id), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> OrderDetail:
    if response.status_code == 200:
        response_200 = OrderDetail.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    order_id: int,
) -> OrderDetail:
    """Show one order with its clocks and history.

    Args:
        order_id (int):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_order`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            order_id=order_id,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    order_id: int,
) -> OrderDetail:
    """Show one order with its clocks and history.

    Args:
        order_id (int):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_order`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            order_id=order_id,
        ),
    )
