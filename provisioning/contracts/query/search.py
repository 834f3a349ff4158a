"""What is looked for in the archive, and what counting it says. Machines and pictures alone: no field is of a person.

`Wanted` is a query string's worth of filters, the same at the centre and at `query`. All that it says of a machine
must be true of one and the same machine.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from provisioning.contracts.ids import AgentId, CameraId
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import MAX_SIDE_PX, Count, MachineClass, Message, Share, TimeMs

MAX_ZONES = 16
MIN_BIN_MS = 60_000
MAX_BINS = 400
Side = Annotated[int, Field(ge=1, le=MAX_SIDE_PX)]
ZoneName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""As an agent's configuration names a zone."""
BinMs = Annotated[int, Field(ge=MIN_BIN_MS, le=366 * 86_400_000)]


class Wanted(Message):
    """Filters of a search, beside time and cameras. What is not said is not asked; a list means any of it."""

    cls: tuple[MachineClass, ...] = Field(default=(), max_length=len(MachineClass))
    colour: tuple[MachineColour, ...] = Field(default=(), max_length=len(MachineColour))
    """A machine whose colour was not seen has none of them."""
    min_side_px: Side | None = None
    max_side_px: Side | None = None
    """Of the shorter side of a machine's box."""
    min_share: Share | None = None
    max_share: Share | None = None
    """Of the picture that a machine's box takes."""
    heading_deg: float | None = Field(default=None, ge=0, lt=360, allow_inf_nan=False)
    """Direction of travel in the picture, 0 up, 90 right; of a machine that the edge followed and that moved."""
    heading_within_deg: float = Field(default=45.0, gt=0, le=180, allow_inf_nan=False)
    zone: tuple[ZoneName, ...] = Field(default=(), max_length=MAX_ZONES)
    """Zones of the cameras' configuration in which a followed machine was."""
    sharpness_below: Share | None = None
    sharpness_above: Share | None = None
    brightness_below: Share | None = None
    brightness_above: Share | None = None
    contrast_below: Share | None = None
    contrast_above: Share | None = None
    """Of the picture's scores, 0 useless to 1 good; neither bound belongs to what is found."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for low, high in (("min_side_px", "max_side_px"), ("min_share", "max_share")):
            least, most = getattr(self, low), getattr(self, high)
            if least is not None and most is not None and least > most:
                raise ValueError(f"{low}, {high}: the least is more than the most")
        return self

    @property
    def of_machine(self) -> bool:
        """Whether it asks for more of a machine than its class."""
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
        """Whether it asks for a picture's quality."""
        return any(
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
    """Machines by class in one bin; a class that is not there has none."""

    from_ms: TimeMs
    machines: dict[MachineClass, Count]


class WeekHour(Message):
    """Machines by class in one hour of the week, by the clock by which the archive cuts days."""

    weekday: int = Field(ge=0, le=6)
    """0 Monday."""
    hour: int = Field(ge=0, le=23)
    machines: dict[MachineClass, Count]


class CameraCount(Message):
    """Machines by class before one camera."""

    agent_id: AgentId
    camera_id: CameraId
    machines: dict[MachineClass, Count]


class MachineCounts(Message):
    """Answer of `query`: how many machines, by class; bins, hours and cameras without any are left out."""

    machines: Count
    bins: tuple[TimeBin, ...] = Field(max_length=MAX_BINS)
    week: tuple[WeekHour, ...] = Field(max_length=7 * 24)
    cameras: tuple[CameraCount, ...]
    rows_read: Count
    days_left_out: tuple[str, ...] = ()
    """Not counted: older than what one question may read. Empty: the counts are exact."""
    days_without: tuple[str, ...] = ()
    """Of a release that did not keep what is asked for: nothing of them can be found."""


class DayPlan(Message):
    """How one day is searched."""

    day: str
    table: str
    """Which table answers: `snapshots`, or `objects`, whose rows are machines."""
    rows: Count
    """In that table."""
    matching: Count
    """Of them, by all conditions on this table."""
    indexes: tuple[str, ...]
    """Columns whose index is used. Empty: every row is read. Either way the answer is exact."""


class SearchPlan(Message):
    """Answer of `query`: how a search would be run, newest day first; a day that lacks what is asked is named."""

    days: tuple[DayPlan, ...]
    exact: bool = True
    """Filters are always: only a look-alike search may use an index that approximates."""
    days_without: tuple[str, ...] = ()
