from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.judged_machine import JudgedMachine
from ...models.sought_machine import SoughtMachine


def _get_kwargs(
    case_id: str,
    *,
    body: SoughtMachine,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/cases/{case_id}/sought".format(
            case_id=quote(str(case_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> JudgedMachine:
    if response.status_code == 201:
        response_201 = JudgedMachine.from_dict(response.json())

        return response_201

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    case_id: str,
    *,
    body: SoughtMachine,
) -> JudgedMachine:
    """Add a picture of the sought machine.

    Args:
        case_id (str): The case's number.
        body (SoughtMachine): A machine of an observation: of the archive, or of a picture that
            the desk agent brought for this case.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden` or `foreign_picture`
        NotFoundError: `not_found` or `unknown_case` or `unknown_observation` or `unknown_case_machine` or `no_picture`
        ConflictError: `unsigned_picture` or `forged_picture` or `desk_missing` or `case_state`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `query_denied` or `query_fault` or `picture_broken`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
            body=body,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    case_id: str,
    *,
    body: SoughtMachine,
) -> JudgedMachine:
    """Add a picture of the sought machine.

    Args:
        case_id (str): The case's number.
        body (SoughtMachine): A machine of an observation: of the archive, or of a picture that
            the desk agent brought for this case.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden` or `foreign_picture`
        NotFoundError: `not_found` or `unknown_case` or `unknown_observation` or `unknown_case_machine` or `no_picture`
        ConflictError: `unsigned_picture` or `forged_picture` or `desk_missing` or `case_state`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `query_denied` or `query_fault` or `picture_broken`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
            body=body,
        ),
    )
