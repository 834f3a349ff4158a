from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.tactic_view import TacticView


def _get_kwargs(
    tactic_id: int,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/tactics/{tactic_id}".format(
            tactic_id=quote(str(tactic_id), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> TacticView:
    if response.status_code == 200:
        response_200 = TacticView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    tactic_id: int,
) -> TacticView:
    """Show one tactic with its text.

    Args:
        tactic_id (int):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
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
) -> TacticView:
    """Show one tactic with its text.

    Args:
        tactic_id (int):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
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
