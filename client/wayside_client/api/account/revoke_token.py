from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center


def _get_kwargs(
    token_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/account/tokens/{token_id}".format(
            token_id=quote(str(token_id), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> None:
    if response.status_code == 204:
        return
    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    token_id: str,
) -> None:
    """End a token of the account at once.

    Args:
        token_id (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_token`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            token_id=token_id,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    token_id: str,
) -> None:
    """End a token of the account at once.

    Args:
        token_id (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_token`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            token_id=token_id,
        ),
    )
