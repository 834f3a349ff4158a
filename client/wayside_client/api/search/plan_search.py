from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.machine_class import MachineClass
from ...models.machine_colour import MachineColour
from ...models.search_plan_view import SearchPlanView
from ...types import UNSET, Unset


def _get_kwargs(
    *,
    cls: list[MachineClass] | Unset = UNSET,
    colour: list[MachineColour] | Unset = UNSET,
    min_side_px: int | None | Unset = UNSET,
    max_side_px: int | None | Unset = UNSET,
    min_share: float | None | Unset = UNSET,
    max_share: float | None | Unset = UNSET,
    heading_deg: float | None | Unset = UNSET,
    heading_within_deg: float | Unset = 45.0,
    zone: list[str] | Unset = UNSET,
    sharpness_below: float | None | Unset = UNSET,
    sharpness_above: float | None | Unset = UNSET,
    brightness_below: float | None | Unset = UNSET,
    brightness_above: float | None | Unset = UNSET,
    contrast_below: float | None | Unset = UNSET,
    contrast_above: float | None | Unset = UNSET,
    low_quality: bool | Unset = False,
    camera_id: list[str] | Unset = UNSET,
    area: None | str | Unset = UNSET,
    case_id: None | str | Unset = UNSET,
    purpose: None | str | Unset = UNSET,
    from_ms: int | None | Unset = UNSET,
    to_ms: int | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_cls: list[str] | Unset = UNSET
    if not isinstance(cls, Unset):
        json_cls = []
        for cls_item_data in cls:
            cls_item = cls_item_data.value
            json_cls.append(cls_item)

    params["cls"] = json_cls

    json_colour: list[str] | Unset = UNSET
    if not isinstance(colour, Unset):
        json_colour = []
        for colour_item_data in colour:
            colour_item = colour_item_data.value
            json_colour.append(colour_item)

    params["colour"] = json_colour

    json_min_side_px: int | None | Unset
    if isinstance(min_side_px, Unset):
        json_min_side_px = UNSET
    else:
        json_min_side_px = min_side_px
    params["min_side_px"] = json_min_side_px

    json_max_side_px: int | None | Unset
    if isinstance(max_side_px, Unset):
        json_max_side_px = UNSET
    else:
        json_max_side_px = max_side_px
    params["max_side_px"] = json_max_side_px

    json_min_share: float | None | Unset
    if isinstance(min_share, Unset):
        json_min_share = UNSET
    else:
        json_min_share = min_share
    params["min_share"] = json_min_share

    json_max_share: float | None | Unset
    if isinstance(max_share, Unset):
        json_max_share = UNSET
    else:
        json_max_share = max_share
    params["max_share"] = json_max_share

    json_heading_deg: float | None | Unset
    if isinstance(heading_deg, Unset):
        json_heading_deg = UNSET
    else:
        json_heading_deg = heading_deg
    params["heading_deg"] = json_heading_deg

    params["heading_within_deg"] = heading_within_deg

    json_zone: list[str] | Unset = UNSET
    if not isinstance(zone, Unset):
        json_zone = zone

    params["zone"] = json_zone

    json_sharpness_below: float | None | Unset
    if isinstance(sharpness_below, Unset):
        json_sharpness_below = UNSET
    else:
        json_sharpness_below = sharpness_below
    params["sharpness_below"] = json_sharpness_below

    json_sharpness_above: float | None | Unset
    if isinstance(sharpness_above, Unset):
        json_sharpness_above = UNSET
    else:
        json_sharpness_above = sharpness_above
    params["sharpness_above"] = json_sharpness_above

    json_brightness_below: float | None | Unset
    if isinstance(brightness_below, Unset):
        json_brightness_below = UNSET
    else:
        json_brightness_below = brightness_below
    params["brightness_below"] = json_brightness_below

    json_brightness_above: float | None | Unset
    if isinstance(brightness_above, Unset):
        json_brightness_above = UNSET
    else:
        json_brightness_above = brightness_above
    params["brightness_above"] = json_brightness_above

    json_contrast_below: float | None | Unset
    if isinstance(contrast_below, Unset):
        json_contrast_below = UNSET
    else:
        json_contrast_below = contrast_below
    params["contrast_below"] = json_contrast_below

    json_contrast_above: float | None | Unset
    if isinstance(contrast_above, Unset):
        json_contrast_above = UNSET
    else:
        json_contrast_above = contrast_above
    params["contrast_above"] = json_contrast_above

    params["low_quality"] = low_quality

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

    json_from_ms: int | None | Unset
    if isinstance(from_ms, Unset):
        json_from_ms = UNSET
    else:
        json_from_ms = from_ms
    params["from_ms"] = json_from_ms

    json_to_ms: int | None | Unset
    if isinstance(to_ms, Unset):
        json_to_ms = UNSET
    else:
        json_to_ms = to_ms
    params["to_ms"] = json_to_ms

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
        "url": "/search/plan",
        "params": params,
    }

    return _kwargs


