from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.search_filters import SearchFilters
from ...models.search_view import SearchView


def _get_kwargs(
    case_id: str,
    *,
    body: SearchFilters,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/cases/{case_id}/search".format(
            case_id=quote(str(case_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> SearchView:
    if response.status_code == 200:
        response_200 = SearchView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    case_id: str,
    *,
    body: SearchFilters,
) -> SearchView:
    """Search the archive for machines like the sought one; the answer replaces the candidates.

    Args:
        case_id (str): The case's number.
        body (SearchFilters): Filters that narrow a search; those left empty are as in the case.
            Machine classes alone.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_case`
        ConflictError: `case_not_approved` or `nothing_sought`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `query_refused` or `case_terms` or `too_many_questions` or `not_comparable`
        UnavailableError: `query_denied` or `query_fault`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
            body=body,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    case_id: str,
    *,
    body: SearchFilters,
) -> SearchView:
    """Search the archive for machines like the sought one; the answer replaces the candidates.

    Args:
        case_id (str): The case's number.
        body (SearchFilters): Filters that narrow a search; those left empty are as in the case.
            Machine classes alone.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_case`
        ConflictError: `case_not_approved` or `nothing_sought`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `query_refused` or `case_terms` or `too_many_questions` or `not_comparable`
        UnavailableError: `query_denied` or `query_fault`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
            body=body,
        ),
    )
