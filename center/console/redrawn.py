"""Draws a part of a live page again where what it shows has changed, and only there."""

from collections.abc import Callable
from typing import Any

from nicegui import ui


class Redrawn:
    """A part of a page whose controls stay in use while the rest of the page changes.

    The centre forgets a control that is drawn again: a click that was under way to it does nothing, and it loses the
    focus.
    """

    def __init__(self, within: ui.element, draw: Callable[..., None]) -> None:
        """`draw` fills `within` with what it is given."""
        self._within, self._draw = within, draw
        self._shown: tuple[Any, ...] | None = None

    def show(self, *what: Any) -> None:
        """Calls `draw` with `what`, unless that is shown."""
        if what == self._shown:
            return
        self._shown = what
        self._within.clear()
        with self._within:
            self._draw(*what)
