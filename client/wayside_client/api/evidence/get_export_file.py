from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center


def _get_kwargs(
    export_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/evidence/{export_id}/file".format(
            export_id=quote(str(export_id), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> bytes:
    if response.status_code == 200:
        return response.content
    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    export_id: str,
) -> bytes:
    """Send the archive. The audit records it before the first byte leaves.

    Args:
        export_id (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_export`
        ConflictError: `export_not_ready`
        GoneError: `export_erased`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `query_denied` or `query_fault`
        UnavailableError: `store_unavailable` or `evidence_off` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            export_id=export_id,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    export_id: str,
) -> bytes:
    """Send the archive. The audit records it before the first byte leaves.

    Args:
        export_id (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_export`
        ConflictError: `export_not_ready`
        GoneError: `export_erased`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `query_denied` or `query_fault`
        UnavailableError: `store_unavailable` or `evidence_off` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            export_id=export_id,
        ),
    )
