"""Draws a button that shows or hides the boxes on the pictures of a page; the key B does the same."""

from nicegui.element import Element

from center.console.language import Language


class BoxesButton(Element, component="boxes.js"):
    """A toggle button. The browser keeps the choice, for all pages that have one."""

    def __init__(self, _: Language) -> None:
        super().__init__()
        self._props["words"] = {"name": _("Boxes"), "how": _("Show or hide boxes (B)")}
