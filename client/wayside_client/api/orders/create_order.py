from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.new_order import NewOrder
from ...models.order_detail import OrderDetail


def _get_kwargs(
    *,
    body: NewOrder,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/orders",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> OrderDetail:
    if response.status_code == 201:
        response_201 = OrderDetail.from_dict(response.json())

        return response_201

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: NewOrder,
) -> OrderDetail:
    """Open an order by hand, for what no rule sees. A second person confirms it in the end.

    Args:
        body (NewOrder): An order as a user enters it: for a fault that no rule names.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `unknown_camera`
        ConflictError: `order_exists`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    body: NewOrder,
) -> OrderDetail:
    """Open an order by hand, for what no rule sees. A second person confirms it in the end.

    Args:
        body (NewOrder): An order as a user enters it: for a fault that no rule names.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `unknown_camera`
        ConflictError: `order_exists`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
