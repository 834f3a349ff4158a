from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center


def _get_kwargs(
    month: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/orders/months/{month}.pdf".format(
            month=quote(str(month), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> bytes:
    if response.status_code == 200:
        return response.content
    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    month: str,
) -> bytes:
    """Export the same as a PDF, signed with the centre's key.

    Args:
        month (str): 2026-11

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable` or `signing_off`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            month=month,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    month: str,
) -> bytes:
    """Export the same as a PDF, signed with the centre's key.

    Args:
        month (str): 2026-11

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable` or `signing_off`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            month=month,
        ),
    )
