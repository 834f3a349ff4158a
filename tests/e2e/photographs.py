"""Photographs every page of the console: `python -m tests.e2e.photographs OUT`, into a folder outside of git.

Opens each row of `center.console.pages` against a sample centre, in both languages, at the width of a screen and of a
telephone. Ends with 1 if a page is wider than its window, or answers with an error.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from center.access.permissions import Role
from center.access.users import GrantRequest
from center.console.pages import PAGES
from provisioning.contracts.wire.messages import CameraState
from tests.center.street import AGENT, NOW_MS, observation
from tests.center.whole import ADMINISTRATOR, PASSWORD, Whole, whole_centre
from tests.center.world import camera_status
from tests.e2e.conftest import CHROMIUM, FLAGS
from tests.support.waiting import PAGE_MS

WINDOWS: Final = (ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844))
LOCALES: Final = ("en-GB", "zh-CN")
NUMBER: Final = "J2026-118"
SUPERVISOR: Final = "sue"
PLACES: Final = {"cam-1": ("Renmin Road, north", 31.99, 118.71), "cam-2": ("Bridge, south side", 32.02, 118.78)}
DAY_MS: Final = 86_400_000


def fill(whole: Whole) -> dict[str, str]:
    """Names and places the cameras, one of them offline, and has a case approved and searched; gives the addresses."""
    for camera_id, (name, latitude, longitude) in PLACES.items():
        status = camera_status(camera_id, name=name).model_copy(update={"latitude": latitude, "longitude": longitude})
        whole.services.devices.changed(status)
    cause = "camera cam-2: 192.0.2.7:554 does not answer within 5 s: check its power and cable"
    faulty = camera_status("cam-2", name="Market, east gate", state=CameraState.OFFLINE, cause=cause)
    whole.services.devices.changed(faulty.model_copy(update={"agent_id": "cabinet-9", "code": "no_answer"}))
    whole.services.users.add(SUPERVISOR, PASSWORD, [GrantRequest(Role.SUPERVISOR)], actor=ADMINISTRATOR)
    for number in range(6):
        row, jpeg = observation(("cam-1", "cam-2")[number % 2], NOW_MS - 3_600_000 + number * 300_000, 200 + number)
        whole.archived(row, jpeg)
        whole.archive.looks[row.snapshot.row_key, 0] = 0.05 * number
    newest = whole.archive.rows[-1]
    terms = {
        "purpose": "theft at the station",
        "cameras": [f"{AGENT}/{camera_id}" for camera_id in PLACES],
        "from_ms": NOW_MS - DAY_MS,
        "to_ms": NOW_MS + DAY_MS,
        "expires_at_ms": NOW_MS + 14 * DAY_MS,
        "cls": newest.machines[0].cls.value,
        "theft": {"at_ms": NOW_MS - 7_200_000, "latitude": 31.995, "longitude": 118.72},
    }
    with whole.browser(ADMINISTRATOR) as writer, whole.browser(SUPERVISOR) as supervisor:
        writer.post("/api/cases", json={"number": "J2026-119", "terms": terms}).raise_for_status()
        writer.post("/api/cases", json={"number": NUMBER, "terms": terms}).raise_for_status()
        sought = {"row_key": newest.snapshot.row_key, "index": 0}
        writer.post(f"/api/cases/{NUMBER}/sought", json=sought).raise_for_status()
        writer.post(f"/api/cases/{NUMBER}/request", json={"version": 1}).raise_for_status()
        supervisor.post(f"/api/cases/{NUMBER}/approve", json={"version": 1}).raise_for_status()
        found = writer.post(f"/api/cases/{NUMBER}/search", json={}).raise_for_status().json()["items"]
        for each in found[:1]:
            of = f"{each['machine']['row_key']}/{each['machine']['index']}"
            answer = writer.put(f"/api/cases/{NUMBER}/machines/{of}", json={"verdict": "confirmed"})
            answer.raise_for_status()
        order = {"agent_id": AGENT, "camera_id": "cam-1", "cause": "the housing leaks"}
        number = writer.post("/api/orders", json=order).raise_for_status().json()["order"]["id"]
    return {
        "order_id": str(number),
        "row_key": newest.snapshot.row_key,
        "agent_id": AGENT,
        "camera_id": "cam-1",
        "case_id": NUMBER,
        "rule_id": "1",
        "username": SUPERVISOR,
    }


def wait_drawn(page: Page) -> None:
    """Waits until the page has drawn what it asked for."""
    page.wait_for_load_state("networkidle")
    for text in ("Loading…", "Counting…", "Searching…", "加载中…", "正在统计…", "正在检索…"):
        page.get_by_text(text, exact=True).first.wait_for(state="hidden")
    page.wait_for_timeout(400)  # a map and a chart move for a moment


def photograph(browser: Browser, whole: Whole, blanks: dict[str, str], out: Path) -> Iterator[str]:
    """Takes all pictures; gives a line for each page that is wider than its window or is refused."""
    session = whole.cookie(ADMINISTRATOR)["Cookie"].partition("=")[2]
    paths = {"login": "/login"} | {page.path.strip("/"): page.path.format_map(blanks) for page in PAGES}
    for locale in LOCALES:
        for window in WINDOWS:
            context = browser.new_context(viewport=window, locale=locale, reduced_motion="reduce")
            page = context.new_page()
            page.set_default_timeout(PAGE_MS)
            for name, path in paths.items():
                if name != "login" and not context.cookies():
                    context.add_cookies([{"name": "wayside_session", "value": session, "url": whole.url}])
                answer = page.goto(f"{whole.url}{path}")
                wait_drawn(page)
                file = f"{name.replace('/', '-').translate({123: None, 125: None})}-{locale[:2]}-{window['width']}.png"
                page.screenshot(path=out / file, full_page=True)
                wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
                if wide > 0:
                    yield f"{file}: {wide} px wider than the window"
                if answer is None or not answer.ok:
                    yield f"{file}: {path} was not answered with a page"
            context.close()


def main() -> int:
    """Photographs into the folder that the command line names."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m tests.e2e.photographs OUT\n")
        return 2
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        whole_centre(Path(folder)) as whole,
        sync_playwright() as playwright,
    ):
        blanks = fill(whole)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, headless=True, timeout=PAGE_MS)
        faults = list(photograph(browser, whole, blanks, out))
        browser.close()
    sys.stdout.write(f"{len(list(out.glob('*.png')))} pictures in {out}\n" + "".join(f"{each}\n" for each in faults))
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
