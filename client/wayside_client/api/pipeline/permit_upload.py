from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.permit_request import PermitRequest
from ...models.permit_view import PermitView


def _get_kwargs(
    agent_id: str,
    camera_id: str,
    *,
    body: PermitRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/tasks/{agent_id}/{camera_id}/upload-permit".format(
            agent_id=quote(str(agent_id), safe=""),
            camera_id=quote(str(camera_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> PermitView:
    if response.status_code == 200:
        response_200 = PermitView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    agent_id: str,
    camera_id: str,
    *,
    body: PermitRequest,
) -> PermitView:
    """Permit a page to bring recordings to one camera of a desk agent, for some minutes.

    Args:
        agent_id (str):
        camera_id (str):
        body (PermitRequest): Purpose of the recordings, and the permit that this one is to
            follow.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_camera`
        ConflictError: `not_a_task` or `uploads_off` or `no_desk` or `other_console`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `purpose_missing`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            agent_id=agent_id,
            camera_id=camera_id,
            body=body,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    agent_id: str,
    camera_id: str,
    *,
    body: PermitRequest,
) -> PermitView:
    """Permit a page to bring recordings to one camera of a desk agent, for some minutes.

    Args:
        agent_id (str):
        camera_id (str):
        body (PermitRequest): Purpose of the recordings, and the permit that this one is to
            follow.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_camera`
        ConflictError: `not_a_task` or `uploads_off` or `no_desk` or `other_console`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `purpose_missing`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            agent_id=agent_id,
            camera_id=camera_id,
            body=body,
        ),
    )
