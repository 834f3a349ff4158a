"""Streams events of alarms as server-sent events (HTML §9.2): a client that reconnects sends the last id it had."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from center.access.permissions import EVERYWHERE, Scope
from center.alarms.events import AlarmFan, Listener
from center.alarms.views import AlarmPush
from center.alarms.visibility import sees
from center.alarms.writer import PAGE, AlarmWriter

KEEPALIVE_S: Final = 10.0
"""Seconds between signs of life, since a proxy closes a silent connection after a minute at the earliest.

The session is checked as often.
"""
RETRY_MS: Final = 1000


async def lines(
    register: AlarmWriter,
    pushes: AlarmFan,
    listener: Listener,
    after: int,
    alive: Callable[[], Awaitable[bool]],
    sight: Scope = EVERYWHERE,
) -> AsyncIterator[str]:
    """Yields the events in sight after event `after` as they happen, while `alive` is true and the centre runs.

    A page so slow that its ring overflows gets the missing events from the database: none is left out.
    """
    # With its place: a client that is cut off before the first event comes back to where it began.
    yield f"retry: {RETRY_MS}\nid: {after}\n: open\n\n"
    clock = asyncio.get_running_loop().time
    last, behind, asked_s = after, True, clock()
    while not pushes.ended:
        if behind:
            fresh = await asyncio.to_thread(register.since, last)
            behind = len(fresh) == PAGE
        else:
            fresh, behind = listener.take()
            if behind:
                continue
        for push in fresh:
            if push.event.id > last:
                last = push.event.id
                if sees(sight, push.alarm.agent_id, push.alarm.camera_id):
                    pushes.sent(push)
                    yield _sse(push)
        if clock() - asked_s >= KEEPALIVE_S:
            if not await alive():
                return
            asked_s = clock()
            yield ": alive\n\n"
        if not behind and not fresh:
            await listener.wait(KEEPALIVE_S)


def _sse(push: AlarmPush) -> str:
    """Formats one event. Its JSON has no line break, whatever a name holds."""
    return f"id: {push.event.id}\nevent: alarm\ndata: {push.model_dump_json()}\n\n"
