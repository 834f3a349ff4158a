"""Draws tables with named columns, and a state as a dot and a word."""

from collections.abc import Sequence

from nicegui import ui

from center.console.widgets.markup import words
from center.console.widgets.rows import Rows


def table(*heads: str, label: str = "", in_blocks: bool = False) -> ui.element:
    """Draws a panel with a table; returns the table's body. `label` names a table without a heading right above.

    `in_blocks`: on a narrow screen each row is a block, its cells one below the other, where the table would scroll.
    """
    with _headed(heads, label) as drawn:
        if in_blocks:
            drawn.classes("ws-blocks")
        return ui.element("tbody")


def listed(*heads: str) -> Rows:
    """Draws a panel with a table whose rows come as data; returns the rows."""
    with _headed(heads, ""):
        return Rows()


def _headed(heads: Sequence[str], label: str) -> ui.element:
    # A wide table scrolls in its panel, also by keys.
    panel = ui.element("div").classes("ws-panel ws-scroll").props('tabindex="0" role="region"')
    panel.props["aria-label"] = label or ", ".join(head for head in heads if head)
    with panel, ui.element("table").classes("ws-table") as whole, ui.element("thead"), ui.element("tr"):
        for head in heads:
            words("th" if head else "td", head).props('scope="col"' if head else "")
    return whole


def state(tone: str, text: str) -> None:
    """Draws a state. `tone` is `ok`, `warn`, `bad` or `off`; the word says the same."""
    with ui.element("span").classes("ws-state"):
        words("span", "").classes(f"ws-dot ws-dot-{tone}")
        words("span", text)
