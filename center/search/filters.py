"""Defines the filters of a search: time span, cameras, machines, quality of pictures."""

from collections.abc import Sequence
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from center import polygons
from center.access.permissions import CameraKey
from center.errors import AreaCrossesError, BadAreaError, BadBinsError, BadFilterError
from center.polygons import Point
from provisioning.contracts.ids import CameraId
from provisioning.contracts.query.search import MAX_BINS, BinMs, Wanted
from provisioning.contracts.query.zone_counts import ZoneSpan
from provisioning.contracts.wire.messages import Message, TimeMs

MAX_CORNERS: Final = 100
Param = tuple[str, str | int | float | bool | None]
"""One parameter of a query string, name and value."""
Cursor = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[\x21-\x7e]+$")]
_CORNER: Final = r"-?[0-9.]+,-?[0-9.]+"
Area = Annotated[str, Field(max_length=40 * MAX_CORNERS, pattern=rf"^{_CORNER}( {_CORNER})*$")]
"""Corners of a polygon, `longitude,latitude` in degrees, WGS 84, a space between two."""
Purpose = Annotated[str, Field(min_length=3, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class SourceFilters(Message):
    """Filters by camera, with purpose and case."""

    camera_id: tuple[CameraId, ...] = Field(default=(), max_length=100)
    area: Area | None = None
    """Polygon; a camera counts if its position, as its agent or the register has it, lies inside."""
    case_id: str | None = Field(default=None, max_length=64)
    """The case of the query: roles in one case alone count only where it is named."""
    purpose: Purpose | None = None
    """Purpose of the query, for the audit."""

    @model_validator(mode="after")
    def _drawn(self) -> Self:
        if self.area is not None:
            check_area(self.corners)
        return self

    @property
    def corners(self) -> tuple[Point, ...]:
        """Corners of the area, (longitude, latitude); empty where there is none."""
        pairs = (pair.split(",") for pair in (self.area or "").split())
        try:
            return tuple((float(longitude), float(latitude)) for longitude, latitude in pairs)
        except ValueError as error:
            raise BadAreaError(most=MAX_CORNERS) from error

    def named(self, sources: Sequence[CameraKey]) -> list[Param]:
        """Writes the cameras as query parameters; with `sources`, these alone."""
        return [
            *(("camera_id", camera) for camera in self.camera_id if not sources),
            *(("source", f"{source.agent_id}/{source.camera_id}") for source in sources),
        ]


class Filters(SourceFilters, Wanted):
    """Filters of a search. Times are capture times, `from_ms` inclusive, `to_ms` exclusive."""

    from_ms: TimeMs | None = None
    to_ms: TimeMs | None = None
    limit: int = Field(default=50, ge=1, le=200)
    cursor: Cursor | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.from_ms is not None and self.to_ms is not None and self.to_ms < self.from_ms:
            raise BadFilterError
        return self

    def params(self, sources: Sequence[CameraKey] = ()) -> list[Param]:
        """Writes the query parameters of `GET /observations`; with `sources`, of these cameras alone."""
        return [*self.asked(sources), ("limit", self.limit), *([("cursor", self.cursor)] if self.cursor else [])]

    def asked(self, sources: Sequence[CameraKey] = ()) -> list[Param]:
        """Writes the query parameters without those of the page."""
        wanted = self.model_dump(mode="json", include=set(Wanted.model_fields), exclude_defaults=True)
        span = {"from_ms": self.from_ms, "to_ms": self.to_ms}
        return [
            *((name, value) for name, value in span.items() if value is not None),
            *self.named(sources),
            *(
                (name, each)
                for name, value in wanted.items()
                for each in (value if isinstance(value, list) else [value])
            ),
        ]


class CountFilters(Filters):
    """Filters of a histogram, with bins that begin at `from_ms`."""

    from_ms: TimeMs
    to_ms: TimeMs
    bin_ms: BinMs

    @model_validator(mode="after")
    def _few(self) -> Self:
        if self.to_ms - self.from_ms > MAX_BINS * self.bin_ms:
            raise BadBinsError(most=MAX_BINS)
        return self


class ZoneFilters(SourceFilters, ZoneSpan):
    """Cameras and bins for which people are counted. Nothing else can be queried about people."""


def check_area(corners: Sequence[Point]) -> None:
    """Checks that a polygon can be searched in.

    Raises:
        AreaCrossesError: its sides cross or touch one another.
        BadAreaError: it has too few corners, too many, or one outside of the globe.
    """
    if not 3 <= len(polygons.opened(corners)) <= MAX_CORNERS or polygons.off_the_globe(corners):
        raise BadAreaError(most=MAX_CORNERS)
    if polygons.outline_fault(corners):
        raise AreaCrossesError
