from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.terms_list import TermsList


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/orders/terms",
    }

    return _kwargs


def _parse(response: httpx.Response) -> TermsList:
    if response.status_code == 200:
        response_200 = TermsList.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
) -> TermsList:
    """List the terms of the districts in sight, those that hold elsewhere first.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return center.ask(_parse, **_get_kwargs())


async def asyncio(
    center: AsyncCenter,
) -> TermsList:
    """List the terms of the districts in sight, those that hold elsewhere first.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(_parse, **_get_kwargs())
