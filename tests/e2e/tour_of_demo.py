"""Walks a running `make demo` as docs/tour.md does, to a case: `python -m tests.e2e.tour_of_demo URL STATE [OUT]`.

Prints a line for each of the twelve steps: seconds since the log-in, seconds of the step, and what a stranger sees.
With OUT each step is photographed. Ends with 1 at the first step that shows nothing.
"""

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from playwright.sync_api import BrowserContext, Error, Page, expect, sync_playwright

from provisioning.demo import district
from provisioning.demo.centre import USER
from provisioning.demo.furnishing import ACCOUNTS_FILE
from tests.e2e.conftest import CHROMIUM, FLAGS
from tests.support.waiting import PAGE_MS

STATE_FOLDER: Final = "secrets"
Step = tuple[str, Callable[[], str]]


class Tour:
    """A stranger in front of one browser, with the passwords that the demo printed the paths of."""

    def __init__(self, context: BrowserContext, url: str, state: Path) -> None:
        self._context = context
        self._url = url.rstrip("/")
        self._page: Page = context.new_page()
        lines = (state / STATE_FOLDER / ACCOUNTS_FILE).read_text(encoding="utf-8").splitlines()
        self._passwords = dict(line.split() for line in lines)
        administrator = state / STATE_FOLDER / "administrator-password"
        self._passwords[USER] = administrator.read_text(encoding="utf-8").strip()

    def steps(self) -> list[Step]:
        """Returns the steps, each with its name; a step returns what is seen after it."""
        return [
            ("log in", lambda: self._log_in(USER)),
            ("overview", self._overview),
            ("live", self._live),
            ("search a bicycle", self._bicycle),
            ("open it beside the list", self._beside),
            ("open it as a page", self._as_a_page),
            ("a camera whose clock is wrong", self._camera),
            ("acknowledge an alarm", self._alarm),
            ("assessment", self._assessment),
            ("log in as an analyst", self._analyst),
            ("the case and its candidates", self._case),
            ("confirm a sighting", self._confirm),
        ]

    def photograph(self, file: Path) -> None:
        """Saves what the window shows."""
        self._page.screenshot(path=file)

    def _log_in(self, name: str) -> str:
        self._context.clear_cookies()
        self._page.goto(f"{self._url}/login")
        self._page.get_by_label("User name").fill(name)
        self._page.get_by_label("Password").fill(self._passwords[name])
        self._page.get_by_role("button", name="Log in").click()
        self._page.wait_for_url("**/overview")
        return f"the overview, as {name}"

    def _link(self, name: str) -> None:
        self._page.get_by_role("link", name=name, exact=True).first.click()

    def _overview(self) -> str:
        markers = self._page.locator(".ws-map-marker")
        expect(markers.first).to_be_visible()
        return f"{self._page.locator('.ws-cares a').count()} lines need attention, {markers.count()} marks on the map"

    def _live(self) -> str:
        self._link("Live")
        expect(self._page.locator(".ws-card .ws-box").first).to_be_visible()
        return f"{self._page.locator('.ws-card .ws-box').count()} vehicles boxed in the newest pictures"

    def _bicycle(self) -> str:
        self._link("Search")
        self._page.get_by_role("combobox", name="Vehicle type").click()
        self._page.get_by_role("option", name="Bicycle").click()
        cards = self._page.locator("a.ws-card")
        expect(cards.first).to_contain_text("Bicycle")
        return f"{cards.count()} pictures with a bicycle"

    def _beside(self) -> str:
        self._page.locator("a.ws-card").first.click()
        expect(self._page.get_by_role("link", name="Open as a page")).to_be_visible()
        return "its picture beside the list"

    def _as_a_page(self) -> str:
        self._page.get_by_role("link", name="Open as a page").click()
        self._page.wait_for_url("**/observations/*")
        crops = self._page.locator(".ws-crop")
        expect(crops.first).to_be_visible()
        return f"{crops.count()} vehicles cut out"

    def _camera(self) -> str:
        self._link("Cameras")
        self._page.get_by_role("link", name="East Gate").first.click()
        expect(self._page.get_by_role("heading", name="Status")).to_be_visible()
        return "state, clock and checks of East Gate"

    def _alarm(self) -> str:
        self._link("Alarms")
        acknowledge = self._page.get_by_role("button", name=re.compile("^Acknowledge"))
        expect(acknowledge.first).to_be_visible()
        open_before = acknowledge.count()
        acknowledge.first.click()
        expect(self._page.get_by_text("Acknowledged", exact=True).first).to_be_visible()
        return f"one of {open_before} open alarms is taken"

    def _assessment(self) -> str:
        self._link("Assessment")
        expect(self._page.get_by_text("Harbour (demo)").first).to_be_visible()
        return "districts with their indicators"

    def _analyst(self) -> str:
        return self._log_in(district.ANALYST)

    def _case(self) -> str:
        self._link("Cases")
        self._page.get_by_role("link", name=district.CASE).first.click()
        self._page.get_by_role("button", name="Search", exact=True).click()
        confirm = self._page.get_by_role("button", name="Confirm (C)")
        expect(confirm).to_be_visible()
        return self._page.get_by_text("Candidate 1 of").first.inner_text().lower()

    def _confirm(self) -> str:
        self._page.keyboard.press("c")
        expect(self._page.get_by_text("No sightings yet.")).to_have_count(0)
        return "a sighting on the case's map"


def main() -> int:
    """Walks the tour that the command line names."""
    if len(sys.argv) not in {3, 4}:
        sys.stderr.write("usage: python -m tests.e2e.tour_of_demo URL STATE [OUT]\n")
        return 2
    out = Path(sys.argv[3]) if len(sys.argv) == 4 else None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, headless=True, timeout=PAGE_MS)
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
        context.set_default_timeout(PAGE_MS)
        expect.set_options(timeout=PAGE_MS)
        tour = Tour(context, sys.argv[1], Path(sys.argv[2]))
        begun_s = time.monotonic()
        for number, (name, step) in enumerate(tour.steps(), 1):
            from_s = time.monotonic()
            try:
                seen = step()
            except (AssertionError, Error) as error:
                sys.stderr.write(f"{number:2} {name}: shows nothing: {error}\n")
                return 1
            now_s = time.monotonic()
            sys.stdout.write(f"{number:2} {now_s - begun_s:6.1f} s {now_s - from_s:5.1f} s  {name}: {seen}\n")
            if out is not None:
                out.mkdir(parents=True, exist_ok=True)
                tour.photograph(out / f"{number:02}.png")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
