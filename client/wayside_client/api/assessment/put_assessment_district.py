from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.assessed_district import AssessedDistrict


def _get_kwargs(
    *,
    body: AssessedDistrict,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/assessment/districts",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> AssessedDistrict:
    if response.status_code == 200:
        response_200 = AssessedDistrict.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: AssessedDistrict,
) -> AssessedDistrict:
    """Add a district, or change the one of this name.

    Args:
        body (AssessedDistrict): District of the assessment: name, GB/T 28181 region code,
            outline.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `district_refused`
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
    body: AssessedDistrict,
) -> AssessedDistrict:
    """Add a district, or change the one of this name.

    Args:
        body (AssessedDistrict): District of the assessment: name, GB/T 28181 region code,
            outline.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `district_refused`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
