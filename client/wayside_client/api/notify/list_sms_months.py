from typing import Any, cast
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center


def _get_kwargs(
    channel: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/notify/sms/{channel}/months".format(
            channel=quote(str(channel), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> list[str]:
    if response.status_code == 200:
        response_200 = cast(list[str], response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    channel: str,
) -> list[str]:
    """List the months of a channel that have counts or a carrier's file, newest first.

    Args:
        channel (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `no_sms_channel`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            channel=channel,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    channel: str,
) -> list[str]:
    """List the months of a channel that have counts or a carrier's file, newest first.

    Args:
        channel (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `no_sms_channel`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            channel=channel,
        ),
    )
