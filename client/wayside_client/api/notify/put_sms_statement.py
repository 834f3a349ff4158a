from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.sms_month_view import SmsMonthView
from ...types import UNSET, File, Unset


def _get_kwargs(
    channel: str,
    month: str,
    *,
    body: File | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/notify/sms/{channel}/months/{month}/statement".format(
            channel=quote(str(channel), safe=""),
            month=quote(str(month), safe=""),
        ),
    }

    _kwargs["headers"] = headers
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
    *,
    body: File | Unset = UNSET,
) -> SmsMonthView:
    """Take the carrier's file of a month, CSV or XLSX of up to 512 KiB, in place of an earlier one.

    It is read by the columns that `statement` of the channel names, whole or not at all; other columns
    are not kept.

    Args:
        channel (str):
        month (str): 2026-11
        body (File):
        body (File):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `no_sms_channel`
        ConflictError: `statement_unset`
        TooLargeError: `too_large` or `too_large`
        InvalidRequestError: `invalid_request` or `statement_file` or `statement_headings` or `statement_day` or
            `statement_parts` or `statement_total`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            channel=channel,
            month=month,
            body=body,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    channel: str,
    month: str,
    *,
    body: File | Unset = UNSET,
) -> SmsMonthView:
    """Take the carrier's file of a month, CSV or XLSX of up to 512 KiB, in place of an earlier one.

    It is read by the columns that `statement` of the channel names, whole or not at all; other columns
    are not kept.

    Args:
        channel (str):
        month (str): 2026-11
        body (File):
        body (File):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `no_sms_channel`
        ConflictError: `statement_unset`
        TooLargeError: `too_large` or `too_large`
        InvalidRequestError: `invalid_request` or `statement_file` or `statement_headings` or `statement_day` or
            `statement_parts` or `statement_total`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            channel=channel,
            month=month,
            body=body,
        ),
    )
