"""Paces an open page, starts work before the browser connects, and shows long work with a button to cancel."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, Generic, TypeVar

from nicegui import background_tasks, ui

from center.console.language import Language
from center.console.widgets.markup import words

T = TypeVar("T")
EASE: Final = 4
"""Divides lateness: a tick that begins late by a quarter of `usual_s` leaves out one, by a half two, and so on."""
LEFT_OUT: Final = 9
"""Most ticks that are left out in a row."""


class Cadence:
    """The pace of one page. All pages tick at the same moments, so that they ask for the same pictures together."""

    def __init__(self, usual_s: float) -> None:
        self._usual_s = usual_s
        self._due_s: float | None = None

    def next_s(self, now_s: float) -> float:
        """Returns the seconds until the next tick, as one begins at `now_s` of a clock that all pages share."""
        late_s = 0.0 if self._due_s is None else max(0.0, now_s - self._due_s)
        left_out = min(LEFT_OUT, int(late_s * EASE / self._usual_s))
        # A timer may be a little early: a time near a moment belongs to that moment.
        self._due_s = ((now_s / self._usual_s + 0.25) // 1 + 1 + left_out) * self._usual_s
        return self._due_s - now_s


def ahead(work: Coroutine[Any, Any, None], *, name: str) -> None:
    """Starts `work` now, and not when the page has connected. Drawing waits for that; the work ends with the page."""
    client = ui.context.client
    task = background_tasks.create(work, name=name, context=client)
    client.on_delete(task.cancel)


class Waiting(Generic[T]):
    """Runs at most one piece of work at a time; draws at its place of construction."""

    def __init__(self, _: Language, *, says: str, given_up: str) -> None:
        self._, self._says, self._given_up = _, says, given_up
        self._running: asyncio.Task[T] | None = None
        self._place = ui.element("div").props('role="status"')
        ui.context.client.on_delete(self._leave)

    @property
    def busy(self) -> bool:
        """True while work runs."""
        return self._running is not None

    async def wait(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Runs the work and returns its result, None if it was cancelled. Errors of the work are raised here."""
        running = self._running = asyncio.create_task(work)
        self._place.clear()
        with self._place, ui.element("div").classes("ws-form"):
            ui.spinner(size="20px")
            words("span", self._says)
            ui.button(self._("Cancel"), color=None, on_click=running.cancel).props("outline no-caps")
        # Waited for and not awaited: a cancel is no error of the page.
        await asyncio.wait([running])
        self._running = None
        self._place.clear()
        if running.cancelled():
            with self._place:
                words("div", self._given_up).classes("ws-muted")
            return None
        return running.result()

    def _leave(self) -> None:
        if self._running is not None:
            self._running.cancel()
