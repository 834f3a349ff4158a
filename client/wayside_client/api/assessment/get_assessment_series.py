from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.card_view import CardView
from ...models.get_assessment_series_by import GetAssessmentSeriesBy
from ...types import UNSET, Unset


def _get_kwargs(
    *,
    period: str,
    by: GetAssessmentSeriesBy | Unset = GetAssessmentSeriesBy.DAY,
    agent_id: None | str | Unset = UNSET,
    camera_id: None | str | Unset = UNSET,
    district: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["period"] = period

    json_by: str | Unset = UNSET
    if not isinstance(by, Unset):
        json_by = by.value

    params["by"] = json_by

    json_agent_id: None | str | Unset
    if isinstance(agent_id, Unset):
        json_agent_id = UNSET
    else:
        json_agent_id = agent_id
    params["agent_id"] = json_agent_id

    json_camera_id: None | str | Unset
    if isinstance(camera_id, Unset):
        json_camera_id = UNSET
    else:
        json_camera_id = camera_id
    params["camera_id"] = json_camera_id

    json_district: None | str | Unset
    if isinstance(district, Unset):
        json_district = UNSET
    else:
        json_district = district
    params["district"] = json_district

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/assessment/series",
        "params": params,
    }

    return _kwargs


def _parse(response: httpx.Response) -> list[CardView]:
    if response.status_code == 200:
        response_200 = []
        _response_200 = response.json()
        for response_200_item_data in _response_200:
            response_200_item = CardView.from_dict(response_200_item_data)

            response_200.append(response_200_item)

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    period: str,
    by: GetAssessmentSeriesBy | Unset = GetAssessmentSeriesBy.DAY,
    agent_id: None | str | Unset = UNSET,
    camera_id: None | str | Unset = UNSET,
    district: None | str | Unset = UNSET,
) -> list[CardView]:
    """Series of a camera (agent and id), district or the fleet, by hour, day or month; place and code have
    no hours.

    Args:
        period (str): A month, a day or an hour: 2026-11, 2026-11-05, 2026-11-05T13.
        by (GetAssessmentSeriesBy | Unset):  Default: GetAssessmentSeriesBy.DAY.
        agent_id (None | str | Unset):
        camera_id (None | str | Unset):
        district (None | str | Unset):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `unknown_camera`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_period`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            period=period,
            by=by,
            agent_id=agent_id,
            camera_id=camera_id,
            district=district,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    period: str,
    by: GetAssessmentSeriesBy | Unset = GetAssessmentSeriesBy.DAY,
    agent_id: None | str | Unset = UNSET,
    camera_id: None | str | Unset = UNSET,
    district: None | str | Unset = UNSET,
) -> list[CardView]:
    """Series of a camera (agent and id), district or the fleet, by hour, day or month; place and code have
    no hours.

    Args:
        period (str): A month, a day or an hour: 2026-11, 2026-11-05, 2026-11-05T13.
        by (GetAssessmentSeriesBy | Unset):  Default: GetAssessmentSeriesBy.DAY.
        agent_id (None | str | Unset):
        camera_id (None | str | Unset):
        district (None | str | Unset):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `unknown_camera`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_period`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            period=period,
            by=by,
            agent_id=agent_id,
            camera_id=camera_id,
            district=district,
        ),
    )
