"""Walks the tasks of an analyst in a browser and counts clicks and seconds: `python -m tests.e2e.walk`.

Each task begins on an opened page. A click, a key and a field that is typed into count one each; seconds are those of
Chromium against a sample centre on this machine, from the first click until what was wanted is on the screen.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect, sync_playwright

from center.access.permissions import CameraKey, Role
from center.access.users import GrantRequest
from center.console.widgets import moments
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import MachineClass
from tests.center.street import AGENT, NOW_MS, observation
from tests.center.whole import ADMINISTRATOR, PASSWORD, Whole, whole_centre
from tests.center.world import camera_status
from tests.e2e.conftest import CHROMIUM, FLAGS
from tests.support.waiting import PAGE_MS

SCREEN: Final = ViewportSize(width=1440, height=900)
ANALYST, SUPERVISOR = "ana", "sue"
NUMBER: Final = "J2026-118"
PLACES: Final = {"cam-1": ("Renmin Road, north", 31.99), "cam-2": ("Bridge, south side", 32.0)}
CORNERS: Final = ((0.2, 0.4), (0.8, 0.4), (0.8, 0.9))


@dataclass
class Walk:
    """One user at one page; `lines` are the tasks that were walked."""

    page: Page
    url: str
    clicks: int = 0
    lines: list[tuple[str, int, float]] = field(default_factory=list)

    @contextmanager
    def task(self, name: str) -> Iterator[None]:
        """Counts what is clicked until the block has seen what it wanted."""
        clicks, begin = self.clicks, time.perf_counter()
        yield
        self.lines.append((name, self.clicks - clicks, time.perf_counter() - begin))

    def go(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")
        self.page.wait_for_load_state("networkidle")

    def click(self, target: Locator) -> None:
        target.click()
        self.clicks += 1

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label).first.fill(text)
        self.clicks += 1

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.clicks += 1

    def button(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name))

    def link(self, name: str) -> None:
        self.click(self.page.get_by_role("link", name=name).first)

    def choose(self, select: str, *options: str) -> None:
        self.click(self.page.get_by_role("combobox", name=select))
        for option in options:
            self.click(self.page.get_by_role("option", name=option, exact=True))


def fill(whole: Whole) -> str:
    """Two placed cameras, two accounts, eight black bicycles of the last hours; gives the key of one."""
    for camera_id, (name, latitude) in PLACES.items():
        placed = camera_status(camera_id, name=name).model_copy(update={"latitude": latitude, "longitude": 118.7})
        whole.services.devices.changed(placed)
    whole.services.districts.create("street", "Street", actor=ADMINISTRATOR)
    cameras = [CameraKey(AGENT, camera_id) for camera_id in PLACES]
    whole.services.districts.set_cameras("street", cameras, actor=ADMINISTRATOR)
    for name, role in ((ANALYST, Role.ANALYST), (SUPERVISOR, Role.SUPERVISOR)):
        whole.services.users.add(name, PASSWORD, [GrantRequest(role)], actor=ADMINISTRATOR)
    keys = []
    for number in range(8):
        row, jpeg = observation(("cam-1", "cam-2")[number % 2], NOW_MS - 7_200_000 + number * 600_000, 300 + number)
        sought = {"index": 0, "cls": MachineClass.BICYCLE, "colour": MachineColour.BLACK}
        row = row.model_copy(update={"machines": (row.machines[0].model_copy(update=sought), *row.machines[1:])})
        whole.archived(row, jpeg)
        whole.archive.looks[row.snapshot.row_key, 0] = 0.05 * number
        keys.append(row.snapshot.row_key)
    return keys[0]


def _log_in(walk: Walk, name: str) -> None:
    walk.page.context.clear_cookies()
    walk.go("/login")
    with walk.task(f"log in as {name}"):
        walk.fill("User name", name)
        walk.fill("Password", PASSWORD)
        walk.button("Log in")
        walk.page.wait_for_url("**/overview")


def _search(walk: Walk) -> None:
    page = walk.page
    walk.go("/observations")
    with walk.task("search cars and bicycles, black; the match marked"):
        walk.choose("Vehicle type", "Car", "Bicycle")
        walk.press("Escape")
        walk.choose("Colour", "Black")
        walk.press("Escape")
        expect(page.locator(".ws-results .ws-box:not(.ws-box-other)").first).to_be_visible()
        page.wait_for_function(
            "() => [...document.querySelectorAll('.ws-results .ws-card')].every(card => card.querySelector('.ws-box'))"
        )
    for name, shown in (("Map", ".ws-search-map .ws-map"), ("Week", ".ws-week"), ("People count", ".ws-people")):
        with walk.task(name.lower()):
            walk.button(name)
            expect(page.locator(shown).first).to_be_visible()
    with walk.task("CSV"):
        walk.button("Export CSV")
        page.get_by_role("dialog").get_by_label("Purpose").fill("a stolen bicycle")
        walk.clicks += 1
        with page.expect_download():
            walk.click(page.get_by_role("dialog").get_by_role("button", name="Export"))


def _rule(walk: Walk) -> None:
    page = walk.page
    walk.go("/rules/new")
    with walk.task("rule with a drawn zone, previewed, on"):
        walk.fill("Name", "No stopping at the gate")
        walk.choose("Cameras (none: all)", PLACES["cam-1"][0])
        walk.press("Escape")
        page.wait_for_function("() => document.querySelector('.ws-shape-sheet img')?.naturalWidth > 0")
        sheet = page.locator(".ws-shape-sheet")
        for x, y in CORNERS:
            box = sheet.bounding_box()
            assert box is not None
            sheet.click(position={"x": x * box["width"], "y": y * box["height"]})
            walk.clicks += 1
        walk.button("Create rule")
        page.wait_for_url("**/rules/*")
        walk.button("Preview on last 24 hours")
        expect(page.get_by_text("Preview results of this version")).to_be_visible()
        walk.click(page.get_by_role("button", name="Enable", exact=True))
        if page.get_by_role("alertdialog").is_visible():
            walk.click(page.get_by_role("alertdialog").get_by_role("button").last)
        expect(page.get_by_text("Enabled", exact=True)).to_be_visible()


def _alarm(walk: Walk) -> None:
    page = walk.page
    walk.go("/alarms")
    row = page.locator("tbody tr").first
    with walk.task("acknowledge an alarm"):
        walk.click(row.get_by_role("button", name="Acknowledge"))
        expect(row.get_by_text("Acknowledged")).to_be_visible()
    with walk.task("close it"):
        walk.click(row.get_by_role("button", name="Close"))
        walk.click(page.get_by_role("alertdialog").get_by_role("button", name="Close alarm"))
        expect(page.get_by_role("alertdialog")).to_have_count(0)


def _case(walk: Walk, row_key: str) -> None:
    page = walk.page
    walk.go(f"/observations/{row_key}")
    with walk.task("case for a stolen bicycle, from its picture"):
        walk.link("Add to case")
        walk.link("New case")
        walk.fill("Number", NUMBER)
        walk.fill("Purpose", "theft at the station")
        walk.choose("Districts", "Street (2)")
        walk.press("Escape")
        walk.fill("Stolen at", moments.to_input(NOW_MS - 7_300_000))
        walk.fill("Latitude", "31.99")
        walk.fill("Longitude", "118.7")
        walk.button("Save as draft")
        page.wait_for_url("**/cases/**")
    with walk.task("choose its picture, request approval"):
        walk.button("Add this vehicle")
        expect(page.get_by_role("button", name="Remove")).to_be_visible()
        walk.button("Request approval")
        expect(page.get_by_text("Awaiting approval")).to_be_visible()


def _approve(walk: Walk) -> None:
    page = walk.page
    with walk.task("approve it, from the overview"):
        walk.link(f"Case {NUMBER} awaits your approval")
        expect(page.locator(".ws-case-area")).to_contain_text("Street")
        walk.button("Approve")
        expect(page.get_by_text("Approved", exact=True)).to_be_visible()


def _find(walk: Walk) -> None:
    page = walk.page
    walk.go(f"/cases/{NUMBER}")
    with walk.task("look-alike search"):
        walk.button("Search")
        expect(page.get_by_text("Candidate 1 of")).to_be_visible()
    for name, key, mark in (("confirm", "c", "confirmed"), ("reject", "x", "rejected")):
        with walk.task(name):
            walk.press(key)
            expect(page.locator(f".ws-thumb-{mark}")).to_have_count(1)
    with walk.task("take back"):
        walk.press("u")
        expect(page.locator(".ws-thumb-rejected")).to_have_count(0)
    with walk.task("evidence: export, fetch"):
        walk.button("Export evidence")
        expect(page.get_by_role("link", name="Download evidence package")).to_be_visible()
        with page.expect_download():
            walk.link("Download evidence package")


def _month(walk: Walk) -> None:
    walk.go("/assessment")
    for form in ("PDF", "XLSX"):
        with walk.task(f"month as {form}"), walk.page.expect_download():
            walk.link(form)


def walked(browser: Browser, whole: Whole, row_key: str) -> list[tuple[str, int, float]]:
    """Walks all tasks, the supervisor's between those of the analyst."""
    context = browser.new_context(viewport=SCREEN, locale="en-GB", reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(PAGE_MS)
    walk = Walk(page, whole.url)
    as_analyst: tuple[Callable[[Walk], None], ...] = (_search, lambda walk: _case(walk, row_key))
    as_supervisor: tuple[Callable[[Walk], None], ...] = (_approve, _rule, _alarm)
    rest: tuple[Callable[[Walk], None], ...] = (_find, _month)
    for name, tasks in ((ANALYST, as_analyst), (SUPERVISOR, as_supervisor), (ANALYST, rest)):
        _log_in(walk, name)
        for task in tasks:
            task(walk)
    context.close()
    return walk.lines


def main() -> int:
    """Walks, and writes a table."""
    expect.set_options(timeout=PAGE_MS)
    with (
        tempfile.TemporaryDirectory() as folder,
        whole_centre(Path(folder)) as whole,
        sync_playwright() as playwright,
    ):
        row_key = fill(whole)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, headless=True, timeout=PAGE_MS)
        lines = walked(browser, whole, row_key)
        browser.close()
    sys.stdout.write("| task | clicks | seconds |\n|---|---|---|\n")
    sys.stdout.write("".join(f"| {name} | {clicks} | {seconds:.1f} |\n" for name, clicks, seconds in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
