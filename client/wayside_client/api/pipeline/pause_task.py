from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.task_order_view import TaskOrderView


def _get_kwargs(
    agent_id: str,
    camera_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/tasks/{agent_id}/{camera_id}/pause".format(
            agent_id=quote(str(agent_id), safe=""),
            camera_id=quote(str(camera_id), safe=""),
        ),
    }

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
) -> TaskOrderView:
    """Pause a recording that is brought to a desk, and those that come after it, until it is resumed.

    Args:
        agent_id (str):
        camera_id (str):

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
        ),
    )


async def asyncio(
    center: AsyncCenter,
    agent_id: str,
    camera_id: str,
) -> TaskOrderView:
    """Pause a recording that is brought to a desk, and those that come after it, until it is resumed.

    Args:
        agent_id (str):
        camera_id (str):

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
        ),
    )
