"""The overview: what needs attention first, figures, and a map that stands on the site's own ground.

test: states, pictures, map files ─▶ centre ─▶ /overview ─▶ Chromium
"""

import asyncio
import io
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from nicegui import Client, core
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from center.basemap.site_map import SiteMap
from center.console.pages import open_pages
from center.console.widgets.picture import picture_path
from center.search.pictures import PREVIEW_SIDE_PX
from provisioning.contracts.query.archive import Observation, StorageStatus
from provisioning.contracts.wire.messages import CameraState, PictureState
from tests.center.basemap import maps
from tests.center.street import observation
from tests.center.whole import ADMINISTRATOR, Whole, whole_centre
from tests.center.world import camera_status, heartbeat
from tests.e2e.accessibility import RULES, checked
from tests.e2e.conftest import SCREEN, Running, Visitor
from tests.support.waiting import LONG_S, PAGE_MS, until

pytestmark = [pytest.mark.e2e, pytest.mark.peer]
TOWN: Final = {
    "cam-1": (31.990, 118.710),
    "cam-2": (31.991, 118.711),
    "cam-3": (31.991, 118.711),
    "cam-4": (32.2, 118.9),
}
COUNTY: Final = ((118.5, 31.8), (119.1, 31.8), (119.1, 32.3), (118.5, 32.3), (118.5, 31.8))
LAID: Final = '.ws-map-view[data-ground="laid"]'
MIDDLE: Final = (
    "e => { const box = e.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }"
)


def street(center: Running) -> Observation:
    """Puts two cameras at one place (one has a fault), one beside them, one that starts far off; returns the newest
    picture of the one beside them."""
    now_ms = int(time.time() * 1000)
    center.deliver(heartbeat(sent_at_ms=now_ms))
    states = {"cam-3": CameraState.OFFLINE, "cam-4": CameraState.STARTING}
    for camera, (latitude, longitude) in TOWN.items():
        status = camera_status(camera, name=f"Road {camera}", state=states.get(camera, CameraState.ONLINE))
        center.deliver(status.model_copy(update={"latitude": latitude, "longitude": longitude}))
    center.archived(*observation("cam-1", now_ms - 60_000, 79))
    newest = center.archived(*observation("cam-1", now_ms, 80))
    center.archived(*observation("cam-1", now_ms + 1, 81, state=PictureState.WITHHELD))
    return newest


def imported(center: Running, folder: Path, content: bytes) -> None:
    (folder / "county").write_bytes(content)
    with SiteMap(center.code_file.parent).importing(folder / "county"):
        pass


def laid(visitor: Visitor) -> Page:
    """The overview, its map drawn."""
    visitor.go("/overview")
    expect(visitor.page.locator(LAID)).to_be_attached()
    visitor.settled()
    return visitor.page


