from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.settings import Settings


def _get_kwargs(
    *,
    body: Settings,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/assessment/settings",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> Settings:
    if response.status_code == 200:
        response_200 = Settings.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: Settings,
) -> Settings:
    """Replace the settings, for every period; the audit keeps the previous ones.

    Args:
        body (Settings): Thresholds and limits. Facts do not depend on them: a change holds for
            every period, past ones too.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
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
    body: Settings,
) -> Settings:
    """Replace the settings, for every period; the audit keeps the previous ones.

    Args:
        body (Settings): Thresholds and limits. Facts do not depend on them: a change holds for
            every period, past ones too.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
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
