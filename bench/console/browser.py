"""Headless Chromium: a page that says by itself when it can be used, and what the browser's processes weigh."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Self

from playwright.sync_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Page, ViewportSize, sync_playwright

from bench.process import pss_mib, rss_mib
from center import cookies
from tests.e2e.conftest import CHROMIUM, FLAGS, SCREEN

PATIENCE_MS: Final = 120_000
MIB: Final = 1024 * 1024
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
        context.add_cookies([{"name": cookies.SESSION, "value": session, "url": url}])
    return context


def usable_ms(context: BrowserContext, url: str, condition: str) -> float:
    """From the navigation to the first frame in which `condition` (a JavaScript function's text) holds."""
    page = context.new_page()
    page.add_init_script(_WATCH % condition)
    page.goto(url, wait_until="commit")
    took = float(page.evaluate("() => window.wsUsable"))
    page.close()
    return took


@dataclass(frozen=True, slots=True)
class Weight:
    """After a forced collection of garbage. MiB."""

    heap: float
    nodes: int
    listeners: int
    renderer_rss: float
    renderer_pss: float


@dataclass
class Watched:
    """One open page, its errors, and what it weighs."""

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

    def weight(self, browser: Browser) -> Weight:
        """Collect its garbage, then weigh it."""
        line = self.page.context.new_cdp_session(self.page)
        for _ in range(3):
            line.send("HeapProfiler.collectGarbage")
        said = {each["name"]: each["value"] for each in _metrics(line)}
        line.detach()
        renderers = [pid for kind, pid in processes(browser) if kind == "renderer"]
        return Weight(
            heap=round(said["JSHeapUsedSize"] / MIB, 2),
            nodes=int(said["Nodes"]),
            listeners=int(said["JSEventListeners"]),
            renderer_rss=round(sum(map(rss_mib, renderers)), 1),
            renderer_pss=round(sum(map(pss_mib, renderers)), 1),
        )


def _metrics(line: CDPSession) -> list[dict[str, Any]]:
    line.send("Performance.enable")
    found: list[dict[str, Any]] = line.send("Performance.getMetrics")["metrics"]
    return found


def processes(browser: Browser) -> list[tuple[str, int]]:
    """Kind and process id of each of its processes."""
    line = browser.new_browser_cdp_session()
    said = line.send("SystemInfo.getProcessInfo")["processInfo"]
    line.detach()
    return [(str(each["type"]), int(each["id"])) for each in said]
