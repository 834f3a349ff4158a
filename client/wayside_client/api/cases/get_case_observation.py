from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.observation_view import ObservationView


def _get_kwargs(
    case_id: str,
    row_key: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/cases/{case_id}/observations/{row_key}".format(
            case_id=quote(str(case_id), safe=""),
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
    case_id: str,
    row_key: str,
) -> ObservationView:
    """Show one observation of the case with all its fields.

    Args:
        case_id (str): The case's number.
        row_key (str): Agent and observation id, joined by a colon.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_case` or `unknown_observation`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `query_denied` or `query_fault`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
            row_key=row_key,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    case_id: str,
    row_key: str,
) -> ObservationView:
    """Show one observation of the case with all its fields.

    Args:
        case_id (str): The case's number.
        row_key (str): Agent and observation id, joined by a colon.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_case` or `unknown_observation`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `query_denied` or `query_fault`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
            row_key=row_key,
        ),
    )
