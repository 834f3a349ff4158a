from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.alarm_list import AlarmList
from ...models.alarm_state import AlarmState
from ...types import UNSET, Unset


def _get_kwargs(
    *,
    state: list[AlarmState] | None | Unset = UNSET,
    rule_id: int | None | Unset = UNSET,
    camera_id: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_state: list[str] | None | Unset
    if isinstance(state, Unset):
        json_state = UNSET
    elif isinstance(state, list):
        json_state = []
        for state_type_0_item_data in state:
            state_type_0_item = state_type_0_item_data.value
            json_state.append(state_type_0_item)

    else:
        json_state = state
    params["state"] = json_state

    json_rule_id: int | None | Unset
    if isinstance(rule_id, Unset):
        json_rule_id = UNSET
    else:
        json_rule_id = rule_id
    params["rule_id"] = json_rule_id

    json_camera_id: None | str | Unset
    if isinstance(camera_id, Unset):
        json_camera_id = UNSET
    else:
        json_camera_id = camera_id
    params["camera_id"] = json_camera_id

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
        "url": "/alarms",
        "params": params,
    }

    return _kwargs


def _parse(response: httpx.Response) -> AlarmList:
    if response.status_code == 200:
        response_200 = AlarmList.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    state: list[AlarmState] | None | Unset = UNSET,
    rule_id: int | None | Unset = UNSET,
    camera_id: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> AlarmList:
    """List alarms, newest first. Follow `next_cursor` with the same filters for the next page.

    Args:
        state (list[AlarmState] | None | Unset):
        rule_id (int | None | Unset):
        camera_id (None | str | Unset):
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            state=state,
            rule_id=rule_id,
            camera_id=camera_id,
            limit=limit,
            cursor=cursor,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    state: list[AlarmState] | None | Unset = UNSET,
    rule_id: int | None | Unset = UNSET,
    camera_id: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> AlarmList:
    """List alarms, newest first. Follow `next_cursor` with the same filters for the next page.

    Args:
        state (list[AlarmState] | None | Unset):
        rule_id (int | None | Unset):
        camera_id (None | str | Unset):
        limit (int | Unset):  Default: 50.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            state=state,
            rule_id=rule_id,
            camera_id=camera_id,
            limit=limit,
            cursor=cursor,
        ),
    )
