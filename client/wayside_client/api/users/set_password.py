from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.password import Password


def _get_kwargs(
    username: str,
    *,
    body: Password,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/users/{username}/password".format(
            username=quote(str(username), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> None:
    if response.status_code == 204:
        return
    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    username: str,
    *,
    body: Password,
) -> None:
    """Set an account's password and end its sessions, and its tokens if `end_tokens` is true.

    Args:
        username (str):
        body (Password): A new password for an account.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_user`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_username` or `weak_password`
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
    body: Password,
) -> None:
    """Set an account's password and end its sessions, and its tokens if `end_tokens` is true.

    Args:
        username (str):
        body (Password): A new password for an account.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_user`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_username` or `weak_password`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            username=username,
            body=body,
        ),
    )
