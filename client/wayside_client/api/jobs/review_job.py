from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.span_review_view import SpanReviewView


def _get_kwargs(
    case_id: str,
    job_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/cases/{case_id}/jobs/{job_id}/candidates".format(
            case_id=quote(str(case_id), safe=""),
            job_id=quote(str(job_id), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> SpanReviewView:
    if response.status_code == 200:
        response_200 = SpanReviewView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    case_id: str,
    job_id: str,
) -> SpanReviewView:
    """Make the machines of a job's camera and span the candidates: by likeness, or by time if none is
    sought yet.

    Args:
        case_id (str): The case's number.
        job_id (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_case` or `unknown_job`
        ConflictError: `case_not_approved`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `case_terms` or `too_many_questions` or `too_many_cameras` or `not_comparable`
            or `query_refused`
        UnavailableError: `query_denied` or `query_fault`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
            job_id=job_id,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    case_id: str,
    job_id: str,
) -> SpanReviewView:
    """Make the machines of a job's camera and span the candidates: by likeness, or by time if none is
    sought yet.

    Args:
        case_id (str): The case's number.
        job_id (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_case` or `unknown_job`
        ConflictError: `case_not_approved`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `case_terms` or `too_many_questions` or `too_many_cameras` or `not_comparable`
            or `query_refused`
        UnavailableError: `query_denied` or `query_fault`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
            job_id=job_id,
        ),
    )
