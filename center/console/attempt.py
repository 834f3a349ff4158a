"""Runs a button's action in a worker thread, and shows its error beside the button or at the field at fault."""

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
    """Returns the result of `call`, or None after its error was shown.

    The error stands at the one of `fields` that its class names, else in `trouble`; both are emptied first.
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
    """Shows a fault at its field, and moves the focus there."""
    field.error = text
    field.run_method("focus")
