"""The situation wall in a real Chromium: it turns by itself, and never shows an old figure.

test: heartbeats, states, rows ─stdin─▶ centre ─▶ /wall ─▶ Chromium
"""

import re
import time
from datetime import datetime
from typing import Final

import pytest
from fastapi import Response
from playwright.sync_api import expect

from center.clock import ZONE
from provisioning.contracts.query.archive import ClusterNode, ClusterNodes, StorageStatus
from provisioning.contracts.wire.messages import CameraState, SourceKind
from tests.center.street import AGENT, observation
from tests.center.world import camera_status
from tests.e2e.conftest import Running, Visitor
from tests.e2e.test_pages import street

pytestmark = [pytest.mark.e2e, pytest.mark.peer]

TITLES: Final = {
    "en": ("Coverage", "Data collected", "Outcomes", "Capacity"),
    "zh": ("建设规模", "汇聚数据", "应用成效", "支撑能力"),
}
KINDS: Final = (
    (SourceKind.RTSP, CameraState.ONLINE),
    (SourceKind.GB28181, CameraState.REDACTION_UNAVAILABLE),
    (SourceKind.VIID, CameraState.ONLINE),
)


def fill_wall(visitor: Visitor, center: Running) -> None:
    """Some of everything: districts, protocols, two weeks of the archive, a cluster."""
    street(center)
    for number, (kind, state) in enumerate(KINDS, 4):
        cause = "" if state is CameraState.ONLINE else "no model"
        status = camera_status(f"cam-{number}", state=state, cause=cause)
        center.deliver(status.model_copy(update={"source": kind}))
    now_ms, headers = int(time.time() * 1000), {"origin": center.url}
    for number, name in enumerate(("Renmin Road", "Old town")):
        district, api = f"d-{number}", visitor.context.request
        assert api.post(f"{center.url}/api/districts", data={"district_id": district, "name": name}, headers=headers).ok
        camera = {"agent_id": AGENT, "camera_id": f"cam-{number + 1}"}
        path = f"{center.url}/api/districts/{district}/cameras"
        assert api.put(path, data=[camera], headers=headers).ok
    for day in range(14):
        for number in range(1 + (5 * day + 3) % 9):
            at_ms, seed = now_ms - day * 86_400_000 - number * 60_000, 1000 + 20 * day + number
            center.archive.add(*observation("cam-1", at_ms, seed))
    center.archive.storage = StorageStatus(free_bytes=63 * 10**11, total_bytes=10**13, day="x", day_bytes=21 * 10**10)
    center.archive.nodes = ClusterNodes(nodes=(ClusterNode(alive=True, gpus=2), ClusterNode(alive=True, gpus=2)))


def open_wall(visitor: Visitor, language: str = "en") -> None:
    visitor.prefer(language=language)
    visitor.go("/wall")
    expect(visitor.page.locator(".wall-page:visible")).to_have_count(1)


def test_it_turns_its_pages_by_itself_and_begins_again(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    fill_wall(visitor, center)
    open_wall(visitor)
    for title in (*TITLES["en"], TITLES["en"][0]):
        expect(visitor.page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        expect(visitor.page.locator(".wall-page:visible")).to_have_count(1)


def test_a_log_in_that_ends_leaves_nothing_but_that(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    fill_wall(visitor, center)
    visitor.expected.append("/wall/pages")
    open_wall(visitor)
    expect(visitor.page.get_by_text("Last figures:")).to_be_hidden()
    visitor.context.request.post(f"{center.url}/api/logout", headers={"origin": center.url})
    only = re.compile(r"^\s*Logged out\s*Reload this page to log in again\.\s*$")
    expect(visitor.page.locator("body")).to_have_text(only)
    expect(visitor.page.locator("body > *")).to_have_count(1)
    visitor.photograph("wall-ended")
    visitor.page.reload()
    expect(visitor.page).to_have_url(re.compile(r"/login\?next=%2Fwall$"))


def test_an_hour_without_a_network_shows_no_old_figure_and_ends_by_itself(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    fill_wall(visitor, center)
    page = visitor.page
    visitor.expected.append("/wall/pages")
    page.clock.install()
    open_wall(visitor)
    shown = page.locator(".wall-page time").first.text_content()
    visitor.context.set_offline(True)
    minutes = (str(shown)[:5], f"{datetime.now(ZONE):%H:%M}")  # newer figures may have come before
    page.clock.fast_forward("01:00:00")
    expect(page.get_by_role("alert")).to_contain_text("No answer from the centre")
    expect(page.get_by_role("alert")).to_contain_text(re.compile(f"Last figures: ({'|'.join(minutes)})"))
    expect(page.locator(".wall-page")).to_have_count(0)
    visitor.photograph("wall-offline")
    visitor.context.set_offline(False)
    expect(page.locator(".wall-page:visible")).to_have_count(1)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_an_archive_that_does_not_answer_is_named_in_place_of_its_figures(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    fill_wall(visitor, center)
    open_wall(visitor)
    snapshots = visitor.page.locator(".wall-figure", has_text="Storage left")
    expect(snapshots).to_contain_text("30 days")
    center.archive.answer = lambda: Response(status_code=503)
    expect(snapshots).to_contain_text("No answer from the archive")
    expect(snapshots).not_to_contain_text("30")
    visitor.photograph("wall-archive-silent")
    center.archive.answer = None
    expect(snapshots).to_contain_text("30 days")


def test_a_wall_left_open_over_an_upgrade_loads_itself_again(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    open_wall(visitor)
    page = visitor.page
    page.evaluate("document.body.dataset.old = 'yes'")
    visitor.context.add_cookies([{"name": "wayside_language", "value": "zh", "url": center.url}])
    expect(page.locator("body[data-old]")).to_have_count(1)
    page.wait_for_function("() => !document.body.dataset.old")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
