"""Work that begins while the browser still loads the page, so that the answer is there when it can be drawn."""

from collections.abc import Coroutine
from typing import Any

from nicegui import background_tasks, ui


def ahead(work: Coroutine[Any, Any, None], *, name: str) -> None:
    """Begin it now, and not when the page has connected. What it draws waits for that; it ends with the page."""
    client = ui.context.client
    task = background_tasks.create(work, name=name, context=client)
    client.on_delete(task.cancel)
