from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.health_report import HealthReport


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/health/details",
    }

    return _kwargs


def _parse(response: httpx.Response) -> HealthReport:
    if response.status_code == 200:
        response_200 = HealthReport.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
) -> HealthReport:
    """Report causes, remedies and counters.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return center.ask(_parse, **_get_kwargs())


async def asyncio(
    center: AsyncCenter,
) -> HealthReport:
    """Report causes, remedies and counters.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(_parse, **_get_kwargs())
