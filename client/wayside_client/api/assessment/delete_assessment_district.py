from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...types import UNSET


def _get_kwargs(
    *,
    name: str,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["name"] = name

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/assessment/districts",
        "params": params,
    }

    return _kwargs


def _parse(response: httpx.Response) -> None:
    if response.status_code == 204:
        return
    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    name: str,
) -> None:
    """Delete a district; cameras keep its name.

    Args:
        name (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `unknown_district`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            name=name,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    name: str,
) -> None:
    """Delete a district; cameras keep its name.

    Args:
        name (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `unknown_district`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            name=name,
        ),
    )
