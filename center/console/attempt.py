"""What a button does: in a worker thread, and what goes wrong is said beside it, or at the field that it is about."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from nicegui import ui
from nicegui.elements.mixins.validation_element import ValidationElement

from center.console.frame import problem
from center.console.language import Language
from center.errors import CenterError

T = TypeVar("T")
Fields = Mapping[type[CenterError], ValidationElement[Any]]


async def attempt(trouble: ui.element, _: Language, call: Callable[[], T], fields: Fields | None = None) -> T | None:
    """The result of `call`, or None after its error was said.

    It stands at the one of `fields` that its class names, else in `trouble`; both are emptied first.
    """
    trouble.clear()
    for field in (fields or {}).values():
        field.error = None
    try:
        return await asyncio.to_thread(call)
    except CenterError as error:
        if fields is not None and type(error) in fields:
            at_fault(fields[type(error)], " ".join(_.error(error)))
            return None
        with trouble:
            problem(error, _)
        return None


def at_fault(field: ValidationElement[Any], text: str) -> None:
    """Say at a field what is wrong with it, and lead there."""
    field.error = text
    field.run_method("focus")
