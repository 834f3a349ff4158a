from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.report_view import ReportView
from ...types import UNSET, Unset


def _get_kwargs(
    *,
    period: str,
    version: int | None | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["period"] = period

    json_version: int | None | Unset
    if isinstance(version, Unset):
        json_version = UNSET
    else:
        json_version = version
    params["version"] = json_version

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/assessment/report",
        "params": params,
    }

    return _kwargs


def _parse(response: httpx.Response) -> ReportView:
    if response.status_code == 200:
        response_200 = ReportView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    period: str,
    version: int | None | Unset = UNSET,
) -> ReportView:
    """Report the fleet, its districts best first, and hours that the centre did not watch; cameras in
    sight only.

    Args:
        period (str): A month, a day or an hour: 2026-11, 2026-11-05, 2026-11-05T13.
        version (int | None | Unset): Of a closed month; its newest by default.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `unknown_month_version`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_period`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            period=period,
            version=version,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    period: str,
    version: int | None | Unset = UNSET,
) -> ReportView:
    """Report the fleet, its districts best first, and hours that the centre did not watch; cameras in
    sight only.

    Args:
        period (str): A month, a day or an hour: 2026-11, 2026-11-05, 2026-11-05T13.
        version (int | None | Unset): Of a closed month; its newest by default.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `unknown_month_version`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_period`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            period=period,
            version=version,
        ),
    )
