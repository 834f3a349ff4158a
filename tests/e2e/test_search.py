"""The search page as an analyst uses it: filters, time line, area on the map, address, export, saved searches."""

import csv
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from provisioning.contracts.query.archive import MachineColour, Observation
from provisioning.contracts.query.zone_counts import GRID_MS, ZoneBin, ZoneCount, ZoneCounts
from tests.center.street import AGENT, observation
from tests.center.world import camera_status, heartbeat
from tests.e2e.conftest import Running, Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.peer]

ROWS = 400
NASTY = "=HYPERLINK(1) <script>document.title='x'</script>"
PLACES = {"cam-1": ("Renmin Road / Station Street", 30.52, 114.31), "cam-2": (NASTY, 30.55, 114.36)}


def _coloured(row: Observation, number: int) -> Observation:
    colour = (MachineColour.RED, MachineColour.WHITE)[number % 2]
    machines = (
        machine.model_copy(update={"colour": MachineColour.GREY if machine.index else colour})
        for machine in row.machines
    )
    return row.model_copy(update={"machines": tuple(machines)})


def _county(center: Running, now_ms: int) -> None:
    """Two cameras, a row every two minutes; every other one has a red machine, the cameras take turns in pairs."""
    center.deliver(heartbeat(sent_at_ms=now_ms))
    for camera, (name, latitude, longitude) in PLACES.items():
        place = {"latitude": latitude, "longitude": longitude}
        center.deliver(camera_status(camera, name=name).model_copy(update=place))
    drawn = [observation("cam-1", now_ms, number) for number in range(8)]
    for number in range(ROWS):
        (pattern, jpeg), camera = drawn[number % 8], f"cam-{1 + number // 2 % 2}"
        row, _ = observation(camera, now_ms - 60_000 - number * 120_000, number) if number < 8 else (pattern, jpeg)
        key = f"{row.snapshot.agent_id}:{number:032x}"
        at_ms = now_ms - 60_000 - number * 120_000
        about = {"row_key": key, "observation_id": f"{number:032x}", "camera_id": camera, "captured_at_ms": at_ms}
        snapshot = row.snapshot.model_copy(update=about)
        center.archive.add(_coloured(row.model_copy(update={"snapshot": snapshot}), number), jpeg)


def _loaded(page: Page, least: int) -> None:
    page.wait_for_function("least => Number(document.querySelector('.ws-results')?.dataset.loaded) >= least", arg=least)


def _walk_the_grid(page: Page) -> None:
    # It draws what is in view, and asks for more as one scrolls.
    assert page.locator("a.ws-card").count() < 48
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    _loaded(page, 96)
    drawn = page.locator("a.ws-card").count()
    page.evaluate("window.scrollTo(0, 0)")
    assert drawn < 60
    first = page.locator("a.ws-card[aria-posinset='1']")
    expect(first).to_be_visible()  # it has drawn what is in view now
    columns = page.evaluate(
        "[...document.querySelectorAll('a.ws-card')].filter(card => card.style.transform.endsWith(', 0px)')).length"
    )
    assert columns > 1
    first.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)
    expect(page.locator("a.ws-card:focus")).to_have_attribute("aria-posinset", str(1 + 3 * columns))
    page.keyboard.press("Home")
    expect(page.locator("a.ws-card:focus")).to_have_attribute("aria-posinset", "1")


def _boxes_stay(page: Page) -> None:
    """Pictures that stay as a search is narrowed keep their boxes, and of each the one that matches is marked."""
    page.wait_for_function(
        "() => [...document.querySelectorAll('.ws-results .ws-card')]"
        ".every(card => card.querySelectorAll('.ws-box:not(.ws-box-other)').length === 1)"
    )
    assert page.locator(".ws-results .ws-box-other").count() > 0
    expect(page.locator(".ws-results .ws-card", has_text="others: ").first).to_be_visible()


def _choose_a_part_of_the_time(visitor: Visitor) -> None:
    page = visitor.page
    bars = page.get_by_role("slider", name="Vehicles over time")
    bars.focus()
    for _ in range(4):
        page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".ws-timeline-said")).to_contain_text("vehicles")
    visitor.photograph("search-brush-en-light")
    page.keyboard.press("Escape")
    bars.hover(position={"x": 400, "y": 40})
    page.mouse.down()
    page.mouse.move(bars.bounding_box()["x"] + 620, bars.bounding_box()["y"] + 40)  # type: ignore[index] # it is drawn
    page.mouse.up()
    page.wait_for_url("**period=custom**")
    expect(page.get_by_label("From (+08:00)")).not_to_have_value("")
    page.go_back()
    expect(page).to_have_url(f"{visitor.center.url}/observations?colour=red")


def _take_away(visitor: Visitor, folder: Path) -> None:
    page = visitor.page
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Export CSV").click()
    dialog.get_by_role("button", name="Export").click()
    expect(dialog.get_by_role("alert")).to_contain_text("No purpose was given for the export.")
    visitor.photograph("search-export-en-light")
    dialog.get_by_label("Purpose").fill("stolen red van, case 17")
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Export").click()
    file = folder / "observations.csv"
    download.value.save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == ROWS // 2
    assert {line["camera"] for line in lines} == {PLACES["cam-1"][0], "'" + NASTY}
    expect(dialog).not_to_be_visible()


