"""The situation wall is read from five metres at 1080p and 4K, in both languages, and axe-core finds nothing."""

from typing import Final

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.e2e.accessibility import COLOURS, RULES, checked
from tests.e2e.conftest import Running, Visitor
from tests.e2e.test_wall import TITLES, fill_wall, open_wall

pytestmark = [pytest.mark.e2e, pytest.mark.peer]

SCREENS: Final = {
    "1080p": ViewportSize(width=1920, height=1080),
    "4k": ViewportSize(width=3840, height=2160),
}
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


@pytest.mark.parametrize("screen", SCREENS)
def test_each_page_is_read_from_five_metres_and_axe_finds_nothing(
    visitor: Visitor, center: Running, screen: str
) -> None:
    visitor.set_up()
    fill_wall(visitor, center)
    page, faults = visitor.page, list[tuple[object, ...]]()
    page.set_viewport_size(SCREENS[screen])
    for language, titles in TITLES.items():
        for theme, rules in (("light", RULES), ("dark", COLOURS)):
            visitor.go(f"/preferences?theme={theme}")
            open_wall(visitor, language)
            page.evaluate(HALT)
            page.wait_for_load_state("networkidle")
            for number, title in enumerate(titles):
                page.evaluate(SHOW, number)
                expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
                visitor.photograph(f"wall-{screen}-{theme}-{language}-{number + 1}")
                texts = page.evaluate(TEXTS)
                assert len(texts) > 6, title
                small = [each for each in texts if each["size"] < SMALLEST - 0.0005]
                faults += [(language, title, each) for each in texts if each["out"] or each["cut"] or each in small]
                if screen == "1080p":
                    answer = checked(page, rules)
                    faults += [(language, title, each["id"], each["nodes"]) for each in answer["violations"]]
    assert faults == []
