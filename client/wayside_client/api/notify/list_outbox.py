from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.message_state import MessageState
from ...models.outbox_page import OutboxPage
from ...types import UNSET, Unset


def _get_kwargs(
    *,
    channel: None | str | Unset = UNSET,
    state: MessageState | None | Unset = UNSET,
    before: int | None | Unset = UNSET,
    limit: int | Unset = 50,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_channel: None | str | Unset
    if isinstance(channel, Unset):
        json_channel = UNSET
    else:
        json_channel = channel
    params["channel"] = json_channel

    json_state: None | str | Unset
    if isinstance(state, Unset):
        json_state = UNSET
    elif isinstance(state, MessageState):
        json_state = state.value
    else:
        json_state = state
    params["state"] = json_state

    json_before: int | None | Unset
    if isinstance(before, Unset):
        json_before = UNSET
    else:
        json_before = before
    params["before"] = json_before

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/notify/outbox",
        "params": params,
    }

    return _kwargs


def _parse(response: httpx.Response) -> OutboxPage:
    if response.status_code == 200:
        response_200 = OutboxPage.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    channel: None | str | Unset = UNSET,
    state: MessageState | None | Unset = UNSET,
    before: int | None | Unset = UNSET,
    limit: int | Unset = 50,
) -> OutboxPage:
    """List messages, newest first. Follow `next_before` with the same filters for the next page.

    Args:
        channel (None | str | Unset):
        state (MessageState | None | Unset):
        before (int | None | Unset):
        limit (int | Unset):  Default: 50.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            channel=channel,
            state=state,
            before=before,
            limit=limit,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    channel: None | str | Unset = UNSET,
    state: MessageState | None | Unset = UNSET,
    before: int | None | Unset = UNSET,
    limit: int | Unset = 50,
) -> OutboxPage:
    """List messages, newest first. Follow `next_before` with the same filters for the next page.

    Args:
        channel (None | str | Unset):
        state (MessageState | None | Unset):
        before (int | None | Unset):
        limit (int | Unset):  Default: 50.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            channel=channel,
            state=state,
            before=before,
            limit=limit,
        ),
    )
