"""The map that a site imports: whatever the file is, the map in force is a checked one, or the last one."""

import gzip
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.basemap import archive, geojson, site_map
from center.basemap.archive import ArchiveFacts
from center.basemap.errors import MapFileError
from center.basemap.geojson import SiteFeatures
from center.basemap.site_map import SiteMap
from tests.center.basemap import maps

ROAD = ("LineString", [[118.0, 31.9], [118.2, 31.9]], "人民路")
TILES = {(0, 0, 0): maps.vector_tile("roads", (2, [(0, 0), (4095, 4095)], "Ring road")), (1, 1, 0): b"\x1a\x00"}
LAYERS = {"vector_layers": [{"id": "roads", "fields": {"name": "String"}}]}


@pytest.fixture
def site(tmp_path: Path) -> SiteMap:
    (tmp_path / "data").mkdir()
    return SiteMap(tmp_path / "data")


def given_file(folder: Path, content: bytes, name: str = "county.map") -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


def imported(site: SiteMap, file: Path) -> None:
    with site.importing(file):
        pass


def refused(site: SiteMap, file: Path) -> str:
    """Why it is not taken; nothing of it is kept."""
    before = site.view()
    with pytest.raises(MapFileError) as error:
        imported(site, file)
    assert site.view() == before
    assert [each.name for each in site.file.parent.iterdir()] == ([site_map.FILE] if before else [])
    return str(error.value)


def test_of_geojson_geometry_and_name_are_kept_and_nothing_else(site: SiteMap, tmp_path: Path) -> None:
    imported(site, given_file(tmp_path, maps.geojson(ROAD, ("Point", [118.1, 31.95], None))))
    kept = site.file.read_text(encoding="utf-8")
    assert "somebody" not in kept
    assert "onclick" not in kept
    first, second = json.loads(kept)["features"]
    assert first == {
        "type": "Feature",
        "properties": {"name": "人民路"},
        "geometry": {"type": "LineString", "coordinates": [[118.0, 31.9], [118.2, 31.9]]},
    }
    assert second["properties"] == {"name": None}
    view = site.view()
    assert view is not None
    assert view.facts()["features"] == "2"
    assert site.file.stat().st_mode & 0o777 == 0o600


def test_of_an_archive_its_facts_are_read_and_its_attribution_becomes_text(site: SiteMap, tmp_path: Path) -> None:
    said = {"attribution": '<a href="https://a.test" onclick="alert(1)">© County</a> survey', **LAYERS}
    content = maps.pmtiles(TILES, metadata=said)
    imported(site, given_file(tmp_path, content))
    view = site.view()
    assert view is not None
    assert view.content == ArchiveFacts(
        is_vector=True,
        tiles="vector tiles",
        min_zoom=0,
        max_zoom=1,
        bounds=(118.0, 31.0, 119.0, 32.0),
        attribution="© County survey",
        layers=("roads",),
    )
    assert site.file.read_bytes() == content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "JSON"),
        (b"\x89PNG\r\n\x1a\n", "JSON"),
        (b'{"type": "Topology"}', "type"),
        (maps.geojson(), "at least 1"),
        (maps.geojson(("Point", [462_000.0, 3_540_000.0], "projected")), "180"),
        (maps.geojson(("Point", [118.0, 31.9, 12.0], "with a height")), "at most 2"),
        (maps.geojson(("Point", [118.0, 31.9], "<script>alert(1)</script>")), "name"),
        (maps.geojson(("Point", [118.0, 31.9], "two\nlines")), "name"),
        (maps.geojson(("Point", [118.0, 31.9], "x" * 129)), "128"),
        (maps.geojson(("LineString", [[118.0, 31.9]], "")), "at least 2"),
        (b'{"type": "FeatureCollection", "features": ' + b"[" * 5000 + b"]" * 5000 + b"}", "recursion"),
        (maps.geojson(*[("Point", [0, 0], "")] * (geojson.MAX_FEATURES + 1)), "at most 5000"),
    ],
    ids=[
        "empty", "a picture", "TopoJSON", "no feature", "in metres", "with heights", "a script in a name",
        "a control character in a name", "a name without end", "no line", "a nest of brackets", "too many features",
    ],
)  # fmt: skip
def test_a_file_that_is_no_map_is_refused_with_the_place_and_nothing_is_kept(
    site: SiteMap, tmp_path: Path, content: bytes, said: str
) -> None:
    text = refused(site, given_file(tmp_path, content))
    assert said in text
    assert "county.map" in text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PMTiles\x03", "no header"),
        (b"PMTiles\x02" + bytes(200), "version 2"),
        (maps.pmtiles(TILES)[:-1], "cut off"),
        (maps.pmtiles({(0, 0, 0): TILES[0, 0, 0]}), "end at zoom level 0"),
        (maps.pmtiles(TILES, kind=6), "neither vector tiles"),
        (maps.pmtiles(TILES, bounds=(119.0, 31.0, 118.0, 32.0)), "bounds"),
        (maps.pmtiles(TILES, root=gzip.compress(bytes(archive.MAX_UNPACKED + 1))), "too large once unpacked"),
        (maps.pmtiles(TILES, root=b"\x1f\x8b" + bytes(40)), "damaged"),
        (maps.pmtiles(TILES, root=bytes(20_000)), "too large"),
        (maps.pmtiles(TILES, metadata={"vector_layers": [{"id": "x" * 65}]}), "metadata"),
        (maps.pmtiles(TILES, metadata=[]), "metadata"),
    ],
    ids=[
        "a header alone", "an old version", "cut off", "the whole world in one tile",
        "tiles of another kind", "west of its east", "a bomb",
        "a damaged directory", "a vast directory", "a layer's name without end", "metadata of another kind",
    ],
)  # fmt: skip
def test_an_archive_that_cannot_be_shown_is_refused(site: SiteMap, tmp_path: Path, content: bytes, said: str) -> None:
    assert said in refused(site, given_file(tmp_path, content))


