"""The live wall asks for the pictures that somebody can see."""

import time
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from provisioning.contracts.wire.messages import CameraState
from tests.center.street import observation
from tests.center.world import camera_status, heartbeat
from tests.e2e.conftest import Running, Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.peer]

CAMERAS = [f"cam-{number:02}" for number in range(1, 25)]
"""More than two screens of tiles."""


def _now_ms() -> int:
    return int(time.time() * 1000)


def test_a_tile_off_the_screen_takes_its_first_picture_and_the_newest_when_it_is_seen(
    visitor: Visitor, center: Running
) -> None:
    visitor.set_up()
    center.deliver(heartbeat(sent_at_ms=_now_ms()))
    for camera in CAMERAS:
        center.deliver(camera_status(camera, name=camera, state=CameraState.ONLINE))
    page = visitor.page
    visitor.go("/live")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(unquote(request.url)))
    first, last = (page.locator(".ws-card", has_text=camera) for camera in (CAMERAS[0], CAMERAS[-1]))
    expect(last).to_be_attached()
    center.archived(*observation(CAMERAS[-1], _now_ms(), 50))
    expect(last.locator("canvas")).to_have_css("display", "block")

    hidden = [center.archived(*observation(CAMERAS[-1], _now_ms(), 51 + number)) for number in range(2)]
    expect(last).to_have_attribute("href", f"/observations/{hidden[-1].snapshot.row_key.replace(':', '%3A')}")
    seen = center.archived(*observation(CAMERAS[0], _now_ms(), 60))
    expect(first.locator(".ws-box")).to_have_count(len(seen.machines))
    assert not [url for url in asked for row in hidden if row.snapshot.row_key in url]

    with page.expect_request(lambda request: hidden[-1].snapshot.row_key in unquote(request.url)):
        last.scroll_into_view_if_needed()
    expect(last.locator(".ws-box")).to_have_count(len(hidden[-1].machines))
    assert not [url for url in asked if hidden[0].snapshot.row_key in url]
