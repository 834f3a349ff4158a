"""What a map stands on, and what it takes from a browser as an area."""

import json
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.basemap.geojson import MAX_BYTES
from center.basemap.ground import Basemap
from center.console.language import LANGUAGES
from center.console.widgets import map as map_widget
from center.console.widgets.map import CORNERS, MapPoint, area_of, ground_of
from center.errors import StartError
from engines.catalog.catalog import Catalog
from engines.manifest import Kind
from provisioning.contracts.config.processes import MapGround
from tests.center.conftest import PASSWORD, USERNAME, World

SQUARE = [[118.0, 31.9], [118.2, 31.9], [118.2, 32.1], [118.0, 31.9]]

pytestmark = pytest.mark.anyio


def geojson(*rings: list[list[float]], name: str = "North") -> str:
    return json.dumps(
        {
            "type": "FeatureCollection",
            "name": "drawn by hand",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"name": name, "population": 12},
                    "geometry": {"type": "Polygon", "coordinates": list(rings)},
                }
            ],
        }
    )


def atlas(folder: Path, text: str) -> Basemap:
    file = folder / "outlines.geojson"
    file.write_text(text)
    return Basemap.of(MapGround(outlines_file=file))


def test_outlines_are_read_and_nothing_else_of_their_file_is_passed_on(tmp_path: Path) -> None:
    said = atlas(tmp_path, geojson(SQUARE)).outlines.model_dump(mode="json")
    assert said["features"][0]["properties"] == {"name": "North"}
    assert said["features"][0]["geometry"]["coordinates"] == [SQUARE]
    assert "population" not in json.dumps(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "JSON"),
        ('{"type": "Topology"}', "type"),
        (geojson([[118.0, 91.0], *SQUARE]), "90"),
        (geojson([[118.0, 31.0]]), "at least 4"),
    ],
    ids=["no JSON", "another format", "beyond the pole", "no area"],
)
def test_a_file_that_is_no_outline_keeps_the_centre_from_starting_and_says_where(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(StartError, match=r"outlines\.geojson") as refused:
        atlas(tmp_path, text)
    assert said in str(refused.value)


def test_a_file_that_is_too_large_is_refused_before_it_is_read_whole(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="larger than 8 MiB"):
        atlas(tmp_path, " " * (MAX_BYTES + 1))


def test_a_folder_of_tiles_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="is no folder"):
        Basemap.of(MapGround(tiles_dir=tmp_path / "tiles"))


def test_a_tile_is_found_by_its_place_alone(tmp_path: Path) -> None:
    (tmp_path / "1" / "1").mkdir(parents=True)
    (tmp_path / "1" / "1" / "0.webp").write_bytes(b"picture")
    found = Basemap.of(MapGround(tiles_dir=tmp_path))
    assert found.tile(1, 1, 0) == (tmp_path / "1" / "1" / "0.webp", "image/webp")
    assert found.tile(1, 0, 0) is None
    assert found.tile(1, 2, 0) is None


async def test_outlines_and_tiles_want_a_session(world: World, tmp_path: Path) -> None:
    world.make_account()
    async with world.browser() as browser:
        assert (await browser.get("/api/map/outlines")).status_code == 401
        assert (await browser.get("/api/map/tiles/0/0/0")).status_code == 401
        assert (await browser.post("/api/login", json={"username": USERNAME, "password": PASSWORD})).status_code == 200
        assert (await browser.get("/api/map/outlines")).json() == {"type": "FeatureCollection", "features": []}
        assert (await browser.get("/api/map/tiles/0/0/0")).status_code == 204
        assert (await browser.get("/api/map/tiles/23/0/0")).status_code == 422


async def test_a_tile_may_be_kept_by_the_browser(user: httpx.AsyncClient, world: World, tmp_path: Path) -> None:
    (tmp_path / "tiles" / "0" / "0").mkdir(parents=True)
    (tmp_path / "tiles" / "0" / "0" / "0.png").write_bytes(b"picture")
    world.services.atlas.ground = MapGround(tiles_dir=tmp_path / "tiles")
    answer = await user.get("/api/map/tiles/0/0/0")
    assert (answer.content, answer.headers["content-type"]) == (b"picture", "image/png")
    assert answer.headers["cache-control"] == "private, max-age=86400"


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
        max_leaves=12,
    )
)
def test_whatever_a_browser_says_is_an_area_of_the_earth_or_none(said: object) -> None:
    area = area_of(said)
    if area:
        assert len(area) in CORNERS
        assert all(abs(latitude) <= 90 and abs(longitude) <= 180 for latitude, longitude in area)


def test_corners_stay_in_order() -> None:
    assert area_of([[31.9, 118.0], [31.9, 118.2], [32, 118.2]]) == (
        MapPoint(31.9, 118.0),
        MapPoint(31.9, 118.2),
        MapPoint(32.0, 118.2),
    )
    assert area_of([]) == ()
    assert area_of([[31.9, 118.0], [31.9, 118.2]]) is None


def test_libraries_are_the_fetched_ones_and_nothing_else() -> None:
    catalog = Catalog(map_widget.LIBRARIES)
    files = {catalog.path(manifest.name).name for manifest in catalog.manifests(Kind.CONSOLE)}
    assert {file.name for file in map_widget.LIBRARIES.iterdir()} == files
    ground = ground_of(Basemap(), LANGUAGES["en"])
    assert (ground["libraries"], ground["fault"]) == (True, "")


def test_a_map_without_libraries_says_how_they_are_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_widget, "LIBRARIES", tmp_path)
    ground = ground_of(Basemap(), LANGUAGES["zh"])
    assert not ground["libraries"]
    assert "bin/setup demo" in str(ground["fault"])