def _parse(response: httpx.Response) -> SearchPlanView:
    if response.status_code == 200:
        response_200 = SearchPlanView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    cls: list[MachineClass] | Unset = UNSET,
    colour: list[MachineColour] | Unset = UNSET,
    min_side_px: int | None | Unset = UNSET,
    max_side_px: int | None | Unset = UNSET,
    min_share: float | None | Unset = UNSET,
    max_share: float | None | Unset = UNSET,
    heading_deg: float | None | Unset = UNSET,
    heading_within_deg: float | Unset = 45.0,
    zone: list[str] | Unset = UNSET,
    sharpness_below: float | None | Unset = UNSET,
    sharpness_above: float | None | Unset = UNSET,
    brightness_below: float | None | Unset = UNSET,
    brightness_above: float | None | Unset = UNSET,
    contrast_below: float | None | Unset = UNSET,
    contrast_above: float | None | Unset = UNSET,
    low_quality: bool | Unset = False,
    camera_id: list[str] | Unset = UNSET,
    area: None | str | Unset = UNSET,
    case_id: None | str | Unset = UNSET,
    purpose: None | str | Unset = UNSET,
    from_ms: int | None | Unset = UNSET,
    to_ms: int | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> SearchPlanView:
    """Explain a search: table and indexes of each day, and its row count for accounts that see all
    cameras.

    Args:
        cls (list[MachineClass] | Unset):
        colour (list[MachineColour] | Unset):
        min_side_px (int | None | Unset):
        max_side_px (int | None | Unset):
        min_share (float | None | Unset):
        max_share (float | None | Unset):
        heading_deg (float | None | Unset):
        heading_within_deg (float | Unset):  Default: 45.0.
        zone (list[str] | Unset):
        sharpness_below (float | None | Unset):
        sharpness_above (float | None | Unset):
        brightness_below (float | None | Unset):
        brightness_above (float | None | Unset):
        contrast_below (float | None | Unset):
        contrast_above (float | None | Unset):
        low_quality (bool | Unset):  Default: False.
        camera_id (list[str] | Unset):
        area (None | str | Unset):
        case_id (None | str | Unset):
        purpose (None | str | Unset):
        from_ms (int | None | Unset):
        to_ms (int | None | Unset):
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset):

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
            cls=cls,
            colour=colour,
            min_side_px=min_side_px,
            max_side_px=max_side_px,
            min_share=min_share,
            max_share=max_share,
            heading_deg=heading_deg,
            heading_within_deg=heading_within_deg,
            zone=zone,
            sharpness_below=sharpness_below,
            sharpness_above=sharpness_above,
            brightness_below=brightness_below,
            brightness_above=brightness_above,
            contrast_below=contrast_below,
            contrast_above=contrast_above,
            low_quality=low_quality,
            camera_id=camera_id,
            area=area,
            case_id=case_id,
            purpose=purpose,
            from_ms=from_ms,
            to_ms=to_ms,
            limit=limit,
            cursor=cursor,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    cls: list[MachineClass] | Unset = UNSET,
    colour: list[MachineColour] | Unset = UNSET,
    min_side_px: int | None | Unset = UNSET,
    max_side_px: int | None | Unset = UNSET,
    min_share: float | None | Unset = UNSET,
    max_share: float | None | Unset = UNSET,
    heading_deg: float | None | Unset = UNSET,
    heading_within_deg: float | Unset = 45.0,
    zone: list[str] | Unset = UNSET,
    sharpness_below: float | None | Unset = UNSET,
    sharpness_above: float | None | Unset = UNSET,
    brightness_below: float | None | Unset = UNSET,
    brightness_above: float | None | Unset = UNSET,
    contrast_below: float | None | Unset = UNSET,
    contrast_above: float | None | Unset = UNSET,
    low_quality: bool | Unset = False,
    camera_id: list[str] | Unset = UNSET,
    area: None | str | Unset = UNSET,
    case_id: None | str | Unset = UNSET,
    purpose: None | str | Unset = UNSET,
    from_ms: int | None | Unset = UNSET,
    to_ms: int | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> SearchPlanView:
    """Explain a search: table and indexes of each day, and its row count for accounts that see all
    cameras.

    Args:
        cls (list[MachineClass] | Unset):
        colour (list[MachineColour] | Unset):
        min_side_px (int | None | Unset):
        max_side_px (int | None | Unset):
        min_share (float | None | Unset):
        max_share (float | None | Unset):
        heading_deg (float | None | Unset):
        heading_within_deg (float | Unset):  Default: 45.0.
        zone (list[str] | Unset):
        sharpness_below (float | None | Unset):
        sharpness_above (float | None | Unset):
        brightness_below (float | None | Unset):
        brightness_above (float | None | Unset):
        contrast_below (float | None | Unset):
        contrast_above (float | None | Unset):
        low_quality (bool | Unset):  Default: False.
        camera_id (list[str] | Unset):
        area (None | str | Unset):
        case_id (None | str | Unset):
        purpose (None | str | Unset):
        from_ms (int | None | Unset):
        to_ms (int | None | Unset):
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset):

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
            cls=cls,
            colour=colour,
            min_side_px=min_side_px,
            max_side_px=max_side_px,
            min_share=min_share,
            max_share=max_share,
            heading_deg=heading_deg,
            heading_within_deg=heading_within_deg,
            zone=zone,
            sharpness_below=sharpness_below,
            sharpness_above=sharpness_above,
            brightness_below=brightness_below,
            brightness_above=brightness_above,
            contrast_below=contrast_below,
            contrast_above=contrast_above,
            low_quality=low_quality,
            camera_id=camera_id,
            area=area,
            case_id=case_id,
            purpose=purpose,
            from_ms=from_ms,
            to_ms=to_ms,
            limit=limit,
            cursor=cursor,
        ),
    )
