"""`wayside-center map` as a person types it, and the routes that serve what it keeps."""

import json
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from center.__main__ import app
from center.basemap.ground import Basemap
from center.basemap.site_map import SiteMap
from center.bootstrap import open_records
from center.console.language import LANGUAGES
from center.console.widgets.map import ground_of
from provisioning.contracts.config.processes import CenterConfig, MapGround, load
from tests.center.basemap import maps
from tests.center.conftest import World

PLACE = ("Point", [118.1, 31.95], "Station")
TILES = {(1, 1, 0): maps.vector_tile("roads", (2, [(0, 0), (9, 9)], "Ring road"))}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    token = tmp_path / "query-token"
    token.write_text("token")
    token.chmod(0o600)
    file = tmp_path / "center.toml"
    file.write_text(
        """
        query_token_file = "query-token"
        data_dir = "data"
        [broker]
        host = "127.0.0.1"
        ca_file = "ca.pem"
        cert_file = "center.pem"
        key_file = "center.key"
        """
    )
    return file


def said(config: Path, *words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["map", *words, "--config", str(config)])
    assert done.exit_code == code, done.output
    return done.output


def test_a_map_is_imported_shown_and_removed_and_each_act_is_in_the_audit(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "county.geojson"
    file.write_bytes(maps.geojson(PLACE))
    assert "No map is imported" in said(config, "show")
    assert "features: 1" in said(config, "import", str(file))
    assert "kind: GeoJSON" in said(config, "show")
    file.write_bytes(maps.pmtiles(TILES))
    assert "kind: PMTiles, vector tiles" in said(config, "import", str(file))
    said(config, "remove")
    assert "No map is imported" in said(config, "remove")
    opened = open_records(load(CenterConfig, config))
    entries = opened.audit.page(limit=9)
    opened.store.close()
    assert [entry.action for entry in entries] == ["map.remove", "map.import", "map.import"]
    assert json.loads(entries[-1].detail)["file"] == "county.geojson"


def test_a_refused_file_is_one_line_and_no_act(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "county.geojson"
    file.write_bytes(maps.geojson(("Point", [118.1, 31.95], "<script>alert(1)</script>")))
    text = said(config, "import", str(file), code=2)
    assert "features.0.properties.name" in text
    assert "alert" not in text
    assert "No map is imported" in said(config, "show")
    opened = open_records(load(CenterConfig, config))
    assert list(opened.audit.page(limit=9)) == []
    opened.store.close()


@pytest.mark.anyio
async def test_each_kind_has_its_route_which_needs_a_session(
    world: World, user: httpx.AsyncClient, tmp_path: Path
) -> None:
    world.services.atlas.site = site = SiteMap(tmp_path)
    for path in ("site.geojson", "site.pmtiles"):
        assert (await user.get(f"/api/map/{path}")).status_code == 204
        async with world.browser() as stranger:
            assert (await stranger.get(f"/api/map/{path}")).status_code == 401
    (tmp_path / "given").write_bytes(maps.geojson(PLACE))
    with site.importing(tmp_path / "given"):
        pass
    answer = await user.get("/api/map/site.geojson")
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.json()["features"][0]["properties"] == {"name": "Station"}
    content = maps.pmtiles(TILES)
    (tmp_path / "given").write_bytes(content)
    with site.importing(tmp_path / "given"):
        pass
    assert (await user.get("/api/map/site.geojson")).status_code == 204
    part = await user.get("/api/map/site.pmtiles", headers={"Range": "bytes=0-6"})
    assert (part.status_code, part.content) == (206, b"PMTiles")
    assert (await user.get("/api/map/site.pmtiles", headers={"Range": "bytes=999999-"})).status_code == 416


def test_a_kept_map_that_was_damaged_is_said_on_the_map_and_the_world_stays(tmp_path: Path) -> None:
    site = SiteMap(tmp_path)
    site.file.write_bytes(b"PMTiles\x03")
    ground = ground_of(Basemap(site=site), LANGUAGES["zh"])
    assert ground["site"] is None
    assert "wayside-center map import" in str(ground["fault"])
    assert ground["world"] is True


def test_a_site_may_show_its_own_map_alone() -> None:
    ground = ground_of(Basemap(MapGround(world=False)), LANGUAGES["zh"])
    assert (ground["world"], ground["names"]) == (False, {})
    names = ground_of(Basemap(), LANGUAGES["zh"])["names"]
    assert isinstance(names, dict)
    assert names["156"] == "中国"
