from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.case_detail import CaseDetail
from ...models.decision import Decision


def _get_kwargs(
    case_id: str,
    *,
    body: Decision,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/cases/{case_id}/close".format(
            case_id=quote(str(case_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> CaseDetail:
    if response.status_code == 200:
        response_200 = CaseDetail.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    case_id: str,
    *,
    body: Decision,
) -> CaseDetail:
    """Close a case for good; data derived for it is deleted on schedule.

    Args:
        case_id (str): The case's number.
        body (Decision): The version that is meant, and a comment.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden` or `area_out_of_sight`
        NotFoundError: `not_found` or `unknown_case`
        ConflictError: `case_changed` or `case_state`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `case_terms`
        UnavailableError: `store_unavailable`
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
    body: Decision,
) -> CaseDetail:
    """Close a case for good; data derived for it is deleted on schedule.

    Args:
        case_id (str): The case's number.
        body (Decision): The version that is meant, and a comment.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden` or `area_out_of_sight`
        NotFoundError: `not_found` or `unknown_case`
        ConflictError: `case_changed` or `case_state`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `case_terms`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
            body=body,
        ),
    )
