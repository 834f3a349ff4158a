from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.new_user import NewUser
from ...models.user_view import UserView


def _get_kwargs(
    *,
    body: NewUser,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/users",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> UserView:
    if response.status_code == 201:
        response_201 = UserView.from_dict(response.json())

        return response_201

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: NewUser,
) -> UserView:
    """Make an account; without a grant it may only manage itself.

    Args:
        body (NewUser): A new account: name, password and grants.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `unknown_district`
        ConflictError: `user_taken`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_username` or `weak_password`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    body: NewUser,
) -> UserView:
    """Make an account; without a grant it may only manage itself.

    Args:
        body (NewUser): A new account: name, password and grants.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `unknown_district`
        ConflictError: `user_taken`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_username` or `weak_password`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
