"""Asks the recorders of a case's cameras, through all processes: `python -m tests.e2e.ask_the_recorder`.

An analyst opens a case in Chromium and may ask nothing before a supervisor has approved it; then the recorder of each
camera is asked for the span that the case offers, by RTSP, ONVIF Profile G and GB/T 28181. What comes has to be of that
span alone, and what leaves the agent meanwhile has to hold no face. A table of speeds goes to stdout, and pictures of
the pages to the folder WAYSIDE_SCREENSHOTS.
"""

import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, expect, sync_playwright
from rich.console import Console

from bench.evaluation.audit import Audit, overlapping
from engines.catalog.catalog import Catalog, default_models_dir
from provisioning.contracts.wire import topics
from provisioning.contracts.wire.codec import JPEG_START, decode_snapshot
from provisioning.demo.centre import ListedObservation
from provisioning.demo.children import Children
from provisioning.demo.narrator import Narrator
from provisioning.demo.state import DemoFolder
from tests.e2e.conftest import CHROMIUM, FLAGS, PASSWORD, SCREEN
from tests.e2e.recorded_street import (
    AGENT,
    CAMERAS,
    PER_SECOND_TAKEN,
    PLACE,
    WAYS,
    RecordedStreet,
    Shown,
    accounts,
    shown,
)
from tests.scenarios.test_packets import _decoded, _is_paint
from tests.support.tap import Tap
from tests.support.waiting import PAGE_MS

NUMBER: Final = "J2026-118"
MINUTE_MS: Final = 60_000
SIDE_MS: Final = MINUTE_MS
"""A camera at the place of a theft is asked for so long before and after it."""
LEAST_PACE_MS: Final = 2 * round(1000 / PER_SECOND_TAKEN)
"""Two pictures of a span are no farther apart."""
ROLES: Final = {"ana": "analyst", "sue": "supervisor"}
ENDED: Final = {"done", "failed", "cancelled", "refused", "lapsed", "lost"}


