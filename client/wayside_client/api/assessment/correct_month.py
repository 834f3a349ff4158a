from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.correction import Correction
from ...models.month_version_view import MonthVersionView


def _get_kwargs(
    month: str,
    *,
    body: Correction,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/assessment/months/{month}/versions".format(
            month=quote(str(month), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> MonthVersionView:
    if response.status_code == 201:
        response_201 = MonthVersionView.from_dict(response.json())

        return response_201

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    month: str,
    *,
    body: Correction,
) -> MonthVersionView:
    """Assess a month anew by the facts and settings of now. Versions published before stay and can be
    requested.

    Args:
        month (str): 2026-11
        body (Correction): The name of a correction, as the published file prints it.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found`
        ConflictError: `month_open`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_period`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            month=month,
            body=body,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    month: str,
    *,
    body: Correction,
) -> MonthVersionView:
    """Assess a month anew by the facts and settings of now. Versions published before stay and can be
    requested.

    Args:
        month (str): 2026-11
        body (Correction): The name of a correction, as the published file prints it.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found`
        ConflictError: `month_open`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_period`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            month=month,
            body=body,
        ),
    )
