from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.factor_begun import FactorBegun
from ...models.password_proof import PasswordProof


def _get_kwargs(
    *,
    body: PasswordProof,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/account/second-factor",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> FactorBegun:
    if response.status_code == 200:
        response_200 = FactorBegun.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: PasswordProof,
) -> FactorBegun:
    """Make a secret for an authenticator app.

    Args:
        body (PasswordProof): The user's password once more: a change that outlasts the session
            needs more than the session.

    Raises:
        NotLoggedInError: `not_logged_in` or `bad_credentials`
        ForbiddenError: `foreign_origin` or `forbidden`
        ConflictError: `second_factor_on`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
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
    body: PasswordProof,
) -> FactorBegun:
    """Make a secret for an authenticator app.

    Args:
        body (PasswordProof): The user's password once more: a change that outlasts the session
            needs more than the session.

    Raises:
        NotLoggedInError: `not_logged_in` or `bad_credentials`
        ForbiddenError: `foreign_origin` or `forbidden`
        ConflictError: `second_factor_on`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        TooManyRequestsError: `locked_out`
        UnavailableError: `store_unavailable` or `second_factor_key`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
