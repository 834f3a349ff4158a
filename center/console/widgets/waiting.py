"""Shows that a page's long work goes on, with a button to cancel. The work ends with the page."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

from nicegui import ui

from center.console.language import Language
from center.console.widgets.markup import words

T = TypeVar("T")


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
