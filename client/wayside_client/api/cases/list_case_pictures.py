from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.picture_list import PictureList


def _get_kwargs(
    case_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/cases/{case_id}/pictures".format(
            case_id=quote(str(case_id), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> PictureList:
    if response.status_code == 200:
        response_200 = PictureList.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    case_id: str,
) -> PictureList:
    """List the places for pictures, and which of them the desk agent has filled.

    Args:
        case_id (str): The case's number.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_case`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `query_denied` or `query_fault`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    case_id: str,
) -> PictureList:
    """List the places for pictures, and which of them the desk agent has filled.

    Args:
        case_id (str): The case's number.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_case`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `query_denied` or `query_fault`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
        ),
    )
