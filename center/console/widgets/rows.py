"""Draws rows of a table as data: one component draws them all, and a change keeps the rows that stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

from nicegui.element import Element


@dataclass(frozen=True, slots=True)
class Cell:
    """A text; with `href` a link, with `tone` a dot and a word. `sub` stands below; `utc` shows under the pointer."""

    text: str
    href: str = ""
    tone: str = ""
    sub: str = ""
    utc: str = ""


_PARTS: Final = tuple(field.name for field in fields(Cell))


class Rows(Element, component="rows.js"):
    """The body of a table. Filled by `show`."""

    def show(self, rows: Mapping[str, Sequence[Cell]]) -> None:
        """Draws these rows in their order, each under a key that stays its own."""
        # Tuples: NiceGUI watches every list and dictionary in a list, at more cost than all else here.
        self._props["rows"] = tuple(
            {
                "key": key,
                "cells": tuple({name: said for name in _PARTS if (said := getattr(cell, name))} for cell in cells),
            }
            for key, cells in rows.items()
        )
        self.update()
