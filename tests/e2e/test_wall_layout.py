"""The situation wall is read from five metres at 1080p and 4K, in both languages, and axe-core finds nothing."""

from typing import Final

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.e2e.accessibility import COLOURS, RULES, checked
from tests.e2e.conftest import Running, Visitor
from tests.e2e.test_wall import TITLES, fill_wall, open_wall

pytestmark = [pytest.mark.e2e, pytest.mark.peer]

SCREENS: Final = {
    "4k": ViewportSize(width=3840, height=2160),
    "1080p": ViewportSize(width=1920, height=1080),
}
"""The last is what axe-core looks at."""
SMALLEST: Final = 0.048
"""Smallest share of the window's height: letters of 16 minutes of arc at five metres, on a screen 0.68 m high."""
TEXTS: Final = """
[...document.querySelectorAll('.wall-page:not([hidden]) *')]
  .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
  .map((e) => ({size: parseFloat(getComputedStyle(e).fontSize) / innerHeight, text: e.textContent.trim(),
    cut: e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline',
    out: e.getBoundingClientRect().bottom > innerHeight || e.getBoundingClientRect().right > innerWidth}))
"""
HALT: Final = (
    "window.fetch = () => new Promise(() => {}); for (let i = setTimeout(() => {}); i; i -= 1) clearTimeout(i)"
)
"""Stops the script of the wall; one answer may still be on its way."""
SHOW: Final = "n => [...document.querySelectorAll('.wall-page')].forEach((page, i) => { page.hidden = i !== n; })"


def test_each_page_is_read_from_five_metres_and_axe_finds_nothing(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    fill_wall(visitor, center)
    page, faults = visitor.page, list[tuple[object, ...]]()
    for (language, titles), theme in zip(TITLES.items(), ("light", "dark"), strict=True):
        visitor.prefer(theme=theme)
        open_wall(visitor, language)
        page.evaluate(HALT)
        page.wait_for_load_state("networkidle")
        for number, title in enumerate(titles):
            page.evaluate(SHOW, number)
            expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
            for screen, size in SCREENS.items():
                page.set_viewport_size(size)
                visitor.photograph(f"wall-{screen}-{theme}-{language}-{number + 1}")
                texts = page.evaluate(TEXTS)
                assert len(texts) > 6, title
                small = [each for each in texts if each["size"] < SMALLEST - 0.0005]
                wrong = [each for each in texts if each["out"] or each["cut"] or each in small]
                faults += [(language, screen, title, each) for each in wrong]
            for shown, rules in (("light", RULES), ("dark", COLOURS)):
                page.evaluate("theme => { document.documentElement.dataset.theme = theme }", shown)
                answer = checked(page, rules)
                faults += [(language, shown, title, each["id"], each["nodes"]) for each in answer["violations"]]
    assert faults == []
