from typing import Any, Literal

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.maintenance_state import MaintenanceState
from ...models.order_list import OrderList
from ...types import UNSET, Unset


def _get_kwargs(
    *,
    status: list[MaintenanceState] | None | Unset = UNSET,
    district: None | str | Unset = UNSET,
    assignee: Literal["me"] | None | Unset = UNSET,
    overdue: bool | Unset = False,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_status: list[str] | None | Unset
    if isinstance(status, Unset):
        json_status = UNSET
    elif isinstance(status, list):
        json_status = []
        for status_type_0_item_data in status:
            status_type_0_item = status_type_0_item_data.value
            json_status.append(status_type_0_item)

    else:
        json_status = status
    params["status"] = json_status

    json_district: None | str | Unset
    if isinstance(district, Unset):
        json_district = UNSET
    else:
        json_district = district
    params["district"] = json_district

    json_assignee: Literal["me"] | None | Unset
    if isinstance(assignee, Unset):
        json_assignee = UNSET
    else:
        json_assignee = assignee
    params["assignee"] = json_assignee

    params["overdue"] = overdue

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
        "url": "/orders",
        "params": params,
    }

    return _kwargs


def _parse(response: httpx.Response) -> OrderList:
    if response.status_code == 200:
        response_200 = OrderList.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    status: list[MaintenanceState] | None | Unset = UNSET,
    district: None | str | Unset = UNSET,
    assignee: Literal["me"] | None | Unset = UNSET,
    overdue: bool | Unset = False,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> OrderList:
    """List orders in sight or assigned to the caller, newest first.

    Args:
        status (list[MaintenanceState] | None | Unset):
        district (None | str | Unset): Empty: orders of no district.
        assignee (Literal['me'] | None | Unset): `me`: those assigned to the caller.
        overdue (bool | Unset): Only those with a clock that is past its end. Default: False.
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
            status=status,
            district=district,
            assignee=assignee,
            overdue=overdue,
            limit=limit,
            cursor=cursor,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    status: list[MaintenanceState] | None | Unset = UNSET,
    district: None | str | Unset = UNSET,
    assignee: Literal["me"] | None | Unset = UNSET,
    overdue: bool | Unset = False,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> OrderList:
    """List orders in sight or assigned to the caller, newest first.

    Args:
        status (list[MaintenanceState] | None | Unset):
        district (None | str | Unset): Empty: orders of no district.
        assignee (Literal['me'] | None | Unset): `me`: those assigned to the caller.
        overdue (bool | Unset): Only those with a clock that is past its end. Default: False.
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
            status=status,
            district=district,
            assignee=assignee,
            overdue=overdue,
            limit=limit,
            cursor=cursor,
        ),
    )
