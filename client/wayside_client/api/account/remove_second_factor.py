from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.password_proof import PasswordProof


def _get_kwargs(
    *,
    body: PasswordProof,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/account/second-factor/remove",
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
    body: PasswordProof,
) -> None:
    """Switch the second factor off.

    Args:
        body (PasswordProof): The user's password once more: a change that outlasts the session
            needs more than the session.

    Raises:
        NotLoggedInError: `not_logged_in` or `bad_credentials`
        ForbiddenError: `foreign_origin` or `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
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
    body: PasswordProof,
) -> None:
    """Switch the second factor off.

    Args:
        body (PasswordProof): The user's password once more: a change that outlasts the session
            needs more than the session.

    Raises:
        NotLoggedInError: `not_logged_in` or `bad_credentials`
        ForbiddenError: `foreign_origin` or `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        TooManyRequestsError: `locked_out`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
