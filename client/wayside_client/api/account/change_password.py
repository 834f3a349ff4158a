from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.new_password import NewPassword


def _get_kwargs(
    *,
    body: NewPassword,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/account/password",
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
    *,
    body: NewPassword,
) -> None:
    """Change the password. Every session of the account ends, this one too, and its tokens if `end_tokens`
    is true.

    Args:
        body (NewPassword): The present password and the next one.

    Raises:
        NotLoggedInError: `not_logged_in` or `bad_credentials`
        ForbiddenError: `foreign_origin` or `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `weak_password`
        TooManyRequestsError: `locked_out`
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
    body: NewPassword,
) -> None:
    """Change the password. Every session of the account ends, this one too, and its tokens if `end_tokens`
    is true.

    Args:
        body (NewPassword): The present password and the next one.

    Raises:
        NotLoggedInError: `not_logged_in` or `bad_credentials`
        ForbiddenError: `foreign_origin` or `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `weak_password`
        TooManyRequestsError: `locked_out`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
