"""What a button does: in a worker thread, and what goes wrong is said beside it."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from nicegui import ui

from center.console.frame import problem
from center.console.language import Language
from center.errors import CenterError

T = TypeVar("T")


async def attempt(trouble: ui.element, _: Language, call: Callable[[], T]) -> T | None:
    """The result of `call`, or None after its error was put into `trouble`, which is emptied first."""
    trouble.clear()
    try:
        return await asyncio.to_thread(call)
    except CenterError as error:
        with trouble:
            problem(error, _)
        return None
