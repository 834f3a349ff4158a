"""What the centre's configuration says of the ground of its maps."""

from pydantic import Field

from provisioning.contracts.section import ResolvedPath, Section


class MapGround(Section):
    """What maps of the console stand on, besides the places themselves. Without it: no tiles, no outlines."""

    outlines_file: ResolvedPath | None = None
    """GeoJSON FeatureCollection of Polygon and MultiPolygon, WGS 84, 8 MiB at most; a `name` shows on hover."""
    tiles_dir: ResolvedPath | None = None
    """A local set of tiles, `ZOOM/X/Y.png` (or .jpg, .webp): Web Mercator over WGS 84, 256 px, y from the north."""
    attribution: str = Field(default="", max_length=200)
    """What the maker of tiles or outlines asks to be said on the map."""
    max_zoom: int = Field(default=18, ge=1, le=22)
