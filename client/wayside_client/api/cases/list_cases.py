from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.case_list import CaseList


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/cases",
    }

    return _kwargs


def _parse(response: httpx.Response) -> CaseList:
    if response.status_code == 200:
        response_200 = CaseList.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
) -> CaseList:
    """List the newest 500 cases with a camera in sight, newest first.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return center.ask(_parse, **_get_kwargs())


async def asyncio(
    center: AsyncCenter,
) -> CaseList:
    """List the newest 500 cases with a camera in sight, newest first.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(_parse, **_get_kwargs())
