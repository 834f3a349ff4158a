from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.job_list import JobList
from ...models.recorder_request import RecorderRequest


def _get_kwargs(
    case_id: str,
    *,
    body: RecorderRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/cases/{case_id}/jobs".format(
            case_id=quote(str(case_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> JobList:
    if response.status_code == 201:
        response_201 = JobList.from_dict(response.json())

        return response_201

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    case_id: str,
    *,
    body: RecorderRequest,
) -> JobList:
    """Order a span of recordings of cameras of an approved case. When the approval ends, its jobs are
    cancelled.

    Args:
        case_id (str): The case's number.
        body (RecorderRequest): The cameras of a case whose recorders are asked, and the span.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_case` or `unknown_camera`
        ConflictError: `case_not_approved` or `tasks_off` or `start_not_authorised` or `no_recorder` or `too_many_jobs`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `beyond_case` or `span_ahead` or `span_too_long`
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
    body: RecorderRequest,
) -> JobList:
    """Order a span of recordings of cameras of an approved case. When the approval ends, its jobs are
    cancelled.

    Args:
        case_id (str): The case's number.
        body (RecorderRequest): The cameras of a case whose recorders are asked, and the span.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_case` or `unknown_camera`
        ConflictError: `case_not_approved` or `tasks_off` or `start_not_authorised` or `no_recorder` or `too_many_jobs`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `beyond_case` or `span_ahead` or `span_too_long`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
            body=body,
        ),
    )
