from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.evidence_page import EvidencePage
from ...models.indicator import Indicator
from ...types import UNSET, Unset


def _get_kwargs(
    *,
    period: str,
    agent_id: str,
    camera_id: str,
    indicator: Indicator | None | Unset = UNSET,
    limit: int | Unset = 100,
    cursor: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["period"] = period

    params["agent_id"] = agent_id

    params["camera_id"] = camera_id

    json_indicator: None | str | Unset
    if isinstance(indicator, Unset):
        json_indicator = UNSET
    elif isinstance(indicator, Indicator):
        json_indicator = indicator.value
    else:
        json_indicator = indicator
    params["indicator"] = json_indicator

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
        "url": "/assessment/evidence",
        "params": params,
    }

    return _kwargs


def _parse(response: httpx.Response) -> EvidencePage:
    if response.status_code == 200:
        response_200 = EvidencePage.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    period: str,
    agent_id: str,
    camera_id: str,
    indicator: Indicator | None | Unset = UNSET,
    limit: int | Unset = 100,
    cursor: None | str | Unset = UNSET,
) -> EvidencePage:
    """List the hours of one camera as they were counted, also those of which nothing is known.

    Args:
        period (str): A month, a day or an hour: 2026-11, 2026-11-05, 2026-11-05T13.
        agent_id (str):
        camera_id (str):
        indicator (Indicator | None | Unset): Only hours that speak against it.
        limit (int | Unset):  Default: 100.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `unknown_camera`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_period` or `bad_cursor`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            period=period,
            agent_id=agent_id,
            camera_id=camera_id,
            indicator=indicator,
            limit=limit,
            cursor=cursor,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    period: str,
    agent_id: str,
    camera_id: str,
    indicator: Indicator | None | Unset = UNSET,
    limit: int | Unset = 100,
    cursor: None | str | Unset = UNSET,
) -> EvidencePage:
    """List the hours of one camera as they were counted, also those of which nothing is known.

    Args:
        period (str): A month, a day or an hour: 2026-11, 2026-11-05, 2026-11-05T13.
        agent_id (str):
        camera_id (str):
        indicator (Indicator | None | Unset): Only hours that speak against it.
        limit (int | Unset):  Default: 100.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `unknown_camera`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_period` or `bad_cursor`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            period=period,
            agent_id=agent_id,
            camera_id=camera_id,
            indicator=indicator,
            limit=limit,
            cursor=cursor,
        ),
    )
