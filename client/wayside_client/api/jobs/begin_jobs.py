from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.job_list import JobList
from ...models.new_jobs import NewJobs


def _get_kwargs(
    *,
    body: NewJobs,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/jobs",
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
    *,
    body: NewJobs,
) -> JobList:
    """Order a span of recordings, or a live stream more often. An order is sent again until its agent
    answers it.

    Args:
        body (NewJobs): One job for each of the cameras.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `unknown_camera`
        ConflictError: `tasks_off` or `start_not_authorised` or `no_recorder` or `too_many_jobs` or `no_live_stream`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `span_ahead` or `span_too_long` or `live_too_long`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    body: NewJobs,
) -> JobList:
    """Order a span of recordings, or a live stream more often. An order is sent again until its agent
    answers it.

    Args:
        body (NewJobs): One job for each of the cameras.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `unknown_camera`
        ConflictError: `tasks_off` or `start_not_authorised` or `no_recorder` or `too_many_jobs` or `no_live_stream`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `span_ahead` or `span_too_long` or `live_too_long`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
