from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.maintenance_window import MaintenanceWindow
from ...models.window_end import WindowEnd


def _get_kwargs(
    number: int,
    *,
    body: WindowEnd,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/assessment/maintenance/{number}/end".format(
            number=quote(str(number), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> MaintenanceWindow:
    if response.status_code == 200:
        response_200 = MaintenanceWindow.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    number: int,
    *,
    body: WindowEnd,
) -> MaintenanceWindow:
    """Give a maintenance window an end, or an earlier one.

    Args:
        number (int):
        body (WindowEnd): The end of a maintenance window.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_window`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `window_refused`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            number=number,
            body=body,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    number: int,
    *,
    body: WindowEnd,
) -> MaintenanceWindow:
    """Give a maintenance window an end, or an earlier one.

    Args:
        number (int):
        body (WindowEnd): The end of a maintenance window.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_window`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `window_refused`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            number=number,
            body=body,
        ),
    )
