from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.judged_machine import JudgedMachine
from ...models.judgement import Judgement


def _get_kwargs(
    case_id: str,
    row_key: str,
    index: int,
    *,
    body: Judgement,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/cases/{case_id}/machines/{row_key}/{index}".format(
            case_id=quote(str(case_id), safe=""),
            row_key=quote(str(row_key), safe=""),
            index=quote(str(index), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> JudgedMachine:
    if response.status_code == 200:
        response_200 = JudgedMachine.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    case_id: str,
    row_key: str,
    index: int,
    *,
    body: Judgement,
) -> JudgedMachine:
    """Confirm or reject a candidate.

    Args:
        case_id (str): The case's number.
        row_key (str): Agent and observation id, joined by a colon.
        index (int):
        body (Judgement): A user's decision on a candidate; `candidate` takes it back.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_case` or `unknown_case_machine`
        ConflictError: `case_not_approved`
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
            body=body,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    case_id: str,
    row_key: str,
    index: int,
    *,
    body: Judgement,
) -> JudgedMachine:
    """Confirm or reject a candidate.

    Args:
        case_id (str): The case's number.
        row_key (str): Agent and observation id, joined by a colon.
        index (int):
        body (Judgement): A user's decision on a candidate; `candidate` takes it back.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_case` or `unknown_case_machine`
        ConflictError: `case_not_approved`
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
            body=body,
        ),
    )
