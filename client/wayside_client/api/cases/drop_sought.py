from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center


def _get_kwargs(
    case_id: str,
    row_key: str,
    index: int,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/cases/{case_id}/sought/{row_key}/{index}".format(
            case_id=quote(str(case_id), safe=""),
            row_key=quote(str(row_key), safe=""),
            index=quote(str(index), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> None:
    if response.status_code == 204:
        return
    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    case_id: str,
    row_key: str,
    index: int,
) -> None:
    """Remove a picture from those of the sought machine.

    Args:
        case_id (str): The case's number.
        row_key (str): Agent and observation id, joined by a colon.
        index (int):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_case` or `unknown_case_machine`
        ConflictError: `case_state`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
            row_key=row_key,
            index=index,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    case_id: str,
    row_key: str,
    index: int,
) -> None:
    """Remove a picture from those of the sought machine.

    Args:
        case_id (str): The case's number.
        row_key (str): Agent and observation id, joined by a colon.
        index (int):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_case` or `unknown_case_machine`
        ConflictError: `case_state`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
            row_key=row_key,
            index=index,
        ),
    )
