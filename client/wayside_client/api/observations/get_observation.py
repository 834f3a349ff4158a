from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.observation_view import ObservationView


def _get_kwargs(
    row_key: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/observations/{row_key}".format(
            row_key=quote(str(row_key), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> ObservationView:
    if response.status_code == 200:
        response_200 = ObservationView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    row_key: str,
) -> ObservationView:
    """Show one observation with its machines.

    Args:
        row_key (str): Agent and observation id, joined by a colon.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_observation`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `query_denied` or `query_fault`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            row_key=row_key,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    row_key: str,
) -> ObservationView:
    """Show one observation with its machines.

    Args:
        row_key (str): Agent and observation id, joined by a colon.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_observation`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `query_denied` or `query_fault`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            row_key=row_key,
        ),
    )
