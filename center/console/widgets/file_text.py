"""Lets the user choose a file of JSON, whose text is passed on and kept nowhere."""

from collections.abc import Callable

from nicegui.element import Element
from nicegui.events import GenericEventArguments


class FileText(Element, component="file_text.js"):
    """A field with a `label`. `on_text` gets the text; of a file over `most` bytes it gets more than `most` bytes."""

    def __init__(self, label: str, *, most: int, on_text: Callable[[bytes], object]) -> None:
        super().__init__()
        self._props.update(label=label, most=most)
        self._on_text = on_text
        self.on("text", self._chosen)

    def _chosen(self, event: GenericEventArguments) -> None:
        if isinstance(event.args, str):
            self._on_text(event.args.encode(errors="replace"))