def _keep_and_open(visitor: Visitor) -> None:
    page = visitor.page
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Save", exact=True).click()
    dialog.get_by_label("Name").fill("Red <b>machines</b>")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).not_to_be_visible()
    visitor.go("/observations")
    page.get_by_role("button", name="Saved searches").click()
    visitor.photograph("search-saved-en-light")
    page.get_by_role("link", name="Red <b>machines</b>").click()
    expect(page).to_have_url(f"{visitor.center.url}/observations?colour=red")


def test_a_red_machine_is_found_taken_away_and_kept(visitor: Visitor, center: Running, tmp_path: Path) -> None:
    page = visitor.page
    visitor.set_up()
    _county(center, int(time.time() * 1000))
    visitor.go("/observations")
    results, count = page.locator(".ws-results"), page.locator(".ws-search-head strong")
    expect(results).to_have_attribute("data-loaded", "48")
    expect(count).to_contain_text("48 pictures loaded")
    everything = count.inner_text()
    visitor.photograph("search-en-light")
    _walk_the_grid(page)
    page.get_by_role("combobox", name="Colour").click()
    page.get_by_role("option", name="Red", exact=True).click()
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{center.url}/observations?colour=red")
    expect(count).to_have_text(re.compile(rf"^(?!{everything}$)[\d,]+ vehicles; 48 pictures loaded$"))
    _boxes_stay(page)
    visitor.photograph("search-red-en-light")

    _choose_a_part_of_the_time(visitor)
    page.get_by_role("button", name="Search details").click()
    expect(page.locator(".ws-search-plan")).to_contain_text("camera_id")
    page.get_by_role("button", name="Week").click()
    expect(page.get_by_role("table", name="Vehicles by hour of the week")).to_contain_text("Wed")
    visitor.photograph("search-plan-en-light")

    _take_away(visitor, tmp_path)
    _keep_and_open(visitor)


def _counted(now_ms: int) -> ZoneCounts:
    """People before both cameras, in the last hour."""
    first = (now_ms // GRID_MS - 12) * GRID_MS
    bins = tuple(ZoneBin(from_ms=first + n * GRID_MS, pictures=5 + n, mean=n / 2, most=2 * n) for n in range(10))
    zones = tuple(ZoneCount(agent_id=AGENT, camera_id=camera, bins=bins) for camera in PLACES)
    return ZoneCounts(zones=zones, told_to_ms=first + 10 * GRID_MS, rows_read=190)


def test_counting_waits_until_the_pictures_in_view_are_drawn(visitor: Visitor, center: Running) -> None:
    page = visitor.page
    visitor.set_up()
    _county(center, int(time.time() * 1000))
    center.archive.asked.clear()
    visitor.go("/observations")
    expect(page.locator(".ws-search-head strong")).to_contain_text("48 pictures loaded")
    in_view = page.evaluate(
        "[...document.querySelectorAll('.ws-results img')]"
        ".filter(image => image.getBoundingClientRect().top < window.innerHeight).length"
    )
    asked = center.archive.asked
    assert in_view > 1
    assert asked[: asked.index("/counts")].count("/observations/picture") >= in_view


def test_an_area_of_the_map_and_addresses_that_are_wrong(visitor: Visitor, center: Running) -> None:
    page = visitor.page
    visitor.set_up()
    now_ms = int(time.time() * 1000)
    _county(center, now_ms)
    center.archive.zones = _counted(now_ms)
    inside = "114.30,30.51 114.32,30.51 114.32,30.53 114.30,30.53"
    for language, theme in (("zh", "dark"), ("en", "light")):
        visitor.prefer(language=language, theme=theme)
        visitor.go(f"/observations?area={inside.replace(' ', '+')}")
        expect(page.locator(".ws-results")).to_have_attribute("data-loaded", "48")
        expect(page.locator(".ws-map-heat")).to_have_count(1)
        assert set(page.locator("a.ws-card .ws-name:not(.ws-plain)").all_inner_texts()) == {PLACES["cam-1"][0]}
        visitor.settled()
        width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert width[0] <= width[1]
        visitor.photograph(f"search-area-{language}-{theme}")
        page.get_by_role("button", name="Map" if language == "en" else "地图").click()
        visitor.settled()
        visitor.photograph(f"search-{language}-{theme}")
        page.get_by_role("button", name="People count" if language == "en" else "人数", exact=True).click()
        expect(page.locator(".ws-people tbody tr")).to_have_count(10)
        visitor.photograph(f"search-people-{language}-{theme}")
    visitor.go("/observations")
    page.get_by_role("button", name="People count", exact=True).click()
    expect(page.locator(".ws-people tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Export people count (CSV)").click()
    expect(page.locator(".ws-people").get_by_role("alert")).to_contain_text("purpose")
    visitor.photograph("search-people-cameras-en-light")
    crossing = "114.2,30.4+114.35,30.55+114.35,30.4+114.2,30.55"
    visitor.go(f"/observations?area={crossing}&colour=red")
    expect(page.locator("main").get_by_role("alert")).to_contain_text("crosses or touches itself")
    expect(page.locator(".ws-results")).to_have_attribute("data-loaded", "48")
    visitor.photograph("search-crossing-en-light")
    visitor.go("/observations?camera_id=../etc&cls=person&colour=%3Cscript%3E&heading_deg=nan&zone=%00&min_share=7")
    expect(page.locator("main").get_by_role("alert")).to_contain_text("are not valid and are ignored")
    expect(page.locator(".ws-results")).to_have_attribute("data-loaded", "48")
    visitor.go("/observations?colour=pink")
    expect(page.get_by_text("No results")).to_be_visible()
    visitor.photograph("search-none-en-light")
