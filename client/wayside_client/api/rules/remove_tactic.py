from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center


def _get_kwargs(
    tactic_id: int,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/tactics/{tactic_id}".format(
            tactic_id=quote(str(tactic_id), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> None:
    if response.status_code == 204:
        return
    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    tactic_id: int,
) -> None:
    """Remove a tactic. Rules that were made of it stay.

    Args:
        tactic_id (int):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_tactic`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            tactic_id=tactic_id,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    tactic_id: int,
) -> None:
    """Remove a tactic. Rules that were made of it stay.

    Args:
        tactic_id (int):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_tactic`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            tactic_id=tactic_id,
        ),
    )
