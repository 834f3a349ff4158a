"""A stolen bicycle in the browser: requested, approved by another person, searched, confirmed by a key, on the map.

test: archive that knows what looks alike ◀─query─ centre ◀─ Chromium, two accounts in turn
"""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi import Response
from playwright.sync_api import Page, expect

from center.console.widgets import moments
from provisioning.contracts.query.archive import MachineColour, ObjectRow, Observation
from provisioning.contracts.wire.messages import MachineClass
from tests.center.street import AGENT, observation
from tests.center.world import camera_status
from tests.e2e.conftest import PASSWORD, USERNAME, Running, Visitor
from tests.e2e.test_forms import field

pytestmark = [pytest.mark.e2e, pytest.mark.peer]

NUMBER = "杭公刑立字〔2026〕0123"
STREET = (("cam-1", "Station, bicycle park", 30.2741), ("cam-2", "Bridge, north side", 30.2830), ("cam-3", "", 30.2930))


def _machine_row(camera: str, at_ms: int, seed: int) -> tuple[Observation, bytes]:
    """A drawn street with at least one two-wheeler, the first of which is what the cluster found."""
    for attempt in range(seed, seed + 400):
        row, jpeg = observation(camera, at_ms, attempt)
        riding = [machine for machine in row.machines if machine.cls.is_two_wheeler]
        if riding:
            machine: ObjectRow = riding[0].model_copy(
                update={"index": 0, "cls": MachineClass.BICYCLE, "colour": MachineColour.RED}
            )
            return row.model_copy(update={"machines": (machine,)}), jpeg
    raise AssertionError("no two-wheeler in 400 drawn streets")


def _fill(center: Running) -> list[str]:
    """Three cameras with places, and eight machines from very like to hardly like the first."""
    now_ms = int(time.time() * 1000)
    for camera, name, latitude in STREET:
        said = camera_status(camera, name=name)
        center.deliver(said.model_copy(update={"latitude": latitude, "longitude": 120.1551}))
    keys = []
    for number in range(8):
        camera = STREET[number % 3][0]
        row, jpeg = _machine_row(camera, now_ms - 7_200_000 + number * 700_000, 1000 * (number + 1))
        center.archive.add(row, jpeg)
        center.archive.looks[row.snapshot.row_key, 0] = 0.05 * number
        keys.append(row.snapshot.row_key)
    return keys


@contextmanager
def _as(visitor: Visitor, name: str) -> Iterator[Page]:
    """Log in as somebody, in the same window."""
    visitor.log_in(name)
    yield visitor.page


def _post(visitor: Visitor, path: str, body: object) -> None:
    answer = visitor.context.request.post(
        f"{visitor.center.url}/api{path}", data=body, headers={"origin": visitor.center.url}
    )
    assert answer.ok, answer.text()


def _accounts(visitor: Visitor) -> None:
    for name, role in (("ana", "analyst"), ("sue", "supervisor")):
        grants: list[dict[str, Any]] = [{"role": role}]
        _post(visitor, "/users", {"username": name, "password": PASSWORD, "grants": grants})
    _post(visitor, "/districts", {"district_id": "north", "name": "North"})
    answer = visitor.context.request.put(
        f"{visitor.center.url}/api/districts/north/cameras",
        data=[{"agent_id": AGENT, "camera_id": camera} for camera, _name, _latitude in STREET],
        headers={"origin": visitor.center.url},
    )
    assert answer.ok, answer.text()


def _faults(visitor: Visitor, page: Page) -> None:
    """All faults at once, each at its field; the first one has the focus."""
    page.get_by_label("Latitude").fill("120.6")
    page.get_by_role("button", name="Save as draft").click()
    faults = {
        "Number": "Enter the number.",
        "Purpose": "at least three characters",
        "Districts": "Choose a district or a camera.",
        "Stolen at (+08:00)": "or none of them",
        "Latitude": "From -90 to 90 degrees.",
        "Longitude": "or none of them",
    }
    for label, fault in faults.items():
        expect(field(visitor, label)).to_contain_text(fault)
    expect(page.get_by_label("Number")).to_be_focused()
    expect(field(visitor, "Number")).to_contain_text("Enter the number.")
    expect(page.get_by_role("alert")).to_have_count(len(faults))
    visitor.photograph("cases-form-faults")


def _write(visitor: Visitor, page: Page, row_key: str) -> None:
    """From the machine in a picture to the form of a new case, which begins with its type and colour."""
    visitor.go("/cases")
    expect(page.get_by_text("No cases")).to_be_visible()
    visitor.photograph("cases-none")
    visitor.go(f"/observations/{row_key}")
    page.get_by_role("link", name="Add to case").first.click()
    expect(page.get_by_text("Add this vehicle to a case")).to_be_visible()
    page.get_by_role("link", name="New case").click()
    expect(page.get_by_role("img", name="Selected vehicle")).to_be_visible()
    expect(field(visitor, "Vehicle type")).to_contain_text("Bicycle")
    expect(field(visitor, "Colours (as described by the owner)")).to_contain_text("Red")
    _faults(visitor, page)
    page.get_by_label("Number").fill(NUMBER)
    page.get_by_label("Purpose").fill("theft of a red e-bike at the station")
    page.get_by_label("Districts").click()
    page.get_by_role("option", name="North (3)").click()
    page.keyboard.press("Escape")
    page.get_by_label("Stolen at").fill(moments.to_input(int(time.time() * 1000) - 8_000_000))
    page.get_by_label("Latitude").fill("30.274")
    page.get_by_label("Longitude").fill("120.155")
    visitor.photograph("cases-form")
    page.get_by_role("button", name="Save as draft").click()
    page.wait_for_url("**/cases/**")


