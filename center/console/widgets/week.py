"""Draws counts by hour of the week, as a table of shades."""

from collections.abc import Mapping
from typing import Final

from nicegui.element import Element

from center.console.language import Language
from center.errors import marked

DAYS: Final = (
    marked("Mon"),
    marked("Tue"),
    marked("Wed"),
    marked("Thu"),
    marked("Fri"),
    marked("Sat"),
    marked("Sun"),
)


class Week(Element, component="week.js"):
    """A table, filled by `show`. Hours are of the archive's clock."""

    def __init__(self, _: Language, *, label: str, unit: str) -> None:
        """`unit` is a count in words, with the blank `count`."""
        super().__init__()
        self._props["words"] = {"label": label, "unit": unit, "days": [_(day) for day in DAYS]}

    def show(self, counts: Mapping[int, int]) -> None:
        """Shows counts by hour of the week, Monday's first hour 0, in place of the previous ones."""
        self._props["hours"] = dict(counts)
        self.update()
