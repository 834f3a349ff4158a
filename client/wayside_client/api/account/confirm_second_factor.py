from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.one_time_code import OneTimeCode
from ...models.recovery_codes import RecoveryCodes


def _get_kwargs(
    *,
    body: OneTimeCode,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/account/second-factor/confirm",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> RecoveryCodes:
    if response.status_code == 200:
        response_200 = RecoveryCodes.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: OneTimeCode,
) -> RecoveryCodes:
    """Switch the second factor on with a code of the app; the account's tokens end if `end_tokens` is
    true.

    Args:
        body (OneTimeCode): A one-time code of the authenticator app.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden` or `wrong_code`
        ConflictError: `second_factor_on`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
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
    body: OneTimeCode,
) -> RecoveryCodes:
    """Switch the second factor on with a code of the app; the account's tokens end if `end_tokens` is
    true.

    Args:
        body (OneTimeCode): A one-time code of the authenticator app.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden` or `wrong_code`
        ConflictError: `second_factor_on`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable` or `second_factor_key`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
