from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.picture_view import PictureView


def _get_kwargs(
    case_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/cases/{case_id}/pictures".format(
            case_id=quote(str(case_id), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> PictureView:
    if response.status_code == 201:
        response_201 = PictureView.from_dict(response.json())

        return response_201

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    case_id: str,
) -> PictureView:
    """Make a place for a picture. The picture itself goes to the desk agent, never here.

    Args:
        case_id (str): The case's number.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_case`
        ConflictError: `desk_missing` or `case_state`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
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
) -> PictureView:
    """Make a place for a picture. The picture itself goes to the desk agent, never here.

    Args:
        case_id (str): The case's number.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_case`
        ConflictError: `desk_missing` or `case_state`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
        ),
    )
