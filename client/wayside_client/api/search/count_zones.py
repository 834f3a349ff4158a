from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.zone_counts import ZoneCounts
from ...types import UNSET, Unset


def _get_kwargs(
    *,
    from_ms: int,
    to_ms: int,
    bin_ms: int,
    camera_id: list[str] | Unset = UNSET,
    area: None | str | Unset = UNSET,
    case_id: None | str | Unset = UNSET,
    purpose: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["from_ms"] = from_ms

    params["to_ms"] = to_ms

    params["bin_ms"] = bin_ms

    json_camera_id: list[str] | Unset = UNSET
    if not isinstance(camera_id, Unset):
        json_camera_id = camera_id

    params["camera_id"] = json_camera_id

    json_area: None | str | Unset
    if isinstance(area, Unset):
        json_area = UNSET
    else:
        json_area = area
    params["area"] = json_area

    json_case_id: None | str | Unset
    if isinstance(case_id, Unset):
        json_case_id = UNSET
    else:
        json_case_id = case_id
    params["case_id"] = json_case_id

    json_purpose: None | str | Unset
    if isinstance(purpose, Unset):
        json_purpose = UNSET
    else:
        json_purpose = purpose
    params["purpose"] = json_purpose

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/search/zones",
        "params": params,
    }

    return _kwargs


def _parse(response: httpx.Response) -> ZoneCounts:
    if response.status_code == 200:
        response_200 = ZoneCounts.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    from_ms: int,
    to_ms: int,
    bin_ms: int,
    camera_id: list[str] | Unset = UNSET,
    area: None | str | Unset = UNSET,
    case_id: None | str | Unset = UNSET,
    purpose: None | str | Unset = UNSET,
) -> ZoneCounts:
    """Count people in a camera's pictures: mean and maximum, in bins of whole five minutes.

    Nothing finer and nothing else can be queried; a bin is answered five minutes after its end, and
    from three pictures
    on.

    Args:
        from_ms (int):
        to_ms (int):
        bin_ms (int):
        camera_id (list[str] | Unset):
        area (None | str | Unset):
        case_id (None | str | Unset):
        purpose (None | str | Unset):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `query_refused` or `bad_filter` or `bad_area` or `area_crosses` or
            `too_many_cameras`
        UnavailableError: `query_denied` or `query_fault`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            from_ms=from_ms,
            to_ms=to_ms,
            bin_ms=bin_ms,
            camera_id=camera_id,
            area=area,
            case_id=case_id,
            purpose=purpose,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    from_ms: int,
    to_ms: int,
    bin_ms: int,
    camera_id: list[str] | Unset = UNSET,
    area: None | str | Unset = UNSET,
    case_id: None | str | Unset = UNSET,
    purpose: None | str | Unset = UNSET,
) -> ZoneCounts:
    """Count people in a camera's pictures: mean and maximum, in bins of whole five minutes.

    Nothing finer and nothing else can be queried; a bin is answered five minutes after its end, and
    from three pictures
    on.

    Args:
        from_ms (int):
        to_ms (int):
        bin_ms (int):
        camera_id (list[str] | Unset):
        area (None | str | Unset):
        case_id (None | str | Unset):
        purpose (None | str | Unset):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `query_refused` or `bad_filter` or `bad_area` or `area_crosses` or
            `too_many_cameras`
        UnavailableError: `query_denied` or `query_fault`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            from_ms=from_ms,
            to_ms=to_ms,
            bin_ms=bin_ms,
            camera_id=camera_id,
            area=area,
            case_id=case_id,
            purpose=purpose,
        ),
    )
