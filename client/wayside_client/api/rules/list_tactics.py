from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.tactic_view import TacticView


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/tactics",
    }

    return _kwargs


def _parse(response: httpx.Response) -> list[TacticView]:
    if response.status_code == 200:
        response_200 = []
        _response_200 = response.json()
        for response_200_item_data in _response_200:
            response_200_item = TacticView.from_dict(response_200_item_data)

            response_200.append(response_200_item)

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
) -> list[TacticView]:
    """List the tactics of the districts in which the account may edit rules.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return center.ask(_parse, **_get_kwargs())


async def asyncio(
    center: AsyncCenter,
) -> list[TacticView]:
    """List the tactics of the districts in which the account may edit rules.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(_parse, **_get_kwargs())
