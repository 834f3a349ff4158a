"""Every page before axe-core, in both themes; the keys; what is said of what is missing.

test: heartbeats, states, checks ─stdin─▶ centre ─▶ pages ─▶ Chromium
"""

import re
import time
from typing import Final

import pytest
from playwright.sync_api import expect

from provisioning.contracts.wire.messages import Assessed, CameraFacts, CameraState, PictureCheck, Quality
from tests.center.street import AGENT, observation
from tests.center.world import camera_status, heartbeat
from tests.e2e.accessibility import COLOURS, RULES, checked
from tests.e2e.conftest import Running, Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.peer]

CAMERA: Final = f"/cameras/{AGENT}/cam-1"
UPLOAD: Final = "/tasks/upload"
PAGES: Final = (
    "/overview",
    "/live",
    "/alarms",
    "/observations",
    "/cameras",
    CAMERA,
    "/cases",
    "/thefts",
    "/pipeline",
    "/tasks",
    UPLOAD,
    "/agents",
    "/assessment",
    "/low-quality",
    "/orders",
    "/orders/new",
    "/orders/terms",
    "/orders/months",
    "/rules",
    "/rules/new",
    "/users",
    "/users/operator",
    "/audit",
    "/self-check",
    "/sms-months",
    "/settings",
    "/account",
)
BROKEN_KEYS: Final = """() => [...document.querySelectorAll('td.ws-key')].filter((cell) => {
  const text = document.createRange();
  text.selectNodeContents(cell);
  return !cell.textContent.includes(" ") && text.getClientRects().length > 1;
}).map((cell) => cell.textContent)"""
"""Script that finds names of settings and accounts that are broken amid a word."""
PLACES: Final = {"cam-1": (31.99, 118.71), "cam-2": (32.02, 118.78), "cam-3": (32.05, 118.74)}


def street(center: Running) -> None:
    """Three cameras with places, one in trouble and one with a picture fault; pictures of two, one of them bad."""
    now_ms = int(time.time() * 1000)
    center.deliver(heartbeat(sent_at_ms=now_ms))
    names = ("Renmin Road / Station Street", "Bridge, north side", "Market, east gate")
    for (camera, (latitude, longitude)), name in zip(PLACES.items(), names, strict=True):
        trouble = camera == "cam-3"
        status = camera_status(
            camera,
            name=name,
            state=CameraState.OFFLINE if trouble else CameraState.ONLINE,
            cause="no answer from the camera within 5 s: check its power and cable" if trouble else "",
        )
        center.deliver(status.model_copy(update={"latitude": latitude, "longitude": longitude}))
    facts = {
        camera: CameraFacts(
            scores={PictureCheck.DARK: 0.1, PictureCheck.BLURRED: 0.7},
            faults=(PictureCheck.BLURRED,) if camera == "cam-2" else (),
            clock_skew_ms=240.0,
            clock_bound_ms=500.0,
        )
        for camera in ("cam-1", "cam-2")
    }
    center.deliver(Assessed(agent_id=AGENT, assessed_at_ms=now_ms, cameras=facts))
    center.archive.fill(30, newest_ms=now_ms - 60_000)
    center.archived(*observation("cam-1", now_ms, 80))
    dull, jpeg = observation("cam-2", now_ms, 81)
    poor = dull.snapshot.model_copy(update={"quality": Quality(sharpness=0.1, brightness=0.05, contrast=0.6)})
    center.archived(dull.model_copy(update={"snapshot": poor}), jpeg)


def ready(visitor: Visitor) -> None:
    """Wait until a page has drawn what it asked for."""
    main = visitor.page.locator(".ws-main")
    expect(main.locator("h1")).to_be_visible()
    for word in ("Loading…", "Counting…", "加载中…", "正在统计…"):
        expect(main.get_by_text(word, exact=True)).to_have_count(0)
    visitor.settled()


