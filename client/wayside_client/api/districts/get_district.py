from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.district_view import DistrictView


def _get_kwargs(
    district_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/districts/{district_id}".format(
            district_id=quote(str(district_id), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> DistrictView:
    if response.status_code == 200:
        response_200 = DistrictView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    district_id: str,
) -> DistrictView:
    """Show one district with its cameras.

    Args:
        district_id (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_district`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            district_id=district_id,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    district_id: str,
) -> DistrictView:
    """Show one district with its cameras.

    Args:
        district_id (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_district`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            district_id=district_id,
        ),
    )
