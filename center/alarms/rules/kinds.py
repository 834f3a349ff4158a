"""The kinds of rules and their parameters.

Shapes that a rule draws itself are in shares of the picture; a name is that of a line, zone or lane in the agent's
configuration, on which the edge's tracker reports (docs/tracker.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from center.alarms.rules.shapes import Line, Polygon, Side
from center.errors import marked
from provisioning.contracts.config.camera import Label

LEAST_CROWD = 10
"""Least threshold of crowding: below it a count would detect single people (docs/boundary.md §4)."""
CROWD_WINDOW_S = 300
"""Shortest window of crowding, seconds: counts of people leave the centre in bins of five minutes or more."""


Part = Literal[
    "agent",
    "broker",
    "query",
    "platforms",
    "agents",
    "intake",
    "parse",
    "archive",
    "storage",
    "notify",
    "retention",
    "clock",
    "sign_in",
    "mail",
    "sms",
    "webhooks",
    "time_stamps",
    "superiors",
    "events",
]
"""`agent` is a silent one, `retention` the centre's own; the others are stages (`center.pipeline.stages`)."""


@dataclass(frozen=True, slots=True)
class FormField:
    """Parameter in the form of a rule: its name, its label on the page, and the value that a new rule begins with."""

    name: str
    label: str
    usual: int | None = None


class RuleParameters(BaseModel):
    """Base of the parameters of every kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: ClassVar[str]
    """Name of the kind on the console's pages."""
    number: ClassVar[FormField | None] = None
    """Whole number that the form asks for."""
    flag: ClassVar[FormField | None] = None
    """Switch that the form offers, off in a new rule."""
    place: ClassVar[FormField | None] = None
    """Line, zone or lane of the agent's configuration, which the form asks for beside a drawn shape."""
    drawn: ClassVar[tuple[str, ...]] = ()
    """Fields that hold drawn shapes."""

    @property
    def is_drawn(self) -> bool:
        """True if the rule holds a drawn shape, which fits one camera's picture and no other."""
        return any(getattr(self, name) is not None for name in self.drawn)


class _InZone(RuleParameters):
    place = FormField("zone", marked("Zone from the agent configuration"))
    drawn = ("polygon",)

    zone: Label | None = None
    polygon: Polygon | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.zone is None) == (self.polygon is None):
            raise ValueError("give either zone, the name of one in the agent's configuration, or polygon")
        return self


class ZoneEntry(_InZone):
    """A machine stands or drives with its wheels in a zone."""

    label = marked("Zone entry")
    flag = FormField("moving_only", marked("Moving vehicles only"))

    kind: Literal["zone_entry"]
    moving_only: bool = False
    """Only machines that the edge follows and that have a heading: a parked one raises no alarm."""


class MotorwayLane(_InZone):
    """A two-wheeler where only motor vehicles may be."""

    label = marked("Two-wheeler in motor-vehicle lane")

    kind: Literal["two_wheeler_on_motorway"]


class StandingMachine(_InZone):
    """A machine that stands in a no-stopping zone."""

    label = marked("Illegal parking")
    number = FormField("for_s", marked("Minimum duration (s)"), 60)

    kind: Literal["standing"]
    for_s: int = Field(default=60, ge=5, le=86_400)
    """Seconds. In a zone of the agent: in the zone. In a polygon: in view, and standing there now."""


class LineCrossing(RuleParameters):
    """A machine crosses a line."""

    label = marked("Line crossing")
    place = FormField("line", marked("Line from the agent configuration"))
    drawn = ("segment",)

    kind: Literal["line_crossing"]
    line: Label | None = None
    """Line of the agent's configuration: reported once a machine, whatever happens between two pictures."""
    segment: Line | None = None
    """Line drawn here: crossed by the last own length of a machine's way, straight back along its heading."""
    to: Side | None = None
    """The side that the machine comes to; None: either."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.line is None) == (self.segment is None):
            raise ValueError("give either line, the name of one in the agent's configuration, or segment")
        return self


class WrongWay(RuleParameters):
    """A machine goes against the direction of its lane."""

    label = marked("Wrong way")
    place = FormField("lane", marked("Lane from the agent configuration (empty: any)"))
    drawn = ("polygon",)

    kind: Literal["wrong_way"]
    lane: Label | None = None
    """Lane of the agent's configuration; None, without a polygon: any lane."""
    polygon: Polygon | None = None
    heading_deg: float | None = Field(default=None, ge=0, lt=360)
    """Heading of the traffic in the polygon: 0 up, 90 right, 180 down."""
    tolerance_deg: float = Field(default=100.0, gt=0, lt=180)
    """Degrees off the heading of the traffic beyond which a machine goes the wrong way."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.polygon is None) != (self.heading_deg is None):
            raise ValueError("polygon and heading_deg go together: a lane has a direction")
        if self.polygon is not None and self.lane is not None:
            raise ValueError("give either lane, the name of one in the agent's configuration, or polygon")
        return self


class Crowding(RuleParameters):
    """The count of one picture reaches a threshold. The zone is the picture: agents count nothing smaller."""

    label = marked("Crowding")
    number = FormField("threshold", marked("Threshold (at least 10)"), 20)

    kind: Literal["crowding"]
    threshold: int = Field(ge=LEAST_CROWD, le=10_000)


class OrderUrgency(StrEnum):
    """Urgency of the maintenance order that a fault makes (docs/orders.md)."""

    ORDINARY = "ordinary"
    KEY = "key"
    """A key case: the shorter term for coming on site."""


class _DeviceFault(RuleParameters):
    order: OrderUrgency | None = None
    """Urgency of the maintenance order that each such fault makes; None: it makes none."""


class CameraFault(_DeviceFault):
    """A camera does not deliver what it should, as its agent reports."""

    label = marked("Camera fault")
    number = FormField("for_s", marked("Minimum duration (s)"), 30)

    kind: Literal["camera_fault"]
    states: tuple[Literal["offline", "redaction_unavailable", "paused"], ...] = Field(
        default=("offline", "redaction_unavailable", "paused"), min_length=1, max_length=3
    )
    for_s: int = Field(default=30, ge=0, le=3600)


class PlatformFault(_DeviceFault):
    """An agent fell silent, the broker or the archive's `query` is away, or a stage of the chain is red or amber.

    A fault of the centre's own database could not be reported.
    """

    label = marked("Platform fault")
    number = FormField("for_s", marked("Minimum duration (s)"), 30)
    flag = FormField("warnings", marked("Also for warnings (amber)"))

    kind: Literal["platform_fault"]
    parts: tuple[Part, ...] = Field(default=get_args(Part), min_length=1, max_length=len(get_args(Part)))
    warnings: bool = False
    """True: an amber stage raises an alarm too."""
    for_s: int = Field(default=30, ge=0, le=3600)


class StandingLookalike(RuleParameters):
    """A machine that looks like one that an approved case seeks. The case says what is sought, where and how alike.

    The one rule of this kind is the cases' own (docs/cases.md): here it is only made louder, quieter or switched off.
    """

    label = marked("Similar vehicle")

    kind: Literal["standing_lookalike"]


Kind = Annotated[
    ZoneEntry
    | MotorwayLane
    | StandingMachine
    | LineCrossing
    | WrongWay
    | Crowding
    | CameraFault
    | PlatformFault
    | StandingLookalike,
    Field(discriminator="kind"),
]

KINDS: Final[Mapping[str, type[RuleParameters]]] = {
    get_args(each.model_fields["kind"].annotation)[0]: each for each in get_args(get_args(Kind)[0])
}
"""Every kind by its name, in the order in which the form offers them."""
