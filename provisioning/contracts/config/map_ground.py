"""Section [map] of the centre's configuration: the background of its maps."""

from pydantic import Field

from provisioning.contracts.section import ResolvedPath, Section


class MapGround(Section):
    """Background of the console's maps: the world, outlines and tiles. By default the world alone."""

    world: bool = True
    """Coasts, borders and names of the world, as the package has them. Borders are drawn as they are held, which no
    authority has approved: a site that must show an approved map alone sets this to false and imports its own."""
    outlines_file: ResolvedPath | None = None
    """GeoJSON FeatureCollection of Polygon and MultiPolygon, WGS 84, 8 MiB at most; a `name` shows on hover."""
    tiles_dir: ResolvedPath | None = None
    """A local set of tiles, `ZOOM/X/Y.png` (or .jpg, .webp): Web Mercator over WGS 84, 256 px, y from the north."""
    attribution: str = Field(default="", max_length=200)
    """Attribution that the maker of the tiles or outlines requires on the map."""
    max_zoom: int = Field(default=18, ge=1, le=22)
