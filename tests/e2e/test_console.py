"""The console as a person meets it, in a real browser: from the set-up code to one observation."""

import base64
import re
import time
from datetime import UTC, datetime

import pytest
from fastapi import Response
from playwright.sync_api import Locator, expect

from provisioning.contracts.fleet.documents import Membership
from provisioning.contracts.wire.messages import CameraState, PictureState
from tests.center.street import NOW_MS, observation
from tests.center.world import camera_status, heartbeat, member
from tests.e2e.conftest import LOG_IN, PASSWORD, USERNAME, Running, Visitor
from tests.support.waiting import PAGE_MS, until

pytestmark = [pytest.mark.e2e, pytest.mark.peer]

CAMERAS = {"cam-1": "Renmin Road / Station Street", "cam-2": "Bridge, north side", "cam-3": ""}


def _now_ms() -> int:
    return int(time.time() * 1000)


def _street(center: Running, rows: int = 40) -> None:
    """Three cameras, one of them in trouble, and an archive with something in it."""
    center.deliver(heartbeat(sent_at_ms=_now_ms()))
    for camera, name in CAMERAS.items():
        trouble = camera == "cam-3"
        center.deliver(
            camera_status(
                camera,
                name=name,
                state=CameraState.OFFLINE if trouble else CameraState.ONLINE,
                cause="no answer from the camera within 5 s: check its power and cable" if trouble else "",
            )
        )
    center.archive.fill(rows, newest_ms=_now_ms() - 60_000)


def _colours(tile: Locator) -> int:
    """How many there are in the picture that a tile shows."""
    return int(
        tile.locator("canvas").evaluate("""(shown) => {
          const copy = new OffscreenCanvas(shown.width, shown.height).getContext("2d");
          copy.drawImage(shown, 0, 0);
          return new Set(new Uint32Array(copy.getImageData(0, 0, shown.width, shown.height).data.buffer)).size;
        }""")
    )


def _set_up_after_a_wrong_code(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/")
    expect(page).to_have_url(f"{visitor.center.url}/setup")
    visitor.photograph("setup-en-light")
    page.get_by_label("Set-up code").fill("0123456789")
    page.get_by_label("User name").fill(USERNAME)
    page.get_by_label("Password").fill(PASSWORD)
    visitor.expected.append("403 (Forbidden)")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("alert")).to_contain_text("Wrong set-up code.")
    visitor.photograph("setup-refused-en-light")
    visitor.set_up_by_page()


def test_from_the_set_up_code_to_one_machine(visitor: Visitor, center: Running) -> None:
    page = visitor.page
    _set_up_after_a_wrong_code(visitor)
    visitor.go("/live")
    expect(page.get_by_text("No cameras yet")).to_be_visible()
    visitor.photograph("live-empty-en-light")
    dashboard = page.get_by_role("link", name="Ray dashboard")
    expect(dashboard).to_have_attribute("href", "http://127.0.0.1:8265")
    expect(dashboard).to_have_attribute("rel", "noopener noreferrer")

    _street(center)
    expect(page.get_by_text("Bridge, north side")).to_be_visible()
    row = center.archived(*observation("cam-1", _now_ms(), 77))
    tile = page.locator(".ws-card", has_text="Renmin Road")
    expect(tile.locator(".ws-box")).to_have_count(len(row.machines))
    assert _colours(tile) > 100
    expect(tile.locator("canvas")).to_have_attribute("aria-label", re.compile("Renmin Road"))
    newer = center.archived(*observation("cam-1", _now_ms(), 78))
    expect(tile).to_have_attribute("href", f"/observations/{newer.snapshot.row_key.replace(':', '%3A')}")
    expect(tile.locator(".ws-box")).to_have_count(len(newer.machines))

    page.get_by_role("link", name="Search").click()
    expect(page.locator(".ws-results")).to_have_attribute("data-loaded", "42")
    page.get_by_role("combobox", name="Camera").click()
    page.get_by_role("option", name="Bridge, north side").click()
    page.keyboard.press("Escape")
    expect(page.locator(".ws-results")).to_have_attribute("data-loaded", "20")
    expect(page.locator("a.ws-card .ws-name").first).to_have_text("Bridge, north side")
    assert set(page.locator("a.ws-card .ws-name:not(.ws-plain)").all_inner_texts()) == {"Bridge, north side"}
    expect(page).to_have_url(f"{center.url}/observations?camera_id=cam-2")
    page.reload()
    expect(page.locator(".ws-results")).to_have_attribute("data-loaded", "20")

    first = page.locator("a.ws-card").first
    first.click()
    page.get_by_role("link", name="Open as a page").click()
    page.wait_for_url("**/observations/*")
    expect(page.locator("h1")).to_have_text("Bridge, north side")
    shown = next(row for row in center.archive.rows if row.snapshot.camera_id == "cam-2")
    expect(page.locator(".ws-box")).to_have_count(len(shown.machines))
    expect(page.locator(".ws-crop img")).to_have_count(len(shown.machines))
    page.wait_for_function(
        "() => [...document.querySelectorAll('.ws-crop img')].every(i => i.complete && i.naturalWidth > 0)"
    )
    page.get_by_text("Picture and redaction").click()
    expect(page.get_by_text(shown.snapshot.row_key)).to_be_visible()
    expect(page.locator("dl .ws-nowrap").first).to_have_attribute("title", _utc(shown.snapshot.captured_at_ms))
    page.go_back()
    expect(page.locator(".ws-results")).to_have_attribute("data-loaded", "20")

    visitor.expected.append("401 (Unauthorized)")  # what pictures of this page are still on their way
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(LOG_IN)
    visitor.go("/live")
    expect(page).to_have_url(f"{center.url}/login?next=%2Flive")


