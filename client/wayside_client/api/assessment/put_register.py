from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.register_result import RegisterResult
from ...types import UNSET, File, Unset


def _get_kwargs(
    *,
    body: File,
    replace: bool | Unset = False,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    params: dict[str, Any] = {}

    params["replace"] = replace

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/assessment/register",
        "params": params,
    }

    _kwargs["content"] = body.payload.read()
    headers["Content-Type"] = "text/csv"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> RegisterResult:
    if response.status_code == 200:
        response_200 = RegisterResult.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: File,
    replace: bool | Unset = False,
) -> RegisterResult:
    """Enter a CSV file in UTF-8: agent_id, camera_id; of district, gb_code, latitude, longitude, name what
    is known.

    It is taken whole or not at all; of each camera every cell is replaced.

    Args:
        replace (bool | Unset): Forget cameras that the file does not name. Default: False.
        body (File):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `register_refused`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            body=body,
            replace=replace,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    body: File,
    replace: bool | Unset = False,
) -> RegisterResult:
    """Enter a CSV file in UTF-8: agent_id, camera_id; of district, gb_code, latitude, longitude, name what
    is known.

    It is taken whole or not at all; of each camera every cell is replaced.

    Args:
        replace (bool | Unset): Forget cameras that the file does not name. Default: False.
        body (File):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `register_refused`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
            replace=replace,
        ),
    )
