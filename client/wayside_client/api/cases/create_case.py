from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.case_detail import CaseDetail
from ...models.new_case import NewCase


def _get_kwargs(
    *,
    body: NewCase,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/cases",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> CaseDetail:
    if response.status_code == 201:
        response_201 = CaseDetail.from_dict(response.json())

        return response_201

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: NewCase,
) -> CaseDetail:
    """Make a draft: it allows nothing yet.

    Args:
        body (NewCase): The terms of a new case.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden` or `area_out_of_sight`
        ConflictError: `case_taken`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `case_terms`
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
    body: NewCase,
) -> CaseDetail:
    """Make a draft: it allows nothing yet.

    Args:
        body (NewCase): The terms of a new case.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden` or `area_out_of_sight`
        ConflictError: `case_taken`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `case_terms`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
