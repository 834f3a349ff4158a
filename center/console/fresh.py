"""Checks the account's permissions before each event of an open page, so that a revoked one acts no more."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import Client, background_tasks

from center.search.caller import CALLER


def ask_before_each_event(client: Client, may_go_on: Callable[[], Awaitable[bool]]) -> None:
    """Passes an event of this page to its element once `may_go_on` has returned true, in the order of events.

    A page is admitted once, when it is opened, and its websocket lasts: without this it would keep the permissions of
    that moment. What an event asks the archive, it asks for the caller that the page was opened by.
    """
    forward = client.handle_event
    caller = CALLER.get()
    turn = asyncio.Lock()

    async def checked(event: dict[str, Any]) -> None:
        async with turn:
            if client.is_deleted:
                return
            with client:
                may = await may_go_on()
            if may and not client.is_deleted:
                CALLER.set(caller)
                forward(event)

    def take(event: dict[str, Any]) -> None:
        background_tasks.create(checked(event), name="event of a page")

    client.handle_event = take  # type: ignore[method-assign,assignment] # one page's, not the class's
