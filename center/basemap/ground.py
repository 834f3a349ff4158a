"""Holds the ground of the console's maps: outlines, a local set of tiles, the imported map. Nothing is fetched."""

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, ValidationError

from center.basemap.geojson import MAX_BYTES, GeoJson, MultiPolygon, Polygon, first_fault
from center.basemap.site_map import SiteMap
from center.errors import StartError
from provisioning.contracts.config.processes import MapGround

TILE_KINDS: Final = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}


class DistrictProperties(GeoJson):
    """Properties of a feature: the district's name."""

    name: str = Field(default="", max_length=128)


class Outline(GeoJson):
    """The outline of one district."""

    type: Literal["Feature"]
    properties: DistrictProperties | None = None
    geometry: Annotated[Polygon | MultiPolygon, Field(discriminator="type")]


class Outlines(GeoJson):
    """The outlines of all districts, in WGS 84 with longitude first, as RFC 7946 has it."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: tuple[Outline, ...] = Field(default=(), max_length=5000)


class Basemap:
    """The outlines of a site, read once, the folder of its tiles, and its imported map."""

    def __init__(
        self, ground: MapGround | None = None, outlines: Outlines | None = None, site: SiteMap | None = None
    ) -> None:
        self.ground = ground or MapGround()
        self.outlines = outlines or Outlines()
        self.site = site
        """None where no data folder is known: no map can be imported then."""

    @classmethod
    def of(cls, ground: MapGround, site: SiteMap | None = None) -> Self:
        """Reads the files of `[map]`.

        Raises:
            StartError: the outlines are no GeoJSON of areas in degrees, or the folder of tiles is not there.
        """
        if ground.tiles_dir is not None and not ground.tiles_dir.is_dir():
            raise StartError(
                what=f"map.tiles_dir {ground.tiles_dir} is no folder",
                what_to_do="Put tiles there as ZOOM/X/Y.png, or leave tiles_dir out: the map then has no tiles",
            )
        return cls(ground, None if ground.outlines_file is None else _read(ground.outlines_file), site)

    def tile(self, zoom: int, x: int, y: int) -> tuple[Path, str] | None:
        """Finds file and media type of one tile (Web Mercator, y from the north), None where there is no such tile."""
        folder, side = self.ground.tiles_dir, 1 << zoom
        if folder is None or not (0 <= x < side and 0 <= y < side):
            return None
        for suffix, media_type in TILE_KINDS.items():
            if (file := folder / str(zoom) / str(x) / f"{y}{suffix}").is_file():
                return file, media_type
        return None


def _read(file: Path) -> Outlines:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise StartError(
                what=f"map.outlines_file {file} is larger than {MAX_BYTES // 1024**2} MiB",
                what_to_do="Simplify its outlines: a screen shows no more than some thousand corners",
            )
        return Outlines.model_validate_json(content)
    except OSError as error:
        raise StartError(
            what=f"map.outlines_file {file} cannot be read ({error.strerror})", what_to_do="Correct outlines_file"
        ) from error
    except ValidationError as error:
        raise StartError(
            what=f"map.outlines_file {file}: {first_fault(error)}",
            what_to_do="Give a GeoJSON FeatureCollection of Polygon and MultiPolygon features in WGS 84 degrees",
        ) from error
