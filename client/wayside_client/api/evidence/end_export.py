from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.export import Export


def _get_kwargs(
    export_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/evidence/{export_id}".format(
            export_id=quote(str(export_id), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> Export:
    if response.status_code == 200:
        response_200 = Export.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    export_id: str,
) -> Export:
    """Cancel an export that is running, or remove the file of one that is ready.

    Args:
        export_id (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_export`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable` or `evidence_off`
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
) -> Export:
    """Cancel an export that is running, or remove the file of one that is ready.

    Args:
        export_id (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_export`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable` or `evidence_off`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            export_id=export_id,
        ),
    )