class Desk:
    """One browser window before the centre, used by one account after the other."""

    def __init__(self, browser: Browser, url: str, screenshots: Path | None) -> None:
        self.url = url
        self._screenshots = screenshots
        self._context = browser.new_context(viewport=SCREEN, locale="en-GB", reduced_motion="reduce")
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(PAGE_MS)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")

    def log_in(self, name: str) -> None:
        self._context.clear_cookies()
        self.go("/login")
        self.page.get_by_label("User name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url("**/overview")

    def post(self, path: str, body: object = None) -> tuple[int, Any]:
        """Returns status and body of an answer."""
        answer = self._context.request.post(f"{self.url}/api{path}", data=body or {}, headers={"origin": self.url})
        return answer.status, answer.json() if answer.body() else None

    def get(self, path: str) -> Any:
        answer = self._context.request.get(f"{self.url}/api{path}")
        assert answer.ok, answer.text()
        return answer.json()

    def photograph(self, name: str) -> None:
        if self._screenshots is not None:
            self.page.wait_for_timeout(350)
            self.page.screenshot(path=self._screenshots / f"{name}.png", full_page=True)


def opened(desk: Desk, theft_ms: int) -> None:
    """Ana writes the case and requests its approval; neither page nor API lets her ask before."""
    latitude, longitude = PLACE
    terms = {
        "purpose": "theft of a car at the crossing",
        "cameras": [f"{AGENT}/{camera}" for camera in CAMERAS],
        "from_ms": theft_ms - 60 * MINUTE_MS,
        "to_ms": theft_ms + 60 * MINUTE_MS,
        "expires_at_ms": theft_ms + 24 * 60 * MINUTE_MS,
        "cls": "car",
        "theft": {"at_ms": theft_ms, "latitude": latitude, "longitude": longitude},
    }
    assert (answer := desk.post("/cases", {"number": NUMBER, "terms": terms}))[0] < 300, answer
    assert (answer := desk.post(f"/cases/{NUMBER}/request", {"version": 1}))[0] < 300, answer
    desk.go(f"/cases/{NUMBER}")
    expect(desk.page.get_by_text("Calculated while the case is approved.")).to_be_visible()
    expect(desk.page.get_by_role("button", name="Ask the recorder")).to_have_count(0)
    span = {"started_at_ms": theft_ms - SIDE_MS, "ended_at_ms": theft_ms + SIDE_MS}
    status, body = desk.post(f"/cases/{NUMBER}/jobs", {"cameras": [f"{AGENT}/gate"], **span})
    assert (status, body["code"]) == (409, "case_not_approved")


def approved(desk: Desk) -> None:
    """Sue approves it on its page."""
    desk.go(f"/cases/{NUMBER}")
    desk.page.get_by_role("button", name="Approve").click()
    expect(desk.page.get_by_text("Approved", exact=True)).to_be_visible()


def asked(desk: Desk, theft_ms: int) -> None:
    """Ana asks the recorder of each camera for the span that its window offers."""
    page = desk.page
    desk.go(f"/cases/{NUMBER}")
    for number, name in enumerate(CAMERAS.values(), 1):
        window = page.locator(".ws-window").filter(has_text=name)
        expect(window).to_have_count(1)
        window.get_by_role("button", name="Ask the recorder").click()
        dialog = page.get_by_role("dialog", name="Ask the recorder")
        expect(dialog.get_by_text(name)).to_be_visible()
        expect(dialog.get_by_label("From")).to_have_value(_to_input(theft_ms - SIDE_MS))
        expect(dialog.get_by_label("To")).to_have_value(_to_input(theft_ms + SIDE_MS))
        dialog.get_by_role("button", name="Create task").click()
        expect(dialog).to_have_count(0)
        expect(page.locator(".ws-job")).to_have_count(number)


def fetched(street: RecordedStreet, desk: Desk) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """Waits for the end of all tasks. Returns them by camera, and what the page showed of each on the way."""
    seen: dict[str, list[str]] = defaultdict(list)
    jobs: dict[str, dict[str, Any]] = {}

    def have_ended() -> bool:
        jobs.update({each["camera_id"]: each for each in desk.get(f"/cases/{NUMBER}/jobs")["items"]})
        for line in desk.page.locator(".ws-job").all():
            name, state = (line.locator(at).inner_text() for at in (".ws-name", ".ws-job-line"))
            shows = " ".join(state.split())
            if not seen[name] or seen[name][-1] != shows:
                seen[name].append(shows)
        return all(each["phase"] in ENDED for each in jobs.values())

    def standing() -> list[tuple[str, str, int, str]]:
        return [(each["camera_id"], each["phase"], each["spooled"], each["cause"]) for each in jobs.values()]

    street.until(have_ended, "the end of all tasks", seen=standing)
    assert all(each["phase"] == "done" for each in jobs.values()), standing()
    return jobs, seen


def of_the_span(rows: Sequence[ListedObservation], span: tuple[int, int], began_ms: int) -> dict[str, list[int]]:
    """Returns the capture times of all that is not live, by camera; all have to be of the span, and to fill it."""
    times: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row.captured_at_ms < began_ms:
            times[row.camera_id].append(row.captured_at_ms)
    start_ms, end_ms = span
    for camera in CAMERAS:
        captured = sorted(times[camera])
        assert captured, f"nothing of {camera}"
        assert start_ms <= captured[0] <= captured[-1] < end_ms, f"{camera}: {captured[0]} to {captured[-1]}"
        assert len(set(captured)) == len(captured), f"{camera}: a picture came twice"
        widest = max(late - early for early, late in pairwise([start_ms, *captured, end_ms]))
        assert widest <= LEAST_PACE_MS, f"{camera}: {widest} ms without a picture"
    return times


def looked_through(desk: Desk, jobs: dict[str, dict[str, Any]], span: tuple[int, int]) -> dict[str, int]:
    """Makes the machines of each task candidates; all have to be of its camera and span. Returns their number."""
    page, counts = desk.page, {}
    for camera, name in CAMERAS.items():
        line = page.locator(".ws-job").filter(has_text=name)
        line.get_by_role("button", name="Look through").click()
        status, found = desk.post(f"/cases/{NUMBER}/jobs/{jobs[camera]['id']}/candidates")
        assert status == 200, found
        machines = [each["machine"] for each in found["items"]]
        assert machines, f"no candidate of {camera}"
        assert {each["camera_id"] for each in machines} == {camera}
        assert all(span[0] <= each["captured_at_ms"] < span[1] for each in machines)
        counts[camera] = len(machines)
        expect(page.get_by_text(f"Candidates from the requested recording: {len(machines)}")).to_be_visible()
    return counts


def assert_no_face(cluster: Tap, center: Tap, film: Shown, catalog: Catalog) -> int:
    """Holds what left the agent against the criterion of `tests/scenarios/test_packets.py`; returns the pictures."""
    assert all(center.on(each) for each in ("/heartbeat", "/tasks", *(f"/{camera}" for camera in CAMERAS)))
    for heard in center.heard:
        assert JPEG_START not in heard.payload, heard.topic
    audit, leaks, pictures = Audit(catalog), 0, 0
    for payload in cluster.on("/snapshots"):
        _, picture = decode_snapshot(payload)
        if not picture:
            continue
        image = _decoded(picture)
        pictures += 1
        assert image.shape == film.raw[0].shape
        visible = [face for face in film.faces if not _is_paint(face, image)]
        leaks += any(overlapping(hits, visible) for hits in audit.hits(image).values()) if visible else 0
    assert leaks == 0, f"{leaks} of {pictures} pictures show a face"
    # The criterion can fail: in the raw pictures the faces are neither paint nor unseen.
    assert not any(_is_paint(face, film.raw[0]) for face in film.faces)
    assert all(overlapping(hits, film.faces) for hits in audit.hits(film.raw[0]).values())
    return pictures


def _to_input(at_ms: int) -> str:
    """The page's own form of a minute, in the centre's time zone."""
    from center.console.widgets import moments  # noqa: PLC0415 - brings NiceGUI, which nothing else here needs

    return moments.to_input(at_ms)


def walked(
    street: RecordedStreet, browser: Browser, narrator: Narrator, film: Shown, catalog: Catalog, began_ms: int
) -> list[str]:
    """Walks the chain on a street that runs; returns the lines of the table.

    `began_ms`: a minute that began before anything ran. All that was captured before it is of a recorder.
    """
    theft_ms = began_ms - 2 * MINUTE_MS
    named = os.environ.get("WAYSIDE_SCREENSHOTS")
    screenshots = None if named is None else Path(named)
    span = (theft_ms - SIDE_MS, theft_ms + SIDE_MS)
    port = street.services_port
    cluster = Tap(street.identity("cluster"), port, [topics.snapshots("+")])
    told = [topics.heartbeat("+"), topics.camera_status("+", "+"), topics.tasks("+")]
    center = Tap(street.identity("center"), port, told)
    accounts(street.centre, ROLES, PASSWORD)
    desk = Desk(browser, street.centre.url, screenshots)
    desk.log_in("ana")
    opened(desk, theft_ms)
    narrator.say("refused without approval, on the page and by the API")
    desk.log_in("sue")
    approved(desk)
    desk.log_in("ana")
    asked(desk, theft_ms)
    narrator.say("approved, and every recorder is asked")
    jobs, seen = fetched(street, desk)
    narrator.say("every task is done")
    for name, states in seen.items():
        narrator.say(f"{name}: {' → '.join(states)}")
    for camera, job in jobs.items():
        took_s = (job["ended_at_ms"] - job["begun_at_ms"]) / 1000
        narrator.say(
            f"{camera}: {job['speed']} times real time, {took_s:.0f} s, {job['spooled']} pictures {job['cause']}"
        )
    spooled = {camera: job["spooled"] for camera, job in jobs.items()}

    def archived() -> dict[str, int]:
        counts = dict.fromkeys(CAMERAS, 0)
        for row in street.centre.observations():
            counts[row.camera_id] += row.captured_at_ms < began_ms
        return counts

    street.until(lambda: archived() == spooled, f"{spooled} rows in the archive", seen=archived)
    times = of_the_span(list(street.centre.observations()), span, began_ms)
    narrator.say("all rows are of the span")
    candidates = looked_through(desk, jobs, span)
    for language in ("zh", "en"):
        desk.go(f"/preferences?language={language}")
        desk.go(f"/cases/{NUMBER}")
        expect(desk.page.locator(".ws-job")).to_have_count(len(CAMERAS))
        expect(desk.page.locator(".ws-thumb").first).to_be_visible()
        desk.photograph(f"asked-the-recorder-{language}")
    cluster.close()
    center.close()
    pictures = assert_no_face(cluster, center, film, catalog)
    assert pictures >= sum(map(len, times.values())), "the tap heard all of it"
    narrator.say(f"{pictures} pictures left the agent, and none shows a face; nothing else holds a picture")
    lines = ["| way | times real time | by the clock, s | rows | candidates |", "|---|---|---|---|---|"]
    for camera, way in WAYS.items():
        job = jobs[camera]
        took_s = (job["ended_at_ms"] - job["begun_at_ms"]) / 1000
        lines.append(f"| {way} | {job['speed']:.1f} | {took_s:.0f} | {len(times[camera])} | {candidates[camera]} |")
    return lines


def main() -> int:
    """Walks, and writes a table."""
    expect.set_options(timeout=PAGE_MS)
    narrator = Narrator(Console(width=150))
    catalog = Catalog(default_models_dir())
    film = shown(catalog)
    began_ms = time.time_ns() // 1_000_000 // MINUTE_MS * MINUTE_MS
    held = (began_ms // 1000 - 600, began_ms // 1000)
    with (
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory(prefix="ws-ask-") as folder,
        DemoFolder(Path(folder), keep=False) as state,
        Children(state.folder("log")) as children,
    ):
        street = RecordedStreet(state, children, default_models_dir(), narrator, film, held)
        with street.running():
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, headless=True, timeout=PAGE_MS)
            lines = walked(street, browser, narrator, film, catalog, began_ms)
            browser.close()
    sys.stdout.write("\n".join([*lines, ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
