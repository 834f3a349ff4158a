"""A rule: kind, cameras, hours of the week, and how it alarms. A change makes a new version."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from center.alarms.rules.composed import Composed, Place
from center.alarms.rules.kinds import CROWD_WINDOW_S, CameraFault, Crowding, Kind, MotorwayLane, PlatformFault
from provisioning.contracts.config.camera import Label
from provisioning.contracts.query.archive import DEFAULT_DAY_OFFSET_MINUTES
from provisioning.contracts.wire.messages import MachineClass, Share

MAX_LEVELS: Final = 5
MAX_SPANS: Final = 28
DAY: Final = 24 * 60
Clock = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
Offset = Annotated[int, Field(ge=-14 * 60, le=14 * 60)]


class WeekSpan(BaseModel):
    """Span from one time of day to another, on some days of the week (0 Monday to 6 Sunday).

    A span that ends before it begins goes on past midnight, and belongs to the day on which it begins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: tuple[Annotated[int, Field(ge=0, le=6)], ...] = Field(
        default=(0, 1, 2, 3, 4, 5, 6), min_length=1, max_length=7
    )
    begins: Clock
    ends: Clock

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.begins == self.ends:
            raise ValueError("a span that ends when it begins is none; for the whole day say 00:00 to 24:00")
        return self

    @property
    def begins_minute(self) -> int:
        """Minute of the day at which it begins."""
        return _minutes(self.begins)

    @property
    def minutes(self) -> int:
        return (_minutes(self.ends) - _minutes(self.begins)) % DAY or DAY

    def covers(self, day: int, minute: int) -> bool:
        """True if a minute of a day of the week lies in the span."""
        begins, ends = _minutes(self.begins), _minutes(self.ends)
        if begins < ends:
            return day in self.days and begins <= minute < ends
        return (day in self.days and minute >= begins) or ((day - 1) % 7 in self.days and minute < ends)


class Hours(BaseModel):
    """Spans in a local time zone, given as minutes ahead of UTC; without spans, at no time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spans: tuple[WeekSpan, ...] = Field(default=(), max_length=MAX_SPANS)
    offset_minutes: Offset = DEFAULT_DAY_OFFSET_MINUTES

    def cover(self, at_ms: int) -> bool:
        """True if a moment lies in one of the spans."""
        moment = datetime.fromtimestamp(at_ms / 1000, UTC) + timedelta(minutes=self.offset_minutes)
        day, minute = moment.weekday(), moment.hour * 60 + moment.minute
        return any(span.covers(day, minute) for span in self.spans)


ALWAYS: Final = Hours(spans=(WeekSpan(begins="00:00", ends="24:00"),))
NEVER: Final = Hours()


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


class Severity(StrEnum):
    """Severity of a rule's alarms."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class RuleText(BaseModel):
    """Content of one version of a rule, as its author writes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Label
    what: Annotated[Kind | Composed, Field(discriminator="kind")]
    cameras: tuple[Place, ...] = Field(default=(), max_length=1024)
    """Empty: the rule covers all cameras."""
    classes: tuple[MachineClass, ...] = Field(default=(), max_length=len(MachineClass))
    """Empty: machines of all classes."""
    min_score: Share = 0.4
    min_size: Share = 0.0
    """The longer side of a machine's box, as a share of the picture's longer side."""
    schedule: Hours = ALWAYS
    """Hours outside of which the rule finds nothing."""
    quiet: Hours = NEVER
    """Hours in which alarms are raised and listed, but not notified; none escalates before these hours end."""
    severity: Severity = Severity.WARNING
    escalate_after_min: tuple[Annotated[int, Field(ge=1, le=1440)], ...] = Field(default=(), max_length=MAX_LEVELS)
    """Minutes until each next level while the alarm is not acknowledged."""
    window_s: int = Field(default=300, ge=1, le=86_400)
    """Seconds after an alarm of a camera in which further matches of the rule there are added to that alarm."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.what.is_drawn and not self.cameras:
            raise ValueError("a shape is drawn in the picture of certain cameras: name them in cameras")
        if isinstance(self.what, MotorwayLane) and not all(cls.is_two_wheeler for cls in self.classes):
            raise ValueError(
                "two_wheeler_on_motorway looks for bicycles and motorcycles alone: leave other classes out"
            )
        if isinstance(self.what, Crowding | CameraFault | PlatformFault) and self.classes:
            raise ValueError(f"{self.what.kind} looks at no machine: leave classes out")
        if isinstance(self.what, PlatformFault) and self.cameras:
            raise ValueError("platform_fault looks at no camera: leave cameras out")
        if isinstance(self.what, Composed) and self.classes:
            raise ValueError("composed: each condition has its own classes")
        if isinstance(self.what, Composed) and self.what.place_name and set(self.cameras) != set(self.what.cameras):
            raise ValueError("a rule of a place is about the cameras that its conditions name, and no others")
        if self.counts_people and self.window_s < CROWD_WINDOW_S:
            raise ValueError(f"crowding is reported no more often than every {CROWD_WINDOW_S} s: raise window_s")
        if self.counts_people and any(span.minutes * 60 < CROWD_WINDOW_S for span in self.schedule.spans):
            # Else a preview would tell of one picture, and not of a period, that its count reaches a threshold.
            raise ValueError(f"crowding holds for {CROWD_WINDOW_S} s or more at a time: lengthen its schedule")
        return self

    @property
    def counts_people(self) -> bool:
        """True if the rule compares a count of people: its alarms are linked to no picture."""
        return isinstance(self.what, Crowding)

    def place_of(self, place: str) -> str:
        """Returns the camera by which the windows of an alarm at `place` are counted: of a named place, its first."""
        return self.cameras[0] if isinstance(self.what, Composed) and self.what.place_name else place


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule, in force."""

    id: int
    version: int
    text: RuleText