def test_axe_finds_nothing_on_any_page_in_either_theme(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    street(center)
    found: dict[str, list[str]] = {}
    order = {"agent_id": AGENT, "camera_id": "cam-1", "cause": "the housing leaks"}
    opened = visitor.context.request.post(f"{center.url}/api/orders", data=order, headers={"origin": center.url})
    assert opened.status == 201, opened.text()
    for path in (*PAGES, f"/orders/{opened.json()['order']['id']}"):
        visitor.go(path)
        ready(visitor)
        width = visitor.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert width[0] <= width[1], f"{path} scrolls sideways"
        assert visitor.page.evaluate(BROKEN_KEYS) == [], path
        for theme, rules in (("light", RULES), ("dark", COLOURS)):
            visitor.page.evaluate("isDark => Quasar.Dark.set(isDark)", theme == "dark")
            visitor.photograph(f"page-{path.strip('/').replace('/', '-')}-{theme}")
            answer = checked(visitor.page, rules)
            assert "color-contrast" in {each["id"] for each in answer["passes"]}
            for broken in answer["violations"]:
                nodes = [f"{node['target']} {node['failureSummary']}" for node in broken["nodes"][:4]]
                found.setdefault(f"{broken['id']}: {broken['help']}", []).append(f"{theme} {path}: {nodes}")
    assert found == {}


def test_keys_are_shown_lead_to_pages_and_can_be_switched_off(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    street(center)
    page = visitor.page
    visitor.go("/overview")
    ready(visitor)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    visitor.photograph("keys")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/cameras")
    page.keyboard.press("/")
    expect(page.get_by_label("Name, camera or agent")).to_be_focused()
    page.keyboard.type("bridge?")
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("No matching cameras")).to_be_visible()
    page.keyboard.press("Backspace")
    expect(page.locator("tbody").first.locator("tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/cameras\?q=bridge$"))
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_label("Enable single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator("tbody").first.locator("tr")).to_have_count(1)
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()


def test_focus_stays_on_a_camera_while_others_and_it_itself_change(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    street(center)
    page = visitor.page
    visitor.go("/cameras")
    ready(visitor)
    link = page.get_by_role("link", name="Bridge, north side")
    link.focus()
    for camera, name in (("cam-1", "Renmin Road / Station Street"), ("cam-2", "Bridge, north side")):
        center.deliver(camera_status(camera, name=name, state=CameraState.OFFLINE, cause=f"no answer from {camera}"))
        expect(page.get_by_role("row").filter(has_text=name)).to_contain_text(f"no answer from {camera}")
        expect(link).to_be_focused()
    center.deliver(camera_status("cam-0", name="A new one", state=CameraState.ONLINE))
    expect(page.locator("tbody").first.locator("tr")).to_have_count(4)
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cameras/{AGENT}/cam-2")


def test_a_camera_that_the_register_alone_places_has_its_dot_on_every_map(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    center.deliver(heartbeat(sent_at_ms=int(time.time() * 1000)))
    for camera in ("cam-1", "cam-2"):
        center.deliver(camera_status(camera))
    center.archive.fill(4, newest_ms=int(time.time() * 1000) - 60_000)
    page = visitor.page
    visitor.go("/overview")
    expect(page.get_by_text("Cameras without coordinates: 2")).to_be_visible()
    visitor.go(CAMERA)
    expect(page.get_by_text("No coordinates")).to_be_visible()
    taken = visitor.context.request.post(
        f"{center.url}/api/assessment/register",
        data=f"agent_id,camera_id,latitude,longitude\n{AGENT},cam-1,31.99,118.71\n",
        headers={"origin": center.url, "content-type": "text/csv"},
    )
    assert taken.ok, taken.text()
    visitor.go(CAMERA)
    expect(page.get_by_text("31.99000, 118.71000 (WGS 84)")).to_be_visible()
    expect(page.locator(".ws-map-marker")).to_have_count(1)
    visitor.go("/overview")
    expect(page.locator(".ws-map-marker")).to_have_count(1)
    expect(page.get_by_text("Cameras without coordinates: 1")).to_be_visible()
    visitor.go("/observations")
    page.get_by_role("button", name="Map").click()
    expect(page.locator(".ws-map-heat")).to_have_count(1)


def test_the_overview_says_what_needs_somebody_and_what_is_starting(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    visitor.go("/overview")
    page = visitor.page
    cares = page.locator(".ws-cares li")
    expect(cares).to_have_count(1)
    expect(cares.first).to_contain_text("Starting: Devices")
    expect(cares.first).to_contain_text("No cameras yet")
    bar = page.get_by_role("progressbar", name="Start of the pipeline")
    expect(bar).to_be_visible()
    text = bar.get_attribute("aria-valuetext") or ""
    assert re.fullmatch(r"\d of \d+ parts run", text)
    expect(cares.first).to_contain_text(text)
    expect(page.get_by_text("no pictures in the last minute")).to_be_visible()
    visitor.photograph("overview-empty")
    street(center)
    archived = page.locator(".ws-figure", has_text="archived since the centre started")
    expect(archived.locator("dd").first).to_have_text("2")
    expect(page.get_by_text("Unknown", exact=True)).to_have_count(0)
    expect(cares).to_have_count(2)
    expect(cares.last).to_contain_text("Starting: ")
    expect(cares.first).to_contain_text("Market, east gate: Offline")
    expect(cares.first).to_contain_text("check its power and cable")
    page.get_by_role("button", name="Show all").click()  # the view was fitted once, to those that came first
    expect(page.locator(".ws-map-marker")).to_have_count(3)
    expect(page.locator(".ws-map-bad")).to_have_count(1)
    expect(page.locator(".ws-figure", has_text="Online")).to_contain_text("2")
    expect(page.locator(".ws-figure", has_text="Parsing delay")).to_contain_text("0.2 s")
    expect(page.locator(".ws-figure", has_text="Storage")).to_contain_text("available after one full day")
    visitor.photograph("overview-books-not-heard-en")
    visitor.prefer(language="zh")
    visitor.go("/overview")
    expect(page.locator(".ws-figure", has_text="中心启动以来入库").locator("dd").first).to_have_text("2")
    expect(page.get_by_role("progressbar", name="链路启动进度")).to_be_visible()
    expect(cares.get_by_text(re.compile(r"^\d+ 个环节中已有 \d+ 个运行$"))).to_be_visible()
    visitor.photograph("overview-books-not-heard-zh")
    visitor.prefer(language="en")
    visitor.go("/overview")
    cares.first.get_by_role("link").click()
    page.wait_for_url(f"**/cameras/{AGENT}/cam-3")
    expect(page.get_by_role("heading", name="Market, east gate")).to_be_visible()


def test_what_is_unknown_says_why_on_each_page(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    now_ms = int(time.time() * 1000)
    center.deliver(heartbeat(sent_at_ms=now_ms))
    for camera, longitude in (("cam-1", 118.71), ("cam-2", 118.9)):
        status = camera_status(camera, name=f"Road {camera}", state=CameraState.ONLINE)
        center.deliver(status.model_copy(update={"latitude": 31.99, "longitude": longitude}))
    outline = [[118.0, 31.9], [118.2, 31.9], [118.2, 32.1], [118.0, 31.9]]
    for path, send in (
        ("register", {"data": f"agent_id,camera_id,district\n{AGENT},cam-1,North\n"}),
        ("districts", {"data": {"name": "South", "region": "320102", "outline": outline}}),
    ):
        kind = {"content-type": "text/csv"} if path == "register" else {}
        call = visitor.context.request.post if path == "register" else visitor.context.request.put
        taken = call(f"{center.url}/api/assessment/{path}", headers={"origin": center.url, **kind}, **send)
        assert taken.ok, taken.text()
    page = visitor.page
    for language, unknown, why in (("en", "Unknown", "No cameras"), ("zh", "未知", "没有摄像机")):
        visitor.prefer(language=language)
        visitor.go("/assessment")
        row = page.get_by_role("row").filter(has_text="South")
        expect(row.locator(".ws-state")).to_have_text(unknown)
        expect(row.locator(".ws-sub")).to_have_text(why)
        for cell in page.locator("tbody td").filter(has=page.locator(".ws-state", has_text=unknown)).all():
            expect(cell.locator(".ws-sub")).not_to_be_empty()
        visitor.photograph(f"assessment-unknown-{language}")
    visitor.prefer(language="en")
    center.say(fault="127.0.0.1:8883 does not answer")
    why = "The centre has no connection to the broker: state unknown."
    visitor.go("/tasks")
    expect(page.get_by_role("row").filter(has_text="Road cam-1")).to_contain_text(f"Unknown{why}")
    visitor.go("/live")
    expect(page.locator(".ws-card", has_text="Road cam-1")).to_contain_text(why)
    visitor.go("/overview")
    expect(page.get_by_role("link", name=f"Road cam-1: Unknown · {why}")).to_be_visible()
    visitor.go("/pipeline")
    for stage in page.locator(".ws-stage-unknown").all():
        expect(stage.locator(".ws-sub")).not_to_be_empty()
