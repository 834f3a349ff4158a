"""Reads GeoJSON (RFC 7946) in WGS 84 and keeps geometry and name of each feature alone."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_FEATURES: Final = 5000

Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Position = tuple[Longitude, Latitude]
Line = Annotated[tuple[Position, ...], Field(min_length=2)]
Ring = Annotated[tuple[Position, ...], Field(min_length=4)]
PlainName = Annotated[str, Field(max_length=128, pattern=r"^[^<>\x00-\x1f\x7f]*$")]
"""A name as a map shows it: text without markup and control characters."""


class GeoJson(BaseModel):
    """Base of the parts of a file; members that are not declared are dropped."""

    model_config = ConfigDict(frozen=True)


class SinglePoint(GeoJson):
    type: Literal["Point"]
    coordinates: Position


class MultiPoint(GeoJson):
    type: Literal["MultiPoint"]
    coordinates: tuple[Position, ...]


class LineString(GeoJson):
    type: Literal["LineString"]
    coordinates: Line


class MultiLineString(GeoJson):
    type: Literal["MultiLineString"]
    coordinates: tuple[Line, ...]


class Polygon(GeoJson):
    """One area: an outer ring, and the rings of its holes."""

    type: Literal["Polygon"]
    coordinates: tuple[Ring, ...]


class MultiPolygon(GeoJson):
    type: Literal["MultiPolygon"]
    coordinates: tuple[tuple[Ring, ...], ...]


class SiteProperties(GeoJson):
    """Properties of a feature that are kept."""

    name: PlainName | None = None


class SiteFeature(GeoJson):
    """A road, an area or a place of the site."""

    type: Literal["Feature"]
    properties: SiteProperties | None = None
    geometry: Annotated[
        SinglePoint | MultiPoint | LineString | MultiLineString | Polygon | MultiPolygon, Field(discriminator="type")
    ]


class SiteFeatures(GeoJson):
    """The features of an imported file."""

    type: Literal["FeatureCollection"]
    features: Annotated[tuple[SiteFeature, ...], Field(min_length=1, max_length=MAX_FEATURES)]


def first_fault(error: ValidationError) -> str:
    """Writes the place and the text of the first fault; never a value of the file."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"])) or "the file"
    return f"{place}: {first['msg']}"
