from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.maintenance_window import MaintenanceWindow
from ...models.plan import Plan


def _get_kwargs(
    *,
    body: Plan,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/assessment/maintenance",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> MaintenanceWindow:
    if response.status_code == 201:
        response_201 = MaintenanceWindow.from_dict(response.json())

        return response_201

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: Plan,
) -> MaintenanceWindow:
    """Excuse hours beforehand; afterwards too, but then the window is marked as late.

    Args:
        body (Plan): Maintenance as a user enters it.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `window_refused`
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
    body: Plan,
) -> MaintenanceWindow:
    """Excuse hours beforehand; afterwards too, but then the window is marked as late.

    Args:
        body (Plan): Maintenance as a user enters it.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `window_refused`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
