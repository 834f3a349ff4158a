"""*Ask the recorder* and tasks of districts in a real browser; an agent of the test takes the orders and reports.

test: agent that opens commands ◀─stdout─ centre ◀─ Chromium;  its reports ─stdin─▶ centre
"""

import base64
import time
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from center.console.widgets import moments
from provisioning.contracts.fleet.commands import JobPhase, Verb
from provisioning.contracts.wire.messages import SourceKind
from tests.center.street import AGENT
from tests.center.tasks.job_agent import JobAgent
from tests.center.world import camera_status, heartbeat
from tests.e2e.accessibility import RULES, checked
from tests.e2e.conftest import Visitor
from tests.e2e.test_cases import NUMBER, STREET, _accounts, _as, _fill, _post

pytestmark = [pytest.mark.e2e, pytest.mark.peer]

HOUR_MS: Final = 3_600_000
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
_FITS: Final = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"


class Line:
    """The line between the centre and an agent of the test."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._read = 0
        self.agent = JobAgent(AGENT, visitor.center.seal_key.seal, _now_ms, self._deliver)
        for camera_id, name, latitude in STREET:
            status = camera_status(camera_id, name=name)
            changes = {"source": SourceKind.RTSP, "latitude": latitude, "longitude": 120.1551}
            visitor.center.deliver(status.model_copy(update={**changes, "has_recorder": camera_id != "cam-3"}))
        self._beat()
        self.agent.report(None)

    def take(self, count: int = 1) -> None:
        """Hand the next commands over, once they are sent: to an agent that is heard now."""
        self._beat()
        for _turn in range(count):
            lines: list[str] = []
            while len(lines) <= self._read:
                self._visitor.page.wait_for_timeout(50)
                lines = [line for line in self._visitor.center.said if line.startswith("sent ")]
            _sent, topic, payload, _expiry = lines[self._read].split()
            self._read += 1
            self.agent.accept(topic, base64.b64decode(payload))

    def change(self, place: int, **changes: object) -> None:
        """Let one of the jobs come on."""
        self.agent.change(list(self.agent.jobs)[place], **changes)

    def _beat(self) -> None:
        self._visitor.center.deliver(heartbeat(sent_at_ms=_now_ms()))

    def _deliver(self, topic: str, payload: bytes) -> None:
        self._visitor.center.say(topic=topic, payload=base64.b64encode(payload).decode())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _clean(page: Page) -> None:
    found = checked(page, RULES)["violations"]
    assert found == [], [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


def _in_both(visitor: Visitor, path: str, name: str, wait_for: str) -> None:
    """Look at a page in Chinese and in English, wide and as on a phone."""
    for language in ("zh", "en"):
        visitor.prefer(language=language)
        visitor.go(path)
        expect(visitor.page.locator(wait_for).first).to_be_visible()
        for size, width in ((WIDE, "wide"), (PHONE, "phone")):
            visitor.page.set_viewport_size(size)  # type: ignore[arg-type] # a plain dict
            visitor.page.wait_for_function(_FITS)
            if language == "zh":  # its elements are the same in both
                _clean(visitor.page)
            visitor.photograph(f"{name}-{language}-{width}")
    visitor.page.set_viewport_size(WIDE)  # type: ignore[arg-type] # a plain dict


def _open_case(visitor: Visitor, keys: list[str]) -> None:
    """A case that ana has written and requested, with the first machine as the sought one."""
    now_ms = _now_ms()
    terms = {
        "purpose": "theft of a red e-bike at the station",
        "districts": ["north"],
        "from_ms": now_ms - 24 * HOUR_MS,
        "to_ms": now_ms + 24 * HOUR_MS,
        "expires_at_ms": now_ms + 48 * HOUR_MS,
        "cls": "bicycle",
        "theft": {"at_ms": now_ms - 8_000_000, "latitude": 30.274, "longitude": 120.155},
    }
    _post(visitor, "/cases", {"number": NUMBER, "terms": terms})
    _post(visitor, f"/cases/{NUMBER}/sought", {"row_key": keys[0], "index": 0})
    _post(visitor, f"/cases/{NUMBER}/request", {"version": 1})


def _refused(visitor: Visitor) -> None:
    """Without approval there is no button, and the API refuses."""
    page, now_ms = visitor.page, _now_ms()
    visitor.go(f"/cases/{NUMBER}")
    expect(page.get_by_text("Calculated while the case is approved.")).to_be_visible()
    expect(page.get_by_role("button", name="Ask the recorder")).to_have_count(0)
    body = {"cameras": [f"{AGENT}/cam-1"], "started_at_ms": now_ms - 2 * HOUR_MS, "ended_at_ms": now_ms - HOUR_MS}
    answer = visitor.context.request.post(
        f"{visitor.center.url}/api/cases/{NUMBER}/jobs", data=body, headers={"origin": visitor.center.url}
    )
    assert (answer.status, answer.json()["code"]) == (409, "case_not_approved")


def _without_a_picture(visitor: Visitor, row_key: str) -> None:
    """Of a case that has no picture of the wanted vehicle any more, the page says so beside the candidates."""
    url = f"{visitor.center.url}/api/cases/{NUMBER}/sought/{row_key}/0"
    assert visitor.context.request.delete(url, headers={"origin": visitor.center.url}).status == 204
    visitor.go(f"/cases/{NUMBER}")
    visitor.page.locator(".ws-job").get_by_role("button", name="Look through").click()
    expect(visitor.page.locator(".ws-pair-none")).to_have_text("No picture of the wanted vehicle")
    visitor.photograph("case-recorder-no-picture")


def test_the_recorder_is_asked_in_an_approved_case_and_what_comes_is_looked_through(visitor: Visitor) -> None:
    visitor.set_up()
    keys = _fill(visitor.center)
    line = Line(visitor)
    _accounts(visitor)
    with _as(visitor, "ana") as page:
        _open_case(visitor, keys)
        _refused(visitor)
    with _as(visitor, "sue"):
        _post(visitor, f"/cases/{NUMBER}/approve", {"version": 1})
    with _as(visitor, "ana") as page:
        page.set_viewport_size(WIDE)  # type: ignore[arg-type] # a plain dict
        visitor.go(f"/cases/{NUMBER}")
        window = page.locator(".ws-window").filter(has_text="Bridge, north side").first
        times = window.locator(".ws-nowrap").first.inner_text()
        visitor.photograph("case-ask-recorder")
        window.get_by_role("button", name="Ask the recorder").click()
        dialog = page.get_by_role("dialog", name="Ask the recorder")
        expect(dialog.get_by_text("Bridge, north side")).to_be_visible()
        expect(dialog.get_by_label("From")).to_have_value(times[:16].replace(" ", "T"))
        expect(dialog.get_by_label("Purpose")).to_have_count(0)
        _clean(page)
        visitor.photograph("case-ask-recorder-dialog")
        dialog.get_by_label("From").fill(moments.to_input(_now_ms() - 3 * HOUR_MS))
        dialog.get_by_label("To").fill(moments.to_input(_now_ms() - HOUR_MS))
        dialog.get_by_role("button", name="Create task").click()
        expect(dialog).to_have_count(0)
        job = page.locator(".ws-job")
        expect(job).to_contain_text("Waiting for agent")
        line.take()
        line.change(0, phase=JobPhase.DONE, ended_at_ms=_now_ms(), selected=3, spooled=3)
        expect(job).to_contain_text("3 pictures found")
        job.get_by_role("button", name="Look through").click()
        expect(page.get_by_text("Candidates from the requested recording: 2")).to_be_visible()
        expect(page.locator(".ws-thumb")).to_have_count(2)
        expect(page.locator(".ws-verdict")).to_contain_text("Bridge, north side")
        page.locator(".ws-verdict").click()
        page.keyboard.press("c")
        expect(page.locator(".ws-sighting").filter(has_text="Bridge, north side")).to_be_visible()
        visitor.photograph("case-recorder-looked-through")
        _without_a_picture(visitor, keys[0])
        _in_both(visitor, f"/cases/{NUMBER}", "case-recorder", ".ws-job")
    assert [command.verb for command in line.agent.taken] == [Verb.START]


def test_a_task_of_another_district_is_not_there(visitor: Visitor) -> None:
    visitor.set_up()
    line, page = Line(visitor), visitor.page
    _accounts(visitor)
    _post(visitor, "/districts", {"district_id": "west", "name": "West"})
    cameras = [{"agent_id": AGENT, "camera_id": "cam-2"}]
    url = f"{visitor.center.url}/api/districts/west/cameras"
    assert visitor.context.request.put(url, data=cameras, headers={"origin": visitor.center.url}).ok
    grants: list[dict[str, Any]] = [{"role": "analyst", "district_id": "west"}]
    _post(visitor, "/users", {"username": "wes", "password": "seven wet umbrellas", "grants": grants})
    now_ms = _now_ms()
    work = {"kind": "span", "started_at_ms": now_ms - 2 * HOUR_MS, "ended_at_ms": now_ms - HOUR_MS}
    _post(visitor, "/jobs", {"cameras": [f"{AGENT}/cam-1"], "work": work, "purpose": "a secret of the north"})
    line.take()
    with _as(visitor, "wes"):
        visitor.go("/tasks")
        page.get_by_role("button", name="New task").click()
        page.get_by_role("dialog").get_by_label("Cameras").click()
        expect(page.get_by_role("option")).to_have_text(["Bridge, north side (cabinet-7)"])
        expect(page.locator(".ws-job")).to_have_count(0)
        expect(page.get_by_text("a secret of the north")).to_have_count(0)
