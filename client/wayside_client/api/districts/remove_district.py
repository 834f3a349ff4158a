from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center


def _get_kwargs(
    district_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/districts/{district_id}".format(
            district_id=quote(str(district_id), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> None:
    if response.status_code == 204:
        return
    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    district_id: str,
) -> None:
    """Delete a district in which no account has a role.

    Args:
        district_id (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_district`
        ConflictError: `district_in_use` or `district_assessed`
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
) -> None:
    """Delete a district in which no account has a role.

    Args:
        district_id (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_district`
        ConflictError: `district_in_use` or `district_assessed`
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
