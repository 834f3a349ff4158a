from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.district_roster import DistrictRoster
from ...models.roster_list import RosterList


def _get_kwargs(
    *,
    body: DistrictRoster,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/orders/roster",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> RosterList:
    if response.status_code == 200:
        response_200 = RosterList.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: DistrictRoster,
) -> RosterList:
    """Replace the duty roster of one district; the empty district is for those without a roster.

    Args:
        body (DistrictRoster): Duty roster of one district: of the duties that cover a moment the
            first counts.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden` or `order_terms`
        NotFoundError: `unknown_district` or `unknown_user`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    body: DistrictRoster,
) -> RosterList:
    """Replace the duty roster of one district; the empty district is for those without a roster.

    Args:
        body (DistrictRoster): Duty roster of one district: of the duties that cover a moment the
            first counts.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden` or `order_terms`
        NotFoundError: `unknown_district` or `unknown_user`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
