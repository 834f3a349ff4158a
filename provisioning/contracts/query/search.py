"""Filters and counts of the archive's search. Of machines and pictures alone: no field is of a person.

`Wanted` is a query string's worth of filters, the same at the centre and at `query`. All its conditions on a machine
must be true of one and the same machine.
"""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from provisioning.contracts.ids import AgentId, CameraId
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import MAX_SIDE_PX, Count, MachineClass, Message, Share, TimeMs

MAX_ZONES = 16
LOW_QUALITY: Final = {"sharpness": 0.25, "brightness": 0.2, "contrast": 0.15}
"""Scores below which a picture is of very low quality: blurred; too dark or too bright; almost without contrast."""
MIN_BIN_MS = 60_000
MAX_BINS = 400
COUNT_GRID_MS: Final = 5 * 60_000
"""Counts of machines are kept by this: a span that begins on it, in bins of a multiple, is counted without its rows."""
Side = Annotated[int, Field(ge=1, le=MAX_SIDE_PX)]
ZoneName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Name of a zone in an agent's configuration."""
BinMs = Annotated[int, Field(ge=MIN_BIN_MS, le=366 * 86_400_000)]


class Wanted(Message):
    """Filters of a search, besides time and cameras. An absent filter restricts nothing; a list matches any item."""

    cls: tuple[MachineClass, ...] = Field(default=(), max_length=len(MachineClass))
    colour: tuple[MachineColour, ...] = Field(default=(), max_length=len(MachineColour))
    """A machine of unknown colour matches none of them."""
    min_side_px: Side | None = None
    max_side_px: Side | None = None
    """Bounds the shorter side of a machine's box."""
    min_share: Share | None = None
    max_share: Share | None = None
    """Bounds the share of the picture that a machine's box takes."""
    heading_deg: float | None = Field(default=None, ge=0, lt=360, allow_inf_nan=False)
    """Direction of travel in the picture, 0 up, 90 right; of a machine that the edge followed and that moved."""
    heading_within_deg: float = Field(default=45.0, gt=0, le=180, allow_inf_nan=False)
    zone: tuple[ZoneName, ...] = Field(default=(), max_length=MAX_ZONES)
    """Zones of the cameras' configuration in which the edge saw a followed machine."""
    sharpness_below: Share | None = None
    sharpness_above: Share | None = None
    brightness_below: Share | None = None
    brightness_above: Share | None = None
    contrast_below: Share | None = None
    contrast_above: Share | None = None
    """Bounds the picture's scores, 0 useless to 1 good; both bounds are exclusive."""
    low_quality: bool = False
    """True: only pictures with at least one score below `LOW_QUALITY`."""

    @model_validator(mode="before")
    @classmethod
    def _no_truth_as_a_number(cls, data: object) -> object:
        """Refuse `true` where a number belongs, which pydantic takes for 1 and the published schema does not."""
        for name, value in data.items() if isinstance(data, dict) else ():
            if isinstance(value, bool) and name != "low_quality":
                raise ValueError(f"{name}: {str(value).lower()} is no number")
        return data

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for low, high in (("min_side_px", "max_side_px"), ("min_share", "max_share")):
            least, most = getattr(self, low), getattr(self, high)
            if least is not None and most is not None and least > most:
                raise ValueError(f"{low}, {high}: the least is more than the most")
        return self

    @property
    def of_machine(self) -> bool:
        """True with a condition on a machine beyond its class."""
        return (
            self.zone != ()
            or self.colour != ()
            or any(
                value is not None
                for value in (self.min_side_px, self.max_side_px, self.min_share, self.max_share, self.heading_deg)
            )
        )

    @property
    def of_picture(self) -> bool:
        """True with a condition on a picture's quality."""
        return self.low_quality or any(
            value is not None
            for value in (
                self.sharpness_below,
                self.sharpness_above,
                self.brightness_below,
                self.brightness_above,
                self.contrast_below,
                self.contrast_above,
            )
        )


class TimeBin(Message):
    """Machines by class in one bin; absent classes have none."""

    from_ms: TimeMs
    machines: dict[MachineClass, Count]


class WeekHour(Message):
    """Machines by class in one hour of the week, by the clock by which the archive cuts days."""

    weekday: int = Field(ge=0, le=6)
    """Day of the week, 0 for Monday."""
    hour: int = Field(ge=0, le=23)
    machines: dict[MachineClass, Count]


class CameraCount(Message):
    """Machines by class at one camera."""

    agent_id: AgentId
    camera_id: CameraId
    machines: dict[MachineClass, Count]


class MachineCounts(Message):
    """Answer of `query`: numbers of machines, by class; bins, hours and cameras without any are left out."""

    machines: Count
    bins: tuple[TimeBin, ...] = Field(max_length=MAX_BINS)
    week: tuple[WeekHour, ...] = Field(max_length=7 * 24)
    cameras: tuple[CameraCount, ...]
    rows_read: Count
    days_left_out: tuple[str, ...] = ()
    """Days not counted, because a request reads only so many rows. Empty: the counts are exact."""
    days_without: tuple[str, ...] = ()
    """Days of a release that did not store the requested fields: nothing of them can be found."""


class DayPlan(Message):
    """Plan of the search of one day."""

    day: str
    table: str
    """Table that is searched: `snapshots`, or `objects`, whose rows are machines."""
    rows: Count
    """Rows of that table."""
    matching: Count
    """Rows that meet all conditions on that table."""
    indexes: tuple[str, ...]
    """Columns whose index is used. Empty: every row is read. Either way the answer is exact."""


class SearchPlan(Message):
    """Answer of `query`: the plan of a search, newest day first; a day that lacks the requested fields is named."""

    days: tuple[DayPlan, ...]
    exact: bool = True
    """Always true for filters: only a look-alike search may use an index that approximates."""
    days_without: tuple[str, ...] = ()
