"""Lets no act of an open page pass that its account may not do any more: asks before each event of the browser."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import Client, background_tasks


def ask_before_each_event(client: Client, may_go_on: Callable[[], Awaitable[bool]]) -> None:
    """Hand an event of this page to its element once `may_go_on` has said yes, in the order in which events came.

    A page is let in once, when it is opened, and its websocket lasts: without this it would act as it was let in.
    """
    forward = client.handle_event
    turn = asyncio.Lock()

    async def checked(event: dict[str, Any]) -> None:
        async with turn:
            if client.is_deleted:
                return
            with client:
                may = await may_go_on()
            if may and not client.is_deleted:
                forward(event)

    def take(event: dict[str, Any]) -> None:
        background_tasks.create(checked(event), name="event of a page")

    client.handle_event = take  # type: ignore[method-assign,assignment] # one page's, not the class's
