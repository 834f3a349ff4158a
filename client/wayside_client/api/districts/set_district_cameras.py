from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.camera_ref import CameraRef
from ...models.district_view import DistrictView


def _get_kwargs(
    district_id: str,
    *,
    body: list[CameraRef],
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/districts/{district_id}/cameras".format(
            district_id=quote(str(district_id), safe=""),
        ),
    }

    _kwargs["json"] = []
    for body_item_data in body:
        body_item = body_item_data.to_dict()
        _kwargs["json"].append(body_item)

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
    body: list[CameraRef],
) -> DistrictView:
    """Replace the cameras of a district. Open pages and the next request see the change.

    Args:
        district_id (str):
        body (list[CameraRef]):

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
    body: list[CameraRef],
) -> DistrictView:
    """Replace the cameras of a district. Open pages and the next request see the change.

    Args:
        district_id (str):
        body (list[CameraRef]):

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