def test_a_huge_file_is_read_to_its_bound_and_not_kept(
    site: SiteMap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "larger than 8 MiB" in refused(site, given_file(tmp_path, b" " * (geojson.MAX_BYTES + 1)))
    grows = maps.geojson(("LineString", [[0, 0]] * 900_000, "whole numbers are kept with a point"))
    assert len(grows) < geojson.MAX_BYTES
    assert "larger than 8 MiB" in refused(site, given_file(tmp_path, grows))
    monkeypatch.setattr(archive, "MAX_BYTES", 2 * 1024**2)
    huge = given_file(tmp_path, maps.pmtiles(TILES))
    os.truncate(huge, 64 * 1024**3)
    assert "larger than 2 MiB" in refused(site, huge)


def test_what_is_no_ordinary_file_is_not_waited_for(site: SiteMap, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "no ordinary file" in refused(site, pipe)
    assert "Is a directory" in refused(site, tmp_path)
    assert "No such file" in refused(site, tmp_path / "absent")


def test_a_refused_file_leaves_the_map_in_force_and_the_next_replaces_it(site: SiteMap, tmp_path: Path) -> None:
    imported(site, given_file(tmp_path, maps.geojson(ROAD)))
    first = site.view()
    refused(site, given_file(tmp_path, b"{"))
    imported(site, given_file(tmp_path, maps.pmtiles(TILES, metadata=LAYERS)))
    second = site.view()
    assert first is not None
    assert second is not None
    assert isinstance(first.content, SiteFeatures)
    assert isinstance(second.content, ArchiveFacts)
    assert first.version != second.version
    assert site.view() is second
    site.remove()
    assert site.view() is None


def test_a_block_that_fails_keeps_nothing(site: SiteMap, tmp_path: Path) -> None:
    file = given_file(tmp_path, maps.geojson(ROAD))
    with pytest.raises(RuntimeError), site.importing(file):
        raise RuntimeError
    assert site.view() is None


@given(data=st.data())
def test_any_damage_to_an_archive_is_refused_or_harmless(site: SiteMap, tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(maps.pmtiles(TILES, metadata=LAYERS))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        imported(site, given_file(tmp_path, bytes(content)))
    except MapFileError:
        return
    assert site.view() is not None