def _utc(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}.{at_ms % 1000:03d} UTC"


def test_a_span_typed_by_hand_is_read_in_the_archives_zone(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    center.archive.fill(6, newest_ms=NOW_MS)
    page = visitor.page
    visitor.go("/observations")
    expect(page.get_by_text("No records in this time range")).to_be_visible()
    page.get_by_role("combobox", name="Time").click()
    page.get_by_role("option", name="Custom range").click()
    # The rows lie 40 s apart and the newest at 00:00:00 +08:00: only the minute before it holds the next one.
    page.get_by_label("To (+08:00)").fill("2026-11-24T00:00")
    page.get_by_label("From (+08:00)").fill("2026-11-23T23:59")
    expect(page.locator("a.ws-card")).to_have_count(1)
    expect(page.locator("a.ws-card")).to_contain_text("2026-11-23 23:59:20 +08:00")
    visitor.photograph("observations-span-en-light")
    page.get_by_label("To (+08:00)").fill("2026-11-23T20:00")
    expect(page.get_by_role("alert")).to_contain_text("The time range ends before it starts.")


def test_pages_in_chinese_and_the_dark(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    _street(center)
    withheld = center.archived(*observation("cam-3", _now_ms() - 500, 90, state=PictureState.WITHHELD))
    for number, camera in enumerate(("cam-1", "cam-2")):
        center.archived(*observation(camera, _now_ms(), 80 + number))
    page = visitor.page
    key = center.archive.rows[0].snapshot.row_key
    visitor.prefer(language="zh", theme="dark")
    for path, heading in (("/live", "实时"), ("/observations", "检索"), ("/cameras", "摄像机")):
        visitor.go(path)
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        expect(page.locator("h1")).to_have_text(heading)
        expect(page.locator("main")).not_to_contain_text("加载中")
        visitor.settled()
        expect(page.locator("body")).to_contain_class("body--dark")
        width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert width[0] <= width[1], f"{path} scrolls sideways"
        visitor.photograph(f"{path.strip('/')}-zh-dark")
    visitor.go(f"/observations/{key}")
    expect(page.locator(".ws-crop").first).to_be_visible()
    visitor.settled()
    visitor.photograph("observation-zh-dark")
    page.locator("details summary").click()
    page.mouse.wheel(0, 2000)
    visitor.photograph("observation-end-zh-dark")
    visitor.go(f"/observations/{withheld.snapshot.row_key}")
    expect(page.get_by_text("前端代理已扣留此图片")).to_be_visible()
    visitor.photograph("observation-withheld-zh-dark")
    visitor.go("/observations?camera_id=cam-9")
    expect(page.get_by_text("没有结果")).to_be_visible()
    visitor.photograph("observations-none-zh-dark")
    page.get_by_role("button", name="退出").click()
    expect(page).to_have_url(LOG_IN)
    visitor.photograph("login-zh-dark")
    visitor.prefer(theme="light")
    visitor.go("/login")
    visitor.expected.append("401 (Unauthorized)")
    page.get_by_label("用户名").fill("operator")
    page.get_by_label("密码").fill("not the password")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_contain_text("用户名或密码错误")
    visitor.photograph("login-refused-zh-light")


def test_the_switches_stay_on_the_page(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    _street(center)
    page = visitor.page
    visitor.go("/observations?camera_id=cam-1&period=7d")
    page.get_by_role("link", name="中文").click()
    expect(page.locator("h1")).to_have_text("检索")
    expect(page).to_have_url(f"{center.url}/observations?camera_id=cam-1&period=7d")
    page.get_by_role("link", name="主题：跟随系统").click()
    expect(page.locator("body")).to_contain_class("body--dark")
    page.get_by_role("link", name="English").click()
    expect(page.locator("h1")).to_have_text("Search")
    expect(page.locator("html")).to_have_attribute("lang", "en-US")


def test_the_settings_name_the_agent_whose_messages_are_refused_and_on_a_tablet_the_navigation_shows_where_one_is(
    visitor: Visitor, center: Running
) -> None:
    visitor.set_up()
    payload = base64.b64encode(bytes(20_000)).decode()
    center.say(topic="wayside/1/agents/greedy-7/cameras/made-up", payload=payload)
    health = f"{center.url}/api/health/details"
    until(lambda: "greedy-7" in visitor.context.request.get(health).text())
    visitor.page.set_viewport_size({"width": 768, "height": 1024})
    visitor.go("/settings")
    expect(visitor.page.get_by_role("row", name="greedy-7")).to_contain_text("cameras of 20000 bytes, limit 16384")
    expect(visitor.page.locator(".ws-nav [aria-current]")).to_have_text("Settings")
    expect(visitor.page.locator(".ws-nav [aria-current]")).to_be_in_viewport()
    visitor.photograph("settings-tablet")


def test_a_session_that_ended_closes_its_open_pages(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    visitor.go("/live")
    other = visitor.context.request.post(f"{center.url}/api/logout")
    assert other.status == 204
    expect(visitor.page).to_have_url(LOG_IN)


def test_an_archive_that_is_away_is_said_with_a_remedy(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    _street(center)
    center.archive.answer = lambda: Response(status_code=500)
    center.say(fault="127.0.0.1:8883 does not answer")
    page = visitor.page
    visitor.expected.append("502 (Bad Gateway)")
    visitor.go("/observations")
    said = page.locator(".ws-alert-bad", has_text="sent an invalid response: HTTP 500")
    expect(said).to_be_visible()
    expect(page.locator(".ws-banners")).to_contain_text("The broker is unreachable", timeout=PAGE_MS)
    visitor.photograph("observations-away-en-light")
    visitor.go("/cameras")
    expect(page.locator("table").first).to_contain_text("state unknown")
    visitor.photograph("cameras-away-en-light")
    visitor.go("/live")
    expect(said).to_be_visible()
    center.archive.answer = None
    expect(said).to_have_count(0)
    center.say(fault=None)
    expect(page.locator(".ws-banners")).to_be_empty(timeout=PAGE_MS)


def test_a_revoked_agent_is_off_the_wall_and_said_to_be_revoked(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    center.enrol(1, member(Membership.ENROLLED))
    _street(center, rows=4)
    visitor.go("/live")
    center.archived(*observation("cam-1", _now_ms(), 77))
    page = visitor.page
    tile = page.locator(".ws-card", has_text="Renmin Road")
    expect(tile.locator("canvas:visible")).to_have_count(1)
    center.enrol(2, member(Membership.REVOKED), member(Membership.PENDING, "cabinet-8"))
    expect(tile).to_contain_text("Revoked")
    expect(tile).to_contain_text("its messages are ignored")
    expect(page.locator(".ws-card canvas:visible")).to_have_count(0)
    visitor.photograph("live-revoked-en-light")
    center.archived(*observation("cam-1", _now_ms(), 78))
    page.reload()
    expect(tile).to_contain_text("its messages are ignored")
    page.wait_for_load_state("networkidle")
    expect(page.locator(".ws-card canvas:visible")).to_have_count(0)
    for language, said in (("en", "was revoked at 2026-11-23 23:59:00 +08:00"), ("zh", "23:59:00 +08:00 吊销")):
        visitor.prefer(language=language)
        visitor.go("/cameras")
        for table in (page.locator("table").first, page.locator("table").last):
            expect(table).to_contain_text(said)
            expect(table.locator(".ws-state").first).to_have_text({"en": "Revoked", "zh": "已吊销"}[language])
        expect(page.locator("table").last).to_contain_text("cabinet-8")
        width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert width[0] <= width[1], "the page scrolls sideways"
        visitor.photograph(f"cameras-revoked-{language}-light")
    center.enrol(3, member(Membership.ENROLLED))
    center.archived(*observation("cam-1", _now_ms(), 79))
    visitor.go("/live")
    expect(tile.locator("canvas:visible")).to_have_count(1)


def test_names_from_outside_are_only_words(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    name = "<script>document.title='owned'</script>'; DROP TABLE cameras; --"
    center.deliver(heartbeat(sent_at_ms=_now_ms()))
    center.deliver(camera_status("cam-1", name=name, state=CameraState.OFFLINE, cause="<img src=x onerror=alert(1)>"))
    center.archived(*observation("cam-1", _now_ms(), 80))
    page = visitor.page
    for path in ("/live", "/observations", "/cameras", f"/observations/{center.archive.rows[0].snapshot.row_key}"):
        visitor.go(path)
        expect(page.get_by_text(name).first).to_be_visible()
        assert "owned" not in page.title()
    visitor.go("/observations?camera=%3Cscript%3E&cls=person&period=x&from_ms=99999999999999&to_ms=-1")
    expect(page.get_by_role("alert").or_(page.locator(".ws-empty")).first).to_be_visible()
