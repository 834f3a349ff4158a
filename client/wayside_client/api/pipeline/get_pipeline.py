from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.pipeline_view import PipelineView


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/pipeline",
    }

    return _kwargs


def _parse(response: httpx.Response) -> PipelineView:
    if response.status_code == 200:
        response_200 = PipelineView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
) -> PipelineView:
    """Show each stage with state, causes and figures. A stage without evidence is unknown, never green.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return center.ask(_parse, **_get_kwargs())


async def asyncio(
    center: AsyncCenter,
) -> PipelineView:
    """Show each stage with state, causes and figures. A stage without evidence is unknown, never green.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(_parse, **_get_kwargs())
