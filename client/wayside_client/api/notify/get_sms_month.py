from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.sms_month_view import SmsMonthView


def _get_kwargs(
    channel: str,
    month: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/notify/sms/{channel}/months/{month}".format(
            channel=quote(str(channel), safe=""),
            month=quote(str(month), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> SmsMonthView:
    if response.status_code == 200:
        response_200 = SmsMonthView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    channel: str,
    month: str,
) -> SmsMonthView:
    """Read a month: own counts by day and template, the carrier's beside them, the verdict by 5 %, the
    cost.

    Args:
        channel (str):
        month (str): 2026-11

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
            month=month,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    channel: str,
    month: str,
) -> SmsMonthView:
    """Read a month: own counts by day and template, the carrier's beside them, the verdict by 5 %, the
    cost.

    Args:
        channel (str):
        month (str): 2026-11

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
            month=month,
        ),
    )
