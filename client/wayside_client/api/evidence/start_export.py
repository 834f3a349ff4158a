from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.export import Export
from ...models.export_request import ExportRequest


def _get_kwargs(
    *,
    body: ExportRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/evidence",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> Export:
    if response.status_code == 202:
        response_202 = Export.from_dict(response.json())

        return response_202

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: ExportRequest,
) -> Export:
    """Start an export; ask for its state until it is `ready`.

    Args:
        body (ExportRequest): Request of an export: observations, case, purpose and requester.

            Each observation counts once, in the order given.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `too_many_pictures`
        TooManyRequestsError: `exports_busy`
        UnavailableError: `store_unavailable` or `evidence_off`
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
    body: ExportRequest,
) -> Export:
    """Start an export; ask for its state until it is `ready`.

    Args:
        body (ExportRequest): Request of an export: observations, case, purpose and requester.

            Each observation counts once, in the order given.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `too_many_pictures`
        TooManyRequestsError: `exports_busy`
        UnavailableError: `store_unavailable` or `evidence_off`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
