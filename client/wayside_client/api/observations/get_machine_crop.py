from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...types import UNSET, Unset


def _get_kwargs(
    row_key: str,
    index: int,
    *,
    margin: float | Unset = 0.08,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["margin"] = margin

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/observations/{row_key}/machines/{index}/crop".format(
            row_key=quote(str(row_key), safe=""),
            index=quote(str(index), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse(response: httpx.Response) -> bytes:
    if response.status_code == 200:
        return response.content
    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    row_key: str,
    index: int,
    *,
    margin: float | Unset = 0.08,
) -> bytes:
    """Cut one machine from the redacted picture.

    Args:
        row_key (str): Agent and observation id, joined by a colon.
        index (int):
        margin (float | Unset): Added on every side, as a share of the box. Default: 0.08.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_observation` or `unknown_machine` or `no_picture`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `query_denied` or `query_fault` or `picture_broken`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            row_key=row_key,
            index=index,
            margin=margin,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    row_key: str,
    index: int,
    *,
    margin: float | Unset = 0.08,
) -> bytes:
    """Cut one machine from the redacted picture.

    Args:
        row_key (str): Agent and observation id, joined by a colon.
        index (int):
        margin (float | Unset): Added on every side, as a share of the box. Default: 0.08.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_observation` or `unknown_machine` or `no_picture`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `query_denied` or `query_fault` or `picture_broken`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            row_key=row_key,
            index=index,
            margin=margin,
        ),
    )
