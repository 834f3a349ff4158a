"""Headless Chromium: a page that says by itself when it can be used, and which processes the browser has."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, sync_playwright

from center import credentials
from tests.e2e.conftest import CHROMIUM, FLAGS, SCREEN

PATIENCE_MS: Final = 120_000
_WATCH: Final = """
window.wsUsable = new Promise((done) => {
  const look = () => {
    let there = false;
    try { there = Boolean((%s)()); } catch { there = false; }
    if (there) done(performance.now()); else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
});
"""

_FIRST_PAINT: Final = """() => new Promise((done) => {
  const seen = (list) => list.getEntriesByName("first-contentful-paint").forEach((paint) => done(paint.startTime));
  new PerformanceObserver(seen).observe({ type: "paint", buffered: true });
})"""
"""A plain page is complete before it is painted: the entry may be still to come."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, headless=True)
        yield browser
        browser.close()


def visit(browser: Browser, url: str, session: str, *, screen: ViewportSize = SCREEN) -> BrowserContext:
    """A window of somebody who is logged in, its cache empty."""
    context = browser.new_context(viewport=screen, locale="en-GB", color_scheme="light", reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    if session:
        context.add_cookies([{"name": credentials.SESSION, "value": session, "url": url}])
    return context


class Opening(NamedTuple):
    """Milliseconds from the navigation on, by the page's own clock."""

    first: float
    """First contentful paint."""
    usable: float
    """First frame in which the page's condition holds."""


def opening(context: BrowserContext, url: str, condition: str) -> Opening:
    """Opens a page; `condition` is a JavaScript function's text."""
    page = context.new_page()
    page.add_init_script(_WATCH % condition)
    page.goto(url, wait_until="commit")
    usable = float(page.evaluate("() => window.wsUsable"))
    first = float(page.evaluate(_FIRST_PAINT))
    page.close()
    return Opening(first, usable)


@dataclass
class Watched:
    """One open page, and its errors."""

    page: Page
    errors: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, context: BrowserContext, url: str) -> Self:
        """Open it, and note each error of its console."""
        watched = cls(context.new_page())
        watched.page.on("console", watched._on_console)
        watched.page.on("pageerror", lambda error: watched.errors.append(str(error)))
        watched.page.goto(url)
        return watched

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)


def processes(browser: Browser) -> list[tuple[str, int]]:
    """Kind and process id of each of its processes."""
    line = browser.new_browser_cdp_session()
    said = line.send("SystemInfo.getProcessInfo")["processInfo"]
    line.detach()
    return [(str(each["type"]), int(each["id"])) for each in said]
