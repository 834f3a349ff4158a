from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.posted_message import PostedMessage
from ...models.test_message import TestMessage


def _get_kwargs(
    *,
    body: TestMessage,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/notify/test",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> list[PostedMessage]:
    if response.status_code == 202:
        response_202 = []
        _response_202 = response.json()
        for response_202_item_data in _response_202:
            response_202_item = PostedMessage.from_dict(response_202_item_data)

            response_202.append(response_202_item)

        return response_202

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: TestMessage,
) -> list[PostedMessage]:
    """Send a message that says it is a test. It is counted in the quota like any other.

    Args:
        body (TestMessage): The channel to test, and the recipient; all of its recipients by
            default.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `unknown_channel` or `unknown_recipient`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable` or `outbox_full`
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
    body: TestMessage,
) -> list[PostedMessage]:
    """Send a message that says it is a test. It is counted in the quota like any other.

    Args:
        body (TestMessage): The channel to test, and the recipient; all of its recipients by
            default.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `unknown_channel` or `unknown_recipient`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable` or `outbox_full`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
