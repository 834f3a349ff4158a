from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.district_terms import DistrictTerms
from ...models.terms_list import TermsList


def _get_kwargs(
    *,
    body: DistrictTerms,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/orders/terms",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> TermsList:
    if response.status_code == 200:
        response_200 = TermsList.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: DistrictTerms,
) -> TermsList:
    """Replace the terms of one district, for orders that are opened from now on.

    Args:
        body (DistrictTerms): Terms of one district.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden` or `order_terms`
        NotFoundError: `unknown_district`
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
    body: DistrictTerms,
) -> TermsList:
    """Replace the terms of one district, for orders that are opened from now on.

    Args:
        body (DistrictTerms): Terms of one district.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden` or `order_terms`
        NotFoundError: `unknown_district`
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