def test_attention_comes_first_then_figures_then_a_map_on_the_world(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    center.archive.storage = StorageStatus(free_bytes=4 * 10**9, total_bytes=10**12)
    street(center)
    page = laid(visitor)
    tops = [page.locator(each).bounding_box() for each in (".ws-cares", ".ws-figures", ".ws-map")]
    assert [box["y"] for box in tops if box] == sorted(box["y"] for box in tops if box)
    assert None not in tops
    cares = page.locator(".ws-cares")
    expect(cares).to_contain_text("Road cam-3: Offline")
    expect(cares).to_contain_text("Storage: Fault")
    expect(cares).to_contain_text("The disk of the archive has 4.0 GB of 1000.0 GB free.")
    expect(cares).to_contain_text("Starting: Road cam-4")
    expect(cares.get_by_text("Unknown")).to_have_count(0)
    expect(page.locator(".ws-figures")).to_contain_text("archived since the centre started")
    expect(page.locator("path.ws-map-land")).to_have_count(1)
    expect(page.locator("path.ws-map-border")).to_have_count(1)
    visitor.photograph("overview")

    cluster = page.locator(".ws-map-cluster")
    expect(cluster).to_have_text("3")
    expect(cluster).to_have_class(re.compile("ws-map-bad"))
    expect(cluster).to_have_attribute("aria-label", "Cameras: 3, Fault: 1, OK: 2")
    assert [each["id"] for each in checked(page, RULES)["violations"]] == []


def test_a_cluster_opens_to_a_camera_with_its_newest_picture_and_to_a_list(visitor: Visitor, center: Running) -> None:
    visitor.set_up()
    newest = street(center)
    page = laid(visitor)
    cluster = page.locator(".ws-map-cluster")
    middle = cluster.locator("span").evaluate(MIDDLE)
    assert middle == pytest.approx(cluster.evaluate(MIDDLE), abs=1.5)

    cluster.press("Enter")
    alone = page.get_by_role("link", name="Road cam-1: Online")
    alone.hover()
    picture = page.locator(".ws-map-peek img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 100
    path = picture_path(newest.snapshot.row_key, max_side_px=PREVIEW_SIDE_PX)
    expect(picture).to_have_attribute("src", path)
    visitor.photograph("overview-picture")

    page.locator(".ws-map-cluster").press("Enter")
    expect(page.locator(".ws-map-list a")).to_have_text(["Road cam-2: Online", "Road cam-3: Offline"])
    visitor.photograph("overview-list")


def test_names_of_countries_are_in_the_language_of_the_page(visitor: Visitor) -> None:
    visitor.set_up()
    for language, name in (("en", "Mongolia"), ("zh", "蒙古")):
        visitor.prefer(language=language)
        expect(laid(visitor).locator(".ws-map-country", has_text=name)).to_have_count(1)


def test_an_imported_geojson_is_drawn_beside_the_cameras_and_its_names_are_text(
    visitor: Visitor, center: Running, tmp_path: Path
) -> None:
    visitor.set_up()
    street(center)
    road = ("LineString", [[118.5, 32.0], [119.0, 32.0]], "Ring & Road")
    imported(center, tmp_path, maps.geojson(("Polygon", [COUNTY], "County's &amp; outline"), road))
    page = laid(visitor)
    expect(page.locator("path.ws-map-ground-area")).to_have_count(1)
    expect(page.locator("path.ws-map-ground-line")).to_have_count(1)
    expect(page.locator(".ws-map-name")).to_have_text(["County's &amp; outline", "Ring & Road"])
    visitor.photograph("overview-geojson")


def test_an_imported_vector_archive_is_painted_from_ranges_of_the_file(
    visitor: Visitor, center: Running, tmp_path: Path
) -> None:
    visitor.set_up()
    street(center)
    whole = maps.vector_tile("land", (3, [(0, 0), (4095, 0), (4095, 4095), (0, 4095)], "<b>County</b>"))
    layers = {"vector_layers": [{"id": "land"}], "attribution": "<a href='x'>© County</a>"}
    imported(center, tmp_path, maps.pmtiles({(0, 0, 0): whole, (1, 1, 0): whole}, metadata=layers))
    ranges: list[str | None] = []
    visitor.page.on(
        "request",
        lambda asked: ranges.append(asked.headers.get("range")) if "site.pmtiles" in asked.url else None,
    )
    page = laid(visitor)
    # A tile that the map takes away, as its view moves, loses its width before it is gone.
    page.wait_for_function(
        """() => [...document.querySelectorAll('.leaflet-ws-site-pane canvas.leaflet-tile-loaded')].some(
            canvas => canvas.width
                && new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size > 1)"""
    )
    expect(page.locator(".leaflet-control-attribution")).to_have_text("© County")
    assert ranges
    assert all(ranges)
    visitor.photograph("overview-vector")


def test_an_imported_archive_of_pictures_is_shown(visitor: Visitor, center: Running, tmp_path: Path) -> None:
    visitor.set_up()
    street(center)
    png = io.BytesIO()
    Image.new("RGB", (256, 256), (10, 120, 60)).save(png, "PNG")
    imported(center, tmp_path, maps.pmtiles({(0, 0, 0): png.getvalue()}, kind=maps.PNG))
    shown = laid(visitor).locator(".leaflet-ws-site-pane img.leaflet-tile-loaded").first
    expect(shown).to_be_attached()
    assert shown.evaluate("image => image.naturalWidth") == 256


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Whole]:
    with whole_centre(tmp_path) as centre:
        yield centre


async def forget_pages() -> None:
    """Forgets all pages and their lines, as the centre does half a minute after a browser went."""
    for client in list(Client.instances.values()):
        client.delete()
    for line in list(core.sio.eio.sockets.values()):
        await line.close(wait=False)  # what is still to be sent to a browser that is away may never go


def test_a_browser_that_was_away_for_an_hour_comes_back_to_the_present(chromium: Browser, whole: Whole) -> None:
    context = chromium.new_context(viewport=SCREEN, locale="en-GB")
    session = whole.cookie(ADMINISTRATOR)["Cookie"].partition("=")[2]
    context.add_cookies([{"name": "wayside_session", "value": session, "url": whole.url}])
    page = context.new_page()
    page.set_default_timeout(PAGE_MS)
    page.goto(f"{whole.url}/overview")
    expect(page.locator(LAID)).to_be_attached()
    context.set_offline(True)
    assert core.loop is not None
    asyncio.run_coroutine_threadsafe(forget_pages(), core.loop).result(LONG_S)
    until(lambda: open_pages() == 0)
    whole.clock.now_ms += 3_600_000
    whole.services.devices.heard(heartbeat(sent_at_ms=whole.clock.now_ms))
    status = camera_status("cam-1", name="Station square", state=CameraState.OFFLINE)
    whole.services.devices.changed(status.model_copy(update={"latitude": 32.0, "longitude": 118.7}))
    context.set_offline(False)
    expect(page.locator(".ws-cares")).to_contain_text("Station square")
    expect(page.locator(f"{LAID} .ws-map-bad")).to_have_count(1)
    context.close()
