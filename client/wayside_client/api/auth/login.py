from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.login import Login
from ...models.session import Session


def _get_kwargs(
    *,
    body: Login,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/login",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> Session:
    if response.status_code == 200:
        response_200 = Session.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: Login,
) -> Session:
    """Open a session; the answer sets its cookie.

    Args:
        body (Login): Name and password of a local account, and the code of its second factor
            where it has one.

    Raises:
        NotLoggedInError: `bad_credentials` or `second_factor_needed`
        ForbiddenError: `foreign_origin`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        TooManyRequestsError: `locked_out`
        UnavailableError: `second_factor_key` or `store_unavailable`
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
    body: Login,
) -> Session:
    """Open a session; the answer sets its cookie.

    Args:
        body (Login): Name and password of a local account, and the code of its second factor
            where it has one.

    Raises:
        NotLoggedInError: `bad_credentials` or `second_factor_needed`
        ForbiddenError: `foreign_origin`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        TooManyRequestsError: `locked_out`
        UnavailableError: `second_factor_key` or `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
