"""The live page for minutes: 30 cameras, two pictures a second each, what browser and centre weigh; and 20 browsers.

    this process: observed hints ─stdin─▶ centre ─▶ Chromium
                                            └─▶ well of pictures (one under every key)

Memory is read after garbage was collected, in a browser whose network nobody records.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, ViewportSize

from bench.center.api import running
from bench.center.console.browser import Watched, processes, visit
from bench.center.console.centre import Centre, centre, serve_well
from bench.center.console.unrecorded import unrecorded
from bench.process import cpu_s, rss_mib
from tests.center.fake_archive import TOKEN
from tests.support.ports import free_port

CAMERAS: Final = 30
RATE: Final = 2.0
CROWD: Final = 20
WARM_S: Final = 10.0
WALL: Final = ViewportSize(width=1366, height=4000)
"""All tiles are on it, so that each is drawn again and again."""
DRAWN: Final = "n => [...document.querySelectorAll('.ws-card canvas')].filter((c) => c.clientWidth).length === n"


@dataclass
class Street:
    """Says hints at a steady rate, the cameras taking turns, until it is ended."""

    there: Centre
    sent: int = 0
    late: int = 0
    """Hints that were more than a second behind the rate."""
    _end: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """In a thread."""
        began_s = time.monotonic()
        while not self._end.wait(max(0.0, began_s + self.sent / (CAMERAS * RATE) - time.monotonic())):
            self.late += time.monotonic() - began_s - self.sent / (CAMERAS * RATE) > 1.0
            self.there.hint(self.sent % CAMERAS, self.sent)
            self.sent += 1

    def end(self) -> None:
        """No more."""
        self._end.set()


@contextmanager
def street(folder: Path) -> Iterator[tuple[Centre, Street]]:
    """A centre of 30 cameras whose pictures come."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with running(serve_well, f"{url}/health", port), centre(folder / "wall", url, TOKEN) as there:
        there.meet(CAMERAS)
        flow = Street(there)
        thread = threading.Thread(target=flow.run)
        thread.start()
        try:
            yield there, flow
        finally:
            flow.end()
            thread.join()


def endured(there: Centre, flow: Street, minutes: float) -> dict[str, Any]:
    """One live page, weighed five times; pictures that reached the screen."""
    with unrecorded(f"{there.url}/live", there.session, screen=WALL) as page:
        page.wait_for(f"({DRAWN})({CAMERAS})")
        page.evaluate(f"({_COUNT})()")
        began_s, first, spent_s = time.monotonic(), flow.sent, cpu_s(there.process.pid)
        weights = []
        for share in (0.1, 0.25, 0.5, 0.75, 1.0):
            # Nothing is to be looked at until the next weighing.
            time.sleep(max(0.0, began_s + share * minutes * 60 - time.monotonic()))
            weights.append(
                {
                    "minute": round((time.monotonic() - began_s) / 60, 1),
                    **asdict(page.weight()),
                    "centre_rss": round(rss_mib(there.process.pid), 1),
                }
            )
            print(f"bench.center.console: live: {weights[-1]}", flush=True)
        took_s, spent_s = time.monotonic() - began_s, cpu_s(there.process.pid) - spent_s
        shown = page.evaluate("window.wsShown")
        errors = page.errors()
    return {
        "cameras": CAMERAS,
        "hints_a_second": round((flow.sent - first) / took_s, 1),
        "late_hints": flow.late,
        "pictures_a_second_on_screen": round(shown / took_s, 1),
        "centre_cpu": round(100 * spent_s / took_s, 1),
        "centre_cpu_ms_a_picture": round(1000 * spent_s / max(shown, 1), 1),
        "weights": weights,
        "console_errors": errors,
    }


_COUNT: Final = """() => {
  window.wsShown = 0;
  const ours = ImageBitmapRenderingContext.prototype;
  const draw = ours.transferFromImageBitmap;
  ours.transferFromImageBitmap = function (picture) { window.wsShown += picture !== null; draw.call(this, picture); };
}"""


def crowd(browser: Browser, there: Centre, seconds: float) -> list[dict[str, Any]]:
    """The centre's processor time and memory: nobody, one browser on live, one on overview, ten on each."""
    half = CROWD // 2
    rows = []
    for name, pages in (
        ("nobody", ()),
        ("one on live", ("/live",)),
        ("one on overview", ("/overview",)),
        (f"{half} on live, {half} on overview", ("/live", "/overview") * half),
    ):
        with ExitStack() as stack:
            watched = []
            for path in pages:
                context = visit(browser, there.url, there.session)
                stack.callback(context.close)
                watched.append(Watched.open(context, f"{there.url}{path}"))
            time.sleep(WARM_S)
            shown = [each for each in watched if each.page.url.endswith("/live")]
            for each in shown:
                each.page.evaluate(_COUNT)
            browsers = [pid for _kind, pid in processes(browser)]
            before, before_browser, began_s = cpu_s(there.process.pid), sum(map(cpu_s, browsers)), time.monotonic()
            if watched:
                watched[0].page.wait_for_timeout(seconds * 1000)
            else:
                time.sleep(seconds)
            took_s = time.monotonic() - began_s
            spent_s = cpu_s(there.process.pid) - before
            rows.append(
                {
                    "pages": name,
                    "centre_cpu": round(100 * spent_s / took_s, 1),
                    "browser_cpu": round(100 * (sum(map(cpu_s, browsers)) - before_browser) / took_s, 1),
                    "centre_rss": round(rss_mib(there.process.pid), 1),
                    "pictures_a_second_a_page": round(
                        sum(each.page.evaluate("() => window.wsShown") for each in shown) / took_s / len(shown), 1
                    )
                    if shown
                    else None,
                    "console_errors": [error for each in watched for error in each.errors],
                }
            )
            print(f"bench.center.console: {rows[-1]}", flush=True)
    return rows
