"""Draws a field for a small file, whose content comes to the page like any other event, after the check of its user."""

import base64
import binascii
from collections.abc import Awaitable, Callable

from nicegui.element import Element
from nicegui.events import GenericEventArguments


class ChosenFile(Element, component="chosen_file.js"):
    """A label and a field. A file over `limit` bytes stays in the browser, and comes as `limit + 1` zero bytes."""

    def __init__(self, label: str, *, accept: str, limit: int, on_file: Callable[[bytes], Awaitable[None]]) -> None:
        super().__init__()
        self._props["label"] = label
        self._props["accept"] = accept
        self._props["limit"] = limit

        async def take(event: GenericEventArguments) -> None:
            content = event.args
            try:
                data = base64.b64decode(content, validate=True) if isinstance(content, str) else bytes(limit + 1)
            except binascii.Error:  # no browser of ours sent it
                return
            await on_file(data)

        self.on("file", take)
