from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.job_view import JobView


def _get_kwargs(
    job_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/jobs/{job_id}/resume".format(
            job_id=quote(str(job_id), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> JobView:
    if response.status_code == 200:
        response_200 = JobView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    job_id: str,
) -> JobView:
    """Resume a paused job.

    Args:
        job_id (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_job`
        ConflictError: `job_state` or `tasks_off`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            job_id=job_id,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    job_id: str,
) -> JobView:
    """Resume a paused job.

    Args:
        job_id (str):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_job`
        ConflictError: `job_state` or `tasks_off`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            job_id=job_id,
        ),
    )
