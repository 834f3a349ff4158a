"""Defines the parameters of requests in query strings: bounded and typed; unknown ones are refused."""

from typing import Annotated, Final

from pydantic import Field

from provisioning.contracts.query.search import BinMs, Wanted
from provisioning.contracts.query.zone_counts import ZoneSpan
from provisioning.contracts.wire.messages import Message
from ray_cluster.query.filters import MAX_TIME_MS, Cursor, Filter

DEFAULT_LIMIT: Final = 50
MAX_CAMERAS: Final = 100
MAX_SOURCES: Final = 4000
Time = Annotated[int, Field(ge=0, le=MAX_TIME_MS)]


class Cameras(Message):
    """Cameras of a request; none means all."""

    camera_id: tuple[str, ...] = Field(default=(), max_length=MAX_CAMERAS)
    source: tuple[str, ...] = Field(default=(), max_length=MAX_SOURCES)
    """Sources, each AGENT/CAMERA; neither id can have a slash."""

    @property
    def sources(self) -> tuple[tuple[str, str], ...]:
        """Agent and camera of each source."""
        return tuple((agent, camera) for agent, _, camera in (each.partition("/") for each in self.source))


class Asked(Cameras, Wanted):
    """Filter of observations in a request."""

    from_ms: Time = 0
    to_ms: Time = MAX_TIME_MS

    def filter(self) -> Filter:
        """Build the filter for `Query`.

        Raises:
            BadRequest: an id that cannot be one, or a span that ends before it begins.
        """
        wanted = Wanted.model_validate(self.model_dump(include=set(Wanted.model_fields)))
        return Filter(self.from_ms, self.to_ms, self.camera_id, self.sources, wanted)


class AskedPage(Asked):
    """Page of observations in a request."""

    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=500)
    cursor: str | None = Field(default=None, max_length=200)

    def after(self) -> Cursor | None:
        """Parse the cursor at which the page begins; None for the newest.

        Raises:
            BadRequest: the text is no cursor.
        """
        return None if self.cursor is None else Cursor.parse(self.cursor)


class AskedCounts(Asked):
    """Counts of machines in a request, with the width of a bin."""

    bin_ms: BinMs


class AskedZones(Cameras, ZoneSpan):
    """Counts of people in a request: cameras, span, bins, and no field of `Wanted`: see `contracts.zone_counts`."""

    def filter(self) -> Filter:
        """Build the filter for `Query`; raises as `Asked.filter`."""
        return Filter(self.from_ms, self.to_ms, self.camera_id, self.sources)
