from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...types import UNSET, Unset


def _get_kwargs(
    *,
    period: str,
    district: None | str | Unset = UNSET,
    purpose: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["period"] = period

    json_district: None | str | Unset
    if isinstance(district, Unset):
        json_district = UNSET
    else:
        json_district = district
    params["district"] = json_district

    json_purpose: None | str | Unset
    if isinstance(purpose, Unset):
        json_purpose = UNSET
    else:
        json_purpose = purpose
    params["purpose"] = json_purpose

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/search/low-quality.csv",
        "params": params,
    }

    return _kwargs


def _parse(response: httpx.Response) -> bytes:
    if response.status_code == 200:
        return response.content
    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    period: str,
    district: None | str | Unset = UNSET,
    purpose: None | str | Unset = UNSET,
) -> bytes:
    """Export pictures of very low quality as CSV, worst first, beside the verdict on their camera. Give a
    `purpose`.

    The newest 1,000 of the period. Columns of the verdict are empty for accounts that may not see the
    assessment.

    Args:
        period (str): Month, day or hour: `2026-11`, `2026-11-05`, `2026-11-05T13`.
        district (None | str | Unset): Only this district; empty: cameras without.
        purpose (None | str | Unset):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `query_refused` or `bad_filter` or `bad_area` or `area_crosses` or
            `too_many_cameras` or `purpose_missing` or `bad_period`
        UnavailableError: `query_denied` or `query_fault`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            period=period,
            district=district,
            purpose=purpose,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    period: str,
    district: None | str | Unset = UNSET,
    purpose: None | str | Unset = UNSET,
) -> bytes:
    """Export pictures of very low quality as CSV, worst first, beside the verdict on their camera. Give a
    `purpose`.

    The newest 1,000 of the period. Columns of the verdict are empty for accounts that may not see the
    assessment.

    Args:
        period (str): Month, day or hour: `2026-11`, `2026-11-05`, `2026-11-05T13`.
        district (None | str | Unset): Only this district; empty: cameras without.
        purpose (None | str | Unset):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `query_refused` or `bad_filter` or `bad_area` or `area_crosses` or
            `too_many_cameras` or `purpose_missing` or `bad_period`
        UnavailableError: `query_denied` or `query_fault`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            period=period,
            district=district,
            purpose=purpose,
        ),
    )
