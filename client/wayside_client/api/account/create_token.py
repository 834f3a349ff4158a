from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.created_token import CreatedToken
from ...models.new_token import NewToken


def _get_kwargs(
    *,
    body: NewToken,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/account/tokens",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> CreatedToken:
    if response.status_code == 201:
        response_201 = CreatedToken.from_dict(response.json())

        return response_201

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: NewToken,
) -> CreatedToken:
    """Make a token, with the password and, where there is one, the second factor. Its text is shown this
    once.

    Args:
        body (NewToken): The scopes and the life of a token, and the credentials of its owner,
            since it outlasts the session.

    Raises:
        NotLoggedInError: `not_logged_in` or `bad_credentials` or `second_factor_needed`
        ForbiddenError: `foreign_origin` or `forbidden` or `stale_login`
        ConflictError: `too_many_tokens`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_scope` or `token_too_long`
        TooManyRequestsError: `locked_out`
        UnavailableError: `store_unavailable` or `second_factor_key`
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
    body: NewToken,
) -> CreatedToken:
    """Make a token, with the password and, where there is one, the second factor. Its text is shown this
    once.

    Args:
        body (NewToken): The scopes and the life of a token, and the credentials of its owner,
            since it outlasts the session.

    Raises:
        NotLoggedInError: `not_logged_in` or `bad_credentials` or `second_factor_needed`
        ForbiddenError: `foreign_origin` or `forbidden` or `stale_login`
        ConflictError: `too_many_tokens`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_scope` or `token_too_long`
        TooManyRequestsError: `locked_out`
        UnavailableError: `store_unavailable` or `second_factor_key`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
