from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.camera_page import CameraPage
from ...models.indicator import Indicator
from ...models.indicator_verdict import IndicatorVerdict
from ...types import UNSET, Unset


def _get_kwargs(
    *,
    period: str,
    version: int | None | Unset = UNSET,
    district: None | str | Unset = UNSET,
    indicator: Indicator | None | Unset = UNSET,
    verdict: IndicatorVerdict | None | Unset = UNSET,
    limit: int | Unset = 200,
    cursor: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["period"] = period

    json_version: int | None | Unset
    if isinstance(version, Unset):
        json_version = UNSET
    else:
        json_version = version
    params["version"] = json_version

    json_district: None | str | Unset
    if isinstance(district, Unset):
        json_district = UNSET
    else:
        json_district = district
    params["district"] = json_district

    json_indicator: None | str | Unset
    if isinstance(indicator, Unset):
        json_indicator = UNSET
    elif isinstance(indicator, Indicator):
        json_indicator = indicator.value
    else:
        json_indicator = indicator
    params["indicator"] = json_indicator

    json_verdict: None | str | Unset
    if isinstance(verdict, Unset):
        json_verdict = UNSET
    elif isinstance(verdict, IndicatorVerdict):
        json_verdict = verdict.value
    else:
        json_verdict = verdict
    params["verdict"] = json_verdict

    params["limit"] = limit

    json_cursor: None | str | Unset
    if isinstance(cursor, Unset):
        json_cursor = UNSET
    else:
        json_cursor = cursor
    params["cursor"] = json_cursor

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/assessment/cameras",
        "params": params,
    }

    return _kwargs


def _parse(response: httpx.Response) -> CameraPage:
    if response.status_code == 200:
        response_200 = CameraPage.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    period: str,
    version: int | None | Unset = UNSET,
    district: None | str | Unset = UNSET,
    indicator: Indicator | None | Unset = UNSET,
    verdict: IndicatorVerdict | None | Unset = UNSET,
    limit: int | Unset = 200,
    cursor: None | str | Unset = UNSET,
) -> CameraPage:
    """List cameras as a league table, best first, equal ones by name, agent and id.

    Args:
        period (str): A month, a day or an hour: 2026-11, 2026-11-05, 2026-11-05T13.
        version (int | None | Unset): Of a closed month; its newest by default.
        district (None | str | Unset): Empty: cameras without one.
        indicator (Indicator | None | Unset): Rank by this instead of the score.
        verdict (IndicatorVerdict | None | Unset): Only those with it, on the indicator or on any.
        limit (int | Unset):  Default: 200.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `unknown_month_version`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_period` or `bad_cursor`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            period=period,
            version=version,
            district=district,
            indicator=indicator,
            verdict=verdict,
            limit=limit,
            cursor=cursor,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    period: str,
    version: int | None | Unset = UNSET,
    district: None | str | Unset = UNSET,
    indicator: Indicator | None | Unset = UNSET,
    verdict: IndicatorVerdict | None | Unset = UNSET,
    limit: int | Unset = 200,
    cursor: None | str | Unset = UNSET,
) -> CameraPage:
    """List cameras as a league table, best first, equal ones by name, agent and id.

    Args:
        period (str): A month, a day or an hour: 2026-11, 2026-11-05, 2026-11-05T13.
        version (int | None | Unset): Of a closed month; its newest by default.
        district (None | str | Unset): Empty: cameras without one.
        indicator (Indicator | None | Unset): Rank by this instead of the score.
        verdict (IndicatorVerdict | None | Unset): Only those with it, on the indicator or on any.
        limit (int | Unset):  Default: 200.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `unknown_month_version`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_period` or `bad_cursor`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            period=period,
            version=version,
            district=district,
            indicator=indicator,
            verdict=verdict,
            limit=limit,
            cursor=cursor,
        ),
    )
