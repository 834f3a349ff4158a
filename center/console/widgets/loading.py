"""Starts work while the browser still loads the page, so that the answer is there when it can be drawn."""

from collections.abc import Coroutine
from typing import Any

from nicegui import background_tasks, ui


def ahead(work: Coroutine[Any, Any, None], *, name: str) -> None:
    """Starts `work` now, and not when the page has connected. Drawing waits for that; the work ends with the page."""
    client = ui.context.client
    task = background_tasks.create(work, name=name, context=client)
    client.on_delete(task.cancel)
