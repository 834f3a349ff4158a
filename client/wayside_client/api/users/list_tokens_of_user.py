from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.shown_token import ShownToken


def _get_kwargs(
    username: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/users/{username}/tokens".format(
            username=quote(str(username), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> list[ShownToken]:
    if response.status_code == 200:
        response_200 = []
        _response_200 = response.json()
        for response_200_item_data in _response_200:
            response_200_item = ShownToken.from_dict(response_200_item_data)

            response_200.append(response_200_item)

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    username: str,
) -> list[ShownToken]:
    """List the tokens of an account, newest first; revoked and expired ones too.

    Args:
        username (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_user`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            username=username,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    username: str,
) -> list[ShownToken]:
    """List the tokens of an account, newest first; revoked and expired ones too.

    Args:
        username (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_user`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            username=username,
        ),
    )
