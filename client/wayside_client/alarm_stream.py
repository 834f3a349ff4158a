"""Follows alarms as they happen (`GET /alarms/stream`), over broken connections and without a gap."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from wayside_client.center import AsyncCenter, Center
from wayside_client.errors import UnavailableError, UnreachableError, WaysideError, unreadable
from wayside_client.models.alarm_push import AlarmPush

_PAUSE_S: Final = 1.0
"""Before the stream is opened again after it ended in order; the centre asks browsers for the same."""
_SILENCE_S: Final = 30.0
"""A connection that is silent for longer is dead: the centre gives a sign of life every ten seconds."""


@dataclass(slots=True)
class _Reader:
    """Reads server-sent events from lines (HTML, section 9.2); remembers where the stream was left."""

    after: int | None
    failures: int = 0
    """Connections without an answer since the last that had one."""
    _data: list[str] = field(default_factory=list)
    _id: str = ""

    @property
    def request(self) -> dict[str, Any]:
        params = {} if self.after is None else {"after": self.after}
        return {"method": "get", "url": "/alarms/stream", "params": params, "timeout": _SILENCE_S}

    def opened(self) -> None:
        self.failures = 0
        self._data.clear()

    def push_of(self, line: str, response: httpx.Response) -> AlarmPush | None:
        """Takes one line; returns the event that it completes.

        Raises:
            UnreadableAnswerError: the event has another shape.
        """
        if line:
            name, _, value = line.partition(":")
            if name == "data":
                self._data.append(value.removeprefix(" "))
            elif name == "id":
                self._id = value.strip()
            return None
        text = "\n".join(self._data)
        self._data.clear()
        try:
            if self._id:
                self.after = int(self._id)
            return AlarmPush.from_dict(json.loads(text)) if text else None
        except (KeyError, TypeError, ValueError, AttributeError) as fault:
            raise unreadable(response, fault) from fault

    def pause_s(self, error: WaysideError | None, center: Center | AsyncCenter) -> float:
        """Returns the seconds before the stream is opened again after `error`, or after an end in order.

        Raises:
            WaysideError: `error`, since it does not pass or has lasted too long.
        """
        if error is None:
            return _PAUSE_S
        if not isinstance(error, UnreachableError | UnavailableError):
            raise error
        self.failures += 1
        pause_s = center.retries.pause_s("GET", self.failures, error)
        if pause_s is None:
            raise error
        return pause_s


def follow_alarms(center: Center, *, after: int | None = None) -> Generator[AlarmPush, None, None]:
    """Yields what happens to alarms, without end: each event once and in order, with the alarm as it stood then.

    Args:
        center: to ask.
        after: number of the last event that is known (`push.event.id`); None: from now on.

    Raises:
        WaysideError: the session or token has ended, or the centre stayed away longer than `center.retries` allows.
    """
    reader = _Reader(after)
    while True:
        failed: WaysideError | None = None
        try:
            with center.open(**reader.request) as response:
                reader.opened()
                for line in response.iter_lines():
                    push = reader.push_of(line, response)
                    if push is not None:
                        yield push
        except (UnreachableError, UnavailableError) as error:
            failed = error
        time.sleep(reader.pause_s(failed, center))  # as the centre asks, or longer each time


async def follow_alarms_async(center: AsyncCenter, *, after: int | None = None) -> AsyncGenerator[AlarmPush, None]:
    """Yields what happens to alarms, as `follow_alarms`."""
    reader = _Reader(after)
    while True:
        failed: WaysideError | None = None
        try:
            async with center.open(**reader.request) as response:
                reader.opened()
                async for line in response.aiter_lines():
                    push = reader.push_of(line, response)
                    if push is not None:
                        yield push
        except (UnreachableError, UnavailableError) as error:
            failed = error
        await asyncio.sleep(reader.pause_s(failed, center))
