"""Draws links to the observations before and after this one in the results that led to it."""

from nicegui.element import Element

from center.console.language import Language
from center.console.widgets.picture import page_path


class Neighbours(Element, component="neighbours.js"):
    """Links for J and K. The browser's tab keeps the keys of the results; without them nothing is drawn."""

    def __init__(self, _: Language, row_key: str, query: str) -> None:
        """`query` is the search of the results, as their links have it."""
        super().__init__()
        self._props["current"] = row_key
        self._props["query"] = query
        self._props["path"] = page_path("")
        self._props["words"] = {
            "label": _("Results"),
            "previous": _("Previous result (K)"),
            "next": _("Next result (J)"),
            "place": _("{number} of {count}"),
        }
