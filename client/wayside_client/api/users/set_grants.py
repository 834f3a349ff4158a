from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.grant_body import GrantBody
from ...models.user_view import UserView


def _get_kwargs(
    username: str,
    *,
    body: list[GrantBody],
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/users/{username}/grants".format(
            username=quote(str(username), safe=""),
        ),
    }

    _kwargs["json"] = []
    for body_item_data in body:
        body_item = body_item_data.to_dict()
        _kwargs["json"].append(body_item)

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> UserView:
    if response.status_code == 200:
        response_200 = UserView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    username: str,
    *,
    body: list[GrantBody],
) -> UserView:
    """Replace the grants of an account.

    Args:
        username (str):
        body (list[GrantBody]):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_user` or `unknown_district`
        ConflictError: `last_administrator`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            username=username,
            body=body,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    username: str,
    *,
    body: list[GrantBody],
) -> UserView:
    """Replace the grants of an account.

    Args:
        username (str):
        body (list[GrantBody]):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_user` or `unknown_district`
        ConflictError: `last_administrator`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            username=username,
            body=body,
        ),
    )
