from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.health_summary import HealthSummary


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/health",
    }

    return _kwargs


def _parse(response: httpx.Response) -> HealthSummary:
    if response.status_code == 200:
        response_200 = HealthSummary.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
) -> HealthSummary:
    """Report the health. Open to load balancers and monitors without a session; at most two seconds old.

    Raises:
        TooLargeError: `too_large`
    """

    return center.ask(_parse, **_get_kwargs())


async def asyncio(
    center: AsyncCenter,
) -> HealthSummary:
    """Report the health. Open to load balancers and monitors without a session; at most two seconds old.

    Raises:
        TooLargeError: `too_large`
    """

    return await center.ask(_parse, **_get_kwargs())
