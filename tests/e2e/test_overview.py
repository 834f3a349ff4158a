"""The overview: what needs attention first, figures, and a map that stands on the site's own ground.

test: states, pictures, map files ─▶ centre ─▶ /overview ─▶ Chromium
"""

import re
import time
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from center.basemap.site_map import SiteMap
from provisioning.contracts.query.archive import StorageStatus
from provisioning.contracts.wire.messages import CameraState
from tests.center.basemap import maps
from tests.center.street import observation
from tests.center.world import camera_status, heartbeat
from tests.e2e.conftest import Running, Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.peer]
TOWN: Final = {
    "cam-1": (31.990, 118.710),
    "cam-2": (31.991, 118.711),
    "cam-3": (31.991, 118.711),
    "cam-4": (32.2, 118.9),
}
COUNTY: Final = ((118.5, 31.8), (119.1, 31.8), (119.1, 32.3), (118.5, 32.3), (118.5, 31.8))
LAID: Final = '.ws-map-view[data-ground="laid"]'


def street(center: Running) -> None:
    """Two cameras at one place, one beside them, one far off; a fault among the near ones, one that is starting."""
    now_ms = int(time.time() * 1000)
    center.deliver(heartbeat(sent_at_ms=now_ms))
    states = {"cam-3": CameraState.OFFLINE, "cam-4": CameraState.STARTING}
    for camera, (latitude, longitude) in TOWN.items():
        status = camera_status(camera, name=f"Road {camera}", state=states.get(camera, CameraState.ONLINE))
        center.deliver(status.model_copy(update={"latitude": latitude, "longitude": longitude}))
    center.archived(*observation("cam-1", now_ms, 80))


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


def test_names_of_countries_are_in_the_language_of_the_page(visitor: Visitor) -> None:
    visitor.set_up()
    for language, name in (("en", "Mongolia"), ("zh", "蒙古")):
        visitor.go(f"/preferences?language={language}")
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
