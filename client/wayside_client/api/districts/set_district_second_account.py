from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.district_view import DistrictView
from ...models.second_account import SecondAccount


def _get_kwargs(
    district_id: str,
    *,
    body: SecondAccount,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/districts/{district_id}/second-account".format(
            district_id=quote(str(district_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> DistrictView:
    if response.status_code == 200:
        response_200 = DistrictView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    district_id: str,
    *,
    body: SecondAccount,
) -> DistrictView:
    """Set whether rules of the district's cameras are switched on by a second account.

    Args:
        district_id (str):
        body (SecondAccount): Setting of a district.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_district`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            district_id=district_id,
            body=body,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    district_id: str,
    *,
    body: SecondAccount,
) -> DistrictView:
    """Set whether rules of the district's cameras are switched on by a second account.

    Args:
        district_id (str):
        body (SecondAccount): Setting of a district.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_district`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            district_id=district_id,
            body=body,
        ),
    )
