from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.job_list import JobList


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/jobs",
    }

    return _kwargs


def _parse(response: httpx.Response) -> JobList:
    if response.status_code == 200:
        response_200 = JobList.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
) -> JobList:
    """List jobs of cameras that the account may see: those that have not ended, then the newest 200 of the
    others.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return center.ask(_parse, **_get_kwargs())


async def asyncio(
    center: AsyncCenter,
) -> JobList:
    """List jobs of cameras that the account may see: those that have not ended, then the newest 200 of the
    others.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(_parse, **_get_kwargs())
