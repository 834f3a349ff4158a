from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...types import UNSET, Unset


def _get_kwargs(
    row_key: str,
    *,
    max_side_px: int | None | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_max_side_px: int | None | Unset
    if isinstance(max_side_px, Unset):
        json_max_side_px = UNSET
    else:
        json_max_side_px = max_side_px
    params["max_side_px"] = json_max_side_px

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/observations/{row_key}/picture".format(
            row_key=quote(str(row_key), safe=""),
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
    *,
    max_side_px: int | None | Unset = UNSET,
) -> bytes:
    """Send the redacted picture, whole or as a preview.

    Args:
        row_key (str): Agent and observation id, joined by a colon.
        max_side_px (int | None | Unset): Longer side of a preview.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_observation` or `no_picture`
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
            max_side_px=max_side_px,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    row_key: str,
    *,
    max_side_px: int | None | Unset = UNSET,
) -> bytes:
    """Send the redacted picture, whole or as a preview.

    Args:
        row_key (str): Agent and observation id, joined by a colon.
        max_side_px (int | None | Unset): Longer side of a preview.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_observation` or `no_picture`
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
            max_side_px=max_side_px,
        ),
    )
