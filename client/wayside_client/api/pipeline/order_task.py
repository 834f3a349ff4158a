from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.priority_order import PriorityOrder
from ...models.task_order_view import TaskOrderView


def _get_kwargs(
    agent_id: str,
    camera_id: str,
    *,
    body: PriorityOrder,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/tasks/{agent_id}/{camera_id}/priority".format(
            agent_id=quote(str(agent_id), safe=""),
            camera_id=quote(str(camera_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> TaskOrderView:
    if response.status_code == 200:
        response_200 = TaskOrderView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    agent_id: str,
    camera_id: str,
    *,
    body: PriorityOrder,
) -> TaskOrderView:
    """Put a task before or after the other recordings of its agent; never before a live camera.

    Args:
        agent_id (str):
        camera_id (str):
        body (PriorityOrder): The priority among the tasks of one agent.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_camera`
        ConflictError: `not_a_task` or `tasks_off` or `agent_away`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
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
    body: PriorityOrder,
) -> TaskOrderView:
    """Put a task before or after the other recordings of its agent; never before a live camera.

    Args:
        agent_id (str):
        camera_id (str):
        body (PriorityOrder): The priority among the tasks of one agent.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_camera`
        ConflictError: `not_a_task` or `tasks_off` or `agent_away`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
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
