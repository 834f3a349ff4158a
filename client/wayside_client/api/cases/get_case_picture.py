from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center


def _get_kwargs(
    case_id: str,
    row_key: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/cases/{case_id}/observations/{row_key}/picture".format(
            case_id=quote(str(case_id), safe=""),
            row_key=quote(str(row_key), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> bytes:
    if response.status_code == 200:
        return response.content
    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    case_id: str,
    row_key: str,
) -> bytes:
    """Send the whole redacted picture of an observation of the case.

    Args:
        case_id (str): The case's number.
        row_key (str): Agent and observation id, joined by a colon.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_case` or `unknown_observation` or `no_picture`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `query_denied` or `query_fault` or `picture_broken`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
            row_key=row_key,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    case_id: str,
    row_key: str,
) -> bytes:
    """Send the whole redacted picture of an observation of the case.

    Args:
        case_id (str): The case's number.
        row_key (str): Agent and observation id, joined by a colon.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_case` or `unknown_observation` or `no_picture`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `query_denied` or `query_fault` or `picture_broken`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
            row_key=row_key,
        ),
    )
