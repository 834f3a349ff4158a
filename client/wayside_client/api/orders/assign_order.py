from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.assignment import Assignment
from ...models.order_detail import OrderDetail


def _get_kwargs(
    order_id: int,
    *,
    body: Assignment,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/orders/{order_id}/assign".format(
            order_id=quote(str(order_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> OrderDetail:
    if response.status_code == 200:
        response_200 = OrderDetail.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    order_id: int,
    *,
    body: Assignment,
) -> OrderDetail:
    """Assign an order to a technician, also one that another has accepted.

    Args:
        order_id (int):
        body (Assignment): The technician to assign an order to.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_order`
        ConflictError: `order_state`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `not_a_technician`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            order_id=order_id,
            body=body,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    order_id: int,
    *,
    body: Assignment,
) -> OrderDetail:
    """Assign an order to a technician, also one that another has accepted.

    Args:
        order_id (int):
        body (Assignment): The technician to assign an order to.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_order`
        ConflictError: `order_state`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `not_a_technician`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            order_id=order_id,
            body=body,
        ),
    )
