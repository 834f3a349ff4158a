from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.district_view import DistrictView
from ...models.new_district import NewDistrict


def _get_kwargs(
    *,
    body: NewDistrict,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/districts",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> DistrictView:
    if response.status_code == 201:
        response_201 = DistrictView.from_dict(response.json())

        return response_201

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: NewDistrict,
) -> DistrictView:
    """Add a district without cameras.

    Args:
        body (NewDistrict): A district without cameras.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        ConflictError: `district_taken` or `district_named`
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
    body: NewDistrict,
) -> DistrictView:
    """Add a district without cameras.

    Args:
        body (NewDistrict): A district without cameras.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        ConflictError: `district_taken` or `district_named`
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