def _request(visitor: Visitor, page: Page) -> None:
    """The machine came along: it is offered on the new case's page."""
    page.get_by_role("button", name="Add this vehicle").click()
    expect(page.get_by_role("button", name="Remove")).to_be_visible()
    expect(page.get_by_text("The archive can be searched once the case is approved.")).to_be_visible()
    expect(page.get_by_text("Calculated while the case is approved.")).to_be_visible()
    page.get_by_role("button", name="Request approval").click()
    expect(page.get_by_text("Awaiting approval")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    visitor.go("/cases?seek=" + page.url.partition("seek=")[2])
    expect(page.get_by_text("Add this vehicle to a case")).to_be_visible()
    visitor.photograph("cases-list-seek")


def _approve(visitor: Visitor, page: Page) -> None:
    """The overview names the case; its page says what is approved."""
    visitor.go("/overview")
    page.get_by_role("link", name=f"Case {NUMBER} awaits your approval").click()
    area = page.locator(".ws-case-area")
    for text in ("North", "Station, bicycle park (cabinet-7)", "cam-3 (cabinet-7)", "30.27400, 120.15500"):
        expect(area).to_contain_text(text)
    visitor.photograph("case-to-approve")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved", exact=True)).to_be_visible()
    visitor.go("/cases")
    expect(page.get_by_role("link", name=NUMBER)).to_be_visible()
    expect(page.get_by_text("You can approve it")).to_have_count(0)


def _give_up(visitor: Visitor, page: Page) -> None:
    """Ask an archive that thinks for long, and do not wait for it."""
    thought = threading.Event()

    def slow() -> Response:
        thought.wait(60)
        return Response(status_code=503)

    search = page.get_by_role("button", name="Search")
    expect(search).to_be_visible()
    expect(page.locator(".ws-crop img").first).to_have_js_property("complete", True)
    page.wait_for_load_state("networkidle")
    visitor.center.archive.answer = slow
    search.click()
    expect(page.get_by_text("Searching the archive…")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("The search was cancelled")).to_be_visible()
    visitor.photograph("case-given-up")
    visitor.center.archive.answer = None
    thought.set()


def _play(page: Page) -> None:
    """Walk the path of the two confirmed sightings on the map, by keys."""
    slider, steps = page.get_by_role("slider", name="Sighting"), page.locator(".ws-case-map .ws-map-step")
    expect(steps).to_have_count(2)
    slider.focus()
    page.keyboard.press("Home")
    expect(steps).to_have_count(1)
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^2/2 · "))


def _in_chinese(visitor: Visitor, page: Page) -> None:
    visitor.prefer(language="zh", theme="dark")
    visitor.go(f"/cases/{NUMBER}")
    expect(page.get_by_text("候选 1／4")).to_be_visible()
    visitor.photograph("case-zh-dark")
    page.set_viewport_size({"width": 820, "height": 1180})
    visitor.photograph("case-zh-dark-tablet")


def test_from_a_request_to_a_confirmed_sighting_on_the_map(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    keys = _fill(center)
    _accounts(visitor)
    with _as(visitor, "ana") as page:
        _write(visitor, page, keys[0])
        _request(visitor, page)
    with _as(visitor, "sue") as page:
        _approve(visitor, page)
    with _as(visitor, "ana") as page:
        visitor.go("/cases")
        page.get_by_role("link", name=NUMBER).click()
        _give_up(visitor, page)
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_text("Candidate 1 of 7")).to_be_visible()
        expect(page.get_by_text("Found: 7, candidates: 7.")).to_be_visible()
        expect(page.locator(".ws-verdict")).to_contain_text("score 95% · similarity 95%")
        thumbs = page.locator(".ws-thumb")
        expect(thumbs).to_have_count(7)
        visitor.photograph("case-candidates")
        page.keyboard.press("c")
        expect(page.get_by_text("Candidate 2 of 7")).to_be_visible()
        page.keyboard.press("x")
        expect(page.get_by_text("Candidate 3 of 7")).to_be_visible()
        page.keyboard.press("c")
        expect(page.locator(".ws-sighting")).to_have_count(2)
        expect(page.locator(".ws-thumb-confirmed")).to_have_count(2)
        expect(page.locator(".ws-thumb-rejected")).to_have_count(1)
        page.keyboard.press("x")
        page.keyboard.press("u")
        expect(page.locator(".ws-thumb-rejected")).to_have_count(1)
        expect(page.get_by_text("Candidate 4 of 7")).to_be_visible()
        expect(page.locator(".ws-case-map .leaflet-marker-icon").first).to_be_visible()
        expect(page.locator(".ws-window").first).to_be_visible()
        expect(page.locator(".ws-pair img").first).to_have_js_property("complete", True)
        visitor.photograph("case-sightings-en-light")
        _play(page)
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_text("Candidate 1 of 4")).to_be_visible()
        expect(page.get_by_text("Found: 7, candidates: 4.")).to_be_visible()
        page.get_by_text("Search details").click()
        visitor.photograph("case-explained")
        page.reload()
        expect(page.get_by_text("Candidate 1 of 4")).to_be_visible()
        _in_chinese(visitor, page)
    assert [request.asked_by for request in center.archive.likened[:1]] == ["ana"]
    assert {request.case for request in center.archive.likened} == {NUMBER}
    assert USERNAME not in {request.asked_by for request in center.archive.likened}
