from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.new_saved_search import NewSavedSearch
from ...models.saved_search import SavedSearch


def _get_kwargs(
    *,
    body: NewSavedSearch,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/saved-searches",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> SavedSearch:
    if response.status_code == 201:
        response_201 = SavedSearch.from_dict(response.json())

        return response_201

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: NewSavedSearch,
) -> SavedSearch:
    """Save a search under a name, without purpose and case: these are given anew each time.

    Args:
        body (NewSavedSearch): A search to save. `last_ms`: the span has this length and ends at
            the request; `filters` have no span then.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `unknown_district`
        ConflictError: `too_many_saved`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `foreign_cameras` or `bad_filter`
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
    body: NewSavedSearch,
) -> SavedSearch:
    """Save a search under a name, without purpose and case: these are given anew each time.

    Args:
        body (NewSavedSearch): A search to save. `last_ms`: the span has this length and ends at
            the request; `filters` have no span then.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `unknown_district`
        ConflictError: `too_many_saved`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `foreign_cameras` or `bad_filter`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
