from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.stage_history import StageHistory
from ...types import UNSET, Unset


def _get_kwargs(
    *,
    hours: float | Unset = 3.0,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["hours"] = hours

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/pipeline/history",
        "params": params,
    }

    return _kwargs


def _parse(response: httpx.Response) -> list[StageHistory]:
    if response.status_code == 200:
        response_200 = []
        _response_200 = response.json()
        for response_200_item_data in _response_200:
            response_200_item = StageHistory.from_dict(response_200_item_data)

            response_200.append(response_200_item)

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    hours: float | Unset = 3.0,
) -> list[StageHistory]:
    """List a point a minute, oldest first; none for a minute in which the centre did not run.

    Args:
        hours (float | Unset):  Default: 3.0.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            hours=hours,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    hours: float | Unset = 3.0,
) -> list[StageHistory]:
    """List a point a minute, oldest first; none for a minute in which the centre did not run.

    Args:
        hours (float | Unset):  Default: 3.0.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            hours=hours,
        ),
    )
