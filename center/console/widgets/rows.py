"""Draws rows of a table as data: one component draws them all, and a change keeps the rows that stay."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from nicegui.element import Element


@dataclass(frozen=True, slots=True)
class Cell:
    """A text; with `href` a link, with `tone` a dot and a word. `sub` stands below; `utc` shows under the pointer."""

    text: str
    href: str = ""
    tone: str = ""
    sub: str = ""
    utc: str = ""


class Rows(Element, component="rows.js"):
    """The body of a table. Filled by `show`."""

    def show(self, rows: Mapping[str, Sequence[Cell]]) -> None:
        """Draws these rows in their order, each under a key that stays its own."""
        self._props["rows"] = [
            {
                "key": key,
                "cells": [{name: said for name, said in asdict(cell).items() if said} for cell in cells],
            }
            for key, cells in rows.items()
        ]
        self.update()
