from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.export_sms_month_form import ExportSmsMonthForm
from ...types import UNSET, Unset


def _get_kwargs(
    channel: str,
    month: str,
    *,
    form: ExportSmsMonthForm | Unset = ExportSmsMonthForm.XLSX,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_form: str | Unset = UNSET
    if not isinstance(form, Unset):
        json_form = form.value

    params["form"] = json_form

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/notify/sms/{channel}/months/{month}/export".format(
            channel=quote(str(channel), safe=""),
            month=quote(str(month), safe=""),
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
    channel: str,
    month: str,
    *,
    form: ExportSmsMonthForm | Unset = ExportSmsMonthForm.XLSX,
) -> bytes:
    """Export the counts by day and template as CSV, or all tables as a workbook. Texts never become
    formulas.

    Args:
        channel (str):
        month (str): 2026-11
        form (ExportSmsMonthForm | Unset):  Default: ExportSmsMonthForm.XLSX.

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
            form=form,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    channel: str,
    month: str,
    *,
    form: ExportSmsMonthForm | Unset = ExportSmsMonthForm.XLSX,
) -> bytes:
    """Export the counts by day and template as CSV, or all tables as a workbook. Texts never become
    formulas.

    Args:
        channel (str):
        month (str): 2026-11
        form (ExportSmsMonthForm | Unset):  Default: ExportSmsMonthForm.XLSX.

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
            form=form,
        ),
    )
