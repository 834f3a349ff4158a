from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.created_administrator import CreatedAdministrator
from ...models.setup import Setup


def _get_kwargs(
    *,
    body: Setup,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/setup",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> CreatedAdministrator:
    if response.status_code == 201:
        response_201 = CreatedAdministrator.from_dict(response.json())

        return response_201

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: Setup,
) -> CreatedAdministrator:
    """Make the administrator. Works once; the code is deleted with it.

    Args:
        body (Setup): The code from the set-up file, and the account to make.

    Raises:
        ForbiddenError: `foreign_origin` or `wrong_setup_code`
        ConflictError: `setup_done`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_username` or `weak_password`
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
    body: Setup,
) -> CreatedAdministrator:
    """Make the administrator. Works once; the code is deleted with it.

    Args:
        body (Setup): The code from the set-up file, and the account to make.

    Raises:
        ForbiddenError: `foreign_origin` or `wrong_setup_code`
        ConflictError: `setup_done`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_username` or `weak_password`
        TooManyRequestsError: `locked_out`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
