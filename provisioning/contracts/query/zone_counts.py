"""Counts the people at a camera, and reports nothing else of them (docs/boundary.md §4).

A picture counts as one integer; answers hold mean and maximum of these in bins of five minutes or more. All edges lie
on one grid of five minutes, a bin is reported five minutes after its end at the earliest, and every answer is made of
whole groups of three or more pictures that never change (`ray_cluster.query.zone_counting`): no two answers, whenever
they were given, can be subtracted from one another to leave one picture's count, or a shorter time. Cameras and time
are the only parameters: a filter could single out a picture.

The zone is the camera's picture: agents count nothing smaller.
"""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from provisioning.contracts.ids import AgentId, CameraId
from provisioning.contracts.query.search import MAX_BINS
from provisioning.contracts.wire.messages import Count, Message, TimeMs

GRID_MS: Final = 300_000
MIN_PICTURES: Final = 3
MAX_ZONE_BINS: Final = 100_000
GridMs = Annotated[TimeMs, Field(multiple_of=GRID_MS)]
ZoneBinMs = Annotated[int, Field(ge=GRID_MS, le=366 * 86_400_000, multiple_of=GRID_MS)]


class ZoneSpan(Message):
    """Parameters of a request besides the cameras: a span of whole bins."""

    from_ms: GridMs
    to_ms: GridMs
    bin_ms: ZoneBinMs

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not 0 < self.to_ms - self.from_ms <= MAX_BINS * self.bin_ms or (self.to_ms - self.from_ms) % self.bin_ms:
            raise ValueError(f"from_ms, to_ms, bin_ms: give a span of 1 to {MAX_BINS} whole bins")
        return self


class ZoneBin(Message):
    """One bin of one camera."""

    from_ms: GridMs
    pictures: int = Field(ge=MIN_PICTURES)
    mean: float = Field(ge=0, le=10_000, allow_inf_nan=False)
    """Mean of the counts of single pictures, to a tenth."""
    most: int = Field(ge=0, le=10_000)
    """The largest count of a single picture."""


class ZoneCount(Message):
    """One camera's bins in their order; bins without a whole group of pictures are left out."""

    agent_id: AgentId
    camera_id: CameraId
    bins: tuple[ZoneBin, ...] = Field(max_length=MAX_BINS)


class ZoneCounts(Message):
    """Answer of `query`: counts of the requested cameras."""

    zones: tuple[ZoneCount, ...]
    told_to_ms: GridMs
    """End of the last reported bin; later bins ended too recently."""
    rows_read: Count
    days_left_out: tuple[str, ...] = ()
    """Days not counted, because a request reads only so many rows."""
