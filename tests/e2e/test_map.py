"""The map in a real browser: what it shows is text, what is drawn on it reaches the page, and it moves for nobody."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import center_process, map_process
from tests.e2e.conftest import SCREEN
from tests.support.exchange import listens
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, PAGE_MS, until

pytestmark = [pytest.mark.e2e, pytest.mark.peer]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    url = f"http://127.0.0.1:{(port := free_port())}"
    process = center_process.fork_server().Process(target=map_process.serve, args=(port,))
    process.start()
    try:
        until(lambda: listens(port))
        yield url
    finally:
        process.terminate()
        process.join(timeout=LONG_S)


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    context = chromium.new_context(viewport=SCREEN)
    page = context.new_page()
    page.set_default_timeout(PAGE_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    mine = (address, "data:", "blob:")
    page.on("request", lambda request: None if request.url.startswith(mine) else errors.append(request.url))
    page.goto(address)
    expect(page.locator(".ws-map-marker")).to_have_count(2)
    yield page
    context.close()
    assert errors == []


def test_places_outlines_heat_and_a_way_are_drawn_and_names_are_only_text(page: Page, screenshots: Path | None) -> None:
    expect(page.locator("path.ws-map-outline")).to_have_count(1)
    expect(page.locator("path.ws-map-heat")).to_have_count(2)
    expect(page.locator("path.ws-map-path")).to_have_count(1)
    expect(page.locator(".ws-map-step")).to_have_text(["1", "2", "3"])
    dot, sector = (page.locator(f".ws-map-bad{part}").bounding_box() for part in ("", " .ws-map-sector"))
    assert dot is not None
    assert sector is not None
    assert sector["x"] > dot["x"]  # it looks east
    expect(page.locator(".ws-map-sector")).to_have_count(1)
    page.locator(".ws-map-bad").hover()
    expect(page.locator(".ws-map-tip")).to_have_text("<i>Bridge</i>Offline")
    if screenshots is not None:
        page.screenshot(path=screenshots / "map.png")


def test_a_marker_that_changes_stays_where_it_was_and_the_view_too(page: Page) -> None:
    where = page.locator(".ws-map-ok").bounding_box()
    page.get_by_role("button", name="one less").click()
    expect(page.locator(".ws-map-marker")).to_have_count(1)
    assert page.locator(".ws-map-ok").bounding_box() == where
    page.get_by_role("button", name="all red").click()
    expect(page.locator(".ws-map-bad")).to_have_count(1)
    assert page.locator(".ws-map-bad").bounding_box() == where


def test_a_path_is_played_over_time_and_walked_by_keys(page: Page) -> None:
    page.clock.install()
    page.reload()
    steps, slider = page.locator(".ws-map-step"), page.get_by_role("slider", name="Sighting")
    expect(slider).to_have_attribute("aria-valuetext", "3/3 · third")
    slider.focus()
    page.keyboard.press("Home")
    expect(steps).to_have_text(["1"])
    page.keyboard.press("ArrowRight")
    expect(steps).to_have_text(["1", "2"])
    expect(page.locator(".ws-map-now")).to_have_text("2")
    expect(slider).to_have_attribute("aria-valuetext", "2/3 · second")
    page.keyboard.press("End")
    play = page.get_by_role("button", name="Play over time")
    play.press("Enter")
    expect(steps).to_have_text(["1"])
    page.get_by_role("button", name="Pause").press("Enter")
    play.press("Enter")
    for seconds, walked in (("07", ["1", "2"]), ("02", ["1", "2", "3"])):
        page.clock.fast_forward(seconds)
        expect(steps).to_have_text(walked)
    expect(play).to_be_visible()
    page.get_by_role("button", name="not played").click()
    expect(slider).to_have_count(0)
    expect(steps).to_have_text(["1", "2", "3"])


def test_a_map_whose_libraries_were_not_fetched_says_so_and_shows_its_cameras(page: Page, address: str) -> None:
    page.goto("about:blank")  # the page before may still be asking
    libraries: list[str] = []
    page.on("request", lambda request: libraries.append(request.url) if "/libraries/" in request.url else None)
    page.goto(f"{address}/bare")
    expect(page.get_by_role("status")).to_have_text(
        "The map has no background: its libraries are not installed. Run bin/setup demo, reload the page."
    )
    expect(page.get_by_role("link", name="Station")).to_be_visible()
    expect(page.locator(".ws-map-marker")).to_have_count(2)
    expect(page.locator("path.ws-map-outline")).to_have_count(1)
    assert libraries == []


def test_a_click_on_a_camera_leads_to_it(page: Page) -> None:
    page.get_by_role("link", name="Station").click()
    expect(page.get_by_text("here")).to_be_visible()


def test_an_area_is_drawn_taken_back_closed_and_cleared(page: Page) -> None:
    view = page.locator(".ws-map-view")
    close = page.get_by_role("button", name="Close area")
    expect(close).to_be_disabled()
    page.get_by_role("button", name="Draw area").click()
    for x, y in ((200, 300), (400, 300), (400, 400), (300, 450)):
        view.click(position={"x": x, "y": y})
    expect(page.locator("path.ws-map-corner")).to_have_count(4)
    page.get_by_role("button", name="Undo last corner").click()
    expect(page.locator("path.ws-map-corner")).to_have_count(3)
    close.click()
    expect(page.locator(".said")).to_have_text("3")
    expect(page.locator("path.ws-map-area")).to_have_count(1)
    page.get_by_role("button", name="Remove area").click()
    expect(page.locator(".said")).to_have_text("0")
    expect(page.locator("path.ws-map-area")).to_have_count(0)


def test_an_area_is_drawn_by_the_keyboard_alone(page: Page) -> None:
    page.get_by_role("button", name="Draw area").press("Enter")
    expect(page.locator(".ws-map-view")).to_be_focused()
    for move in ("ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"):
        page.keyboard.press("Enter")
        page.keyboard.press(move)
        page.wait_for_timeout(400)  # Leaflet pans by an animation; nothing says when it has ended
    expect(page.locator("path.ws-map-corner")).to_have_count(4)
    page.keyboard.press("Backspace")
    expect(page.locator("path.ws-map-corner")).to_have_count(3)
    page.get_by_role("button", name="Close area").press("Enter")
    expect(page.locator(".said")).to_have_text("3")
