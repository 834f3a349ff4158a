"""Checks a page with axe-core."""

from collections.abc import Mapping
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES: Final = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
COLOURS: Final = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""All that a theme changes."""


_STILL: Final = """() => document.getAnimations().every(
    (each) => each.playState !== "running" || each.effect?.getComputedTiming().endTime === Infinity
) && [...document.querySelectorAll(".q-loading-bar")].every((bar) => getComputedStyle(bar).opacity === "0")"""
"""Nothing fades or slides any more: what fades in has another contrast. What turns for ever is left alone. And Quasar
shows no bar for a request on its way, which has no name; on a busy machine the line to the centre begins with some."""
_FLAT: Final = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(".q-btn__content { z-index: auto }");
    document.adoptedStyleSheets = [sheet];
}"""
"""Quasar gives the text of a button a stacking context. Below an element that is fixed, as dialogs are and the page
behind them, axe-core 4.12 puts that context under the ground of the button, and measures the backdrop in its place."""


def checked(page: Page, rules: Mapping[str, object]) -> dict[str, Any]:
    """Returns the answer of axe-core; what passes has one element, since to name all of them takes half of its time."""
    page.wait_for_function(_STILL)
    page.evaluate(_FLAT)
    response: dict[str, Any] = Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"]}).response
    page.evaluate("() => { document.adoptedStyleSheets = [] }")
    return response
