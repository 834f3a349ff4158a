from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.maintenance_window import MaintenanceWindow


def _get_kwargs(
    number: int,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/assessment/maintenance/{number}/withdraw".format(
            number=quote(str(number), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> MaintenanceWindow:
    if response.status_code == 200:
        response_200 = MaintenanceWindow.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    number: int,
) -> MaintenanceWindow:
    """Withdraw a maintenance window: it excuses nothing any more.

    Args:
        number (int):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_window`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            number=number,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    number: int,
) -> MaintenanceWindow:
    """Withdraw a maintenance window: it excuses nothing any more.

    Args:
        number (int):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_window`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            number=number,
        ),
    )
