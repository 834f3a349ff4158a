"""Composed rules: conditions on the pictures of one camera, or of the cameras of one place, by and, or, not, then.

What a composed rule cannot ask is whether a machine that one camera saw is one that another saw. No condition has a
field for a look, a colour or a number; an order in time (`Then`) is of one camera; and of what moves, two cameras of a
place say nothing about each other's pictures that are over `MOMENT_S` apart. Nor is there a condition on a count of
people: what else holds would choose single pictures, and a row of thresholds would then tell the count of one.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Final, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from center.alarms.rules.kinds import (
    KINDS,
    LineCrossing,
    MotorwayLane,
    RuleParameters,
    StandingMachine,
    WrongWay,
    ZoneEntry,
)
from center.alarms.rules.shapes import Polygon
from center.errors import marked
from provisioning.contracts.config.camera import Label
from provisioning.contracts.ids import AGENT_PATTERN, CAMERA_PATTERN
from provisioning.contracts.wire.messages import MachineClass, Share

PLACE_PATTERN: Final = f"^{AGENT_PATTERN[1:-1]}/{CAMERA_PATTERN[1:-1]}$"
Place = Annotated[str, StringConstraints(pattern=PLACE_PATTERN)]
"""An agent and one of its cameras, joined by a slash: two agents may each have a `cam-1`."""
MAX_DEPTH: Final = 6
MAX_CONDITIONS: Final = 16
MAX_CAMERAS: Final = 8
"""Most cameras of one place: a junction, the front of a school."""
MOMENT_S: Final = 10
"""Seconds within which two events count as at the same time."""

Single = Annotated[
    ZoneEntry | MotorwayLane | StandingMachine | LineCrossing | WrongWay,
    Field(discriminator="kind"),
]
SINGLE_KINDS: Final = tuple(name for name, parameters in KINDS.items() if parameters in get_args(get_args(Single)[0]))
"""Kinds of rules that a condition may be, in the order in which the form offers them."""


class _Node(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _OfMachines(_Node):
    camera: Place | None = None
    """One of the rule's cameras where the rule is about a place; None where it is about each camera by itself."""
    classes: tuple[MachineClass, ...] = Field(default=(), max_length=len(MachineClass))
    """Empty: machines of all classes."""
    min_score: Share = 0.4
    min_size: Share = 0.0
    """The longer side of a machine's box, as a share of the picture's longer side."""


class Seen(_OfMachines):
    """A machine does what a rule of one condition finds."""

    op: Literal["seen"]
    what: Single

    @model_validator(mode="after")
    def _of_two_wheelers(self) -> Self:
        if isinstance(self.what, MotorwayLane) and not all(cls.is_two_wheeler for cls in self.classes):
            raise ValueError(
                "two_wheeler_on_motorway looks for bicycles and motorcycles alone: leave other classes out"
            )
        return self


class Many(_OfMachines):
    """More than `over` machines are in a zone at once, in every picture for `for_s` seconds."""

    op: Literal["many"]
    polygon: Polygon
    over: int = Field(ge=0, le=200)
    for_s: int = Field(default=0, ge=0, le=3600)


class Absent(_OfMachines):
    """No machine is in a zone, in every picture for `for_s` seconds."""

    op: Literal["absent"]
    polygon: Polygon
    for_s: int = Field(default=0, ge=0, le=3600)


class And(_Node):
    """All of these hold at the same moment."""

    op: Literal["and"]
    of: tuple["Condition", ...] = Field(min_length=2, max_length=MAX_CONDITIONS)


class Or(_Node):
    """One of these holds, or several."""

    op: Literal["or"]
    of: tuple["Condition", ...] = Field(min_length=2, max_length=MAX_CONDITIONS)


class Not(_Node):
    """This does not hold, while its camera sends pictures."""

    op: Literal["not"]
    of: "Condition"


class Then(_Node):
    """After `first`, the same camera sees `second`, in a later picture within `within_s` seconds."""

    op: Literal["then"]
    first: Seen | Many
    second: Seen | Many
    within_s: int = Field(ge=1, le=600)

    @model_validator(mode="after")
    def _of_one_camera(self) -> Self:
        if self.first.camera != self.second.camera:
            raise ValueError(
                "then is of one camera: an order across cameras would follow a machine from one to another"
            )
        return self


Leaf = Seen | Many | Absent
Condition = Annotated[Seen | Many | Absent | And | Or | Not | Then, Field(discriminator="op")]
And.model_rebuild()
Or.model_rebuild()
Not.model_rebuild()


class Composed(RuleParameters):
    """Conditions that hold together, at one camera or at one place."""

    label: ClassVar[str] = marked("Composed rule")

    kind: Literal["composed"]
    place_name: Label | None = None
    """Name of the place whose cameras the conditions name; None: each camera of the rule by itself."""
    when: Condition

    @model_validator(mode="before")
    @classmethod
    def _shallow(cls, said: object) -> object:
        if isinstance(said, dict):
            _check_depth(said.get("when"))
        return said

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        leaves = list(leaves_of(self.when))
        if len(leaves) > MAX_CONDITIONS:
            raise ValueError(f"a rule has {MAX_CONDITIONS} conditions at most: {len(leaves)} here")
        cameras = {leaf.camera for leaf, _ in leaves}
        if self.place_name and None in cameras:
            raise ValueError("each condition of a place names its camera")
        if not self.place_name and cameras != {None}:
            raise ValueError("conditions name cameras where the rule names a place: give place_name, or no camera")
        if len(cameras) > MAX_CAMERAS:
            raise ValueError(f"a place has {MAX_CAMERAS} cameras at most")
        if all(negated for _, negated in leaves):
            raise ValueError("a rule of negated conditions alone would never begin: add one that is seen")
        return self

    @property
    def is_drawn(self) -> bool:
        """True if a condition holds a drawn shape."""
        return any(
            isinstance(leaf, Many | Absent) or (isinstance(leaf, Seen) and leaf.what.is_drawn)
            for leaf, _ in leaves_of(self.when)
        )

    @property
    def cameras(self) -> tuple[str, ...]:
        """Cameras that the conditions name, each once, in their order."""
        return tuple(dict.fromkeys(leaf.camera for leaf, _ in leaves_of(self.when) if leaf.camera is not None))


RULE_KINDS: Final[Mapping[str, type[RuleParameters]]] = {**KINDS, "composed": Composed}
"""Every kind of a rule by its name, composed rules last."""
KIND_LABELS: Final = {name: parameters.label for name, parameters in RULE_KINDS.items()}
"""Name of each kind on the console's pages."""


def leaves_of(condition: "Condition", *, negated: bool = False) -> Iterator[tuple[Leaf, bool]]:
    """Yields each condition that looks at pictures, in order, and whether an odd number of *not* is above it."""
    match condition:
        case And(of=each) | Or(of=each):
            for one in each:
                yield from leaves_of(one, negated=negated)
        case Not(of=one):
            yield from leaves_of(one, negated=not negated)
        case Then(first=first, second=second):
            yield first, negated
            yield second, negated
        case _:
            yield condition, negated


def _check_depth(said: object) -> None:
    """Refuses a tree that is too deep, before it is read by recursion."""
    level, depth = [said], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"conditions are nested {MAX_DEPTH} levels deep at most")
        below: list[object] = []
        for each in level:
            if isinstance(each, dict) and each.get("op") in ("and", "or", "not"):  # what is sent may have no hash
                of = each.get("of")
                below += of if isinstance(of, list | tuple) else [of]
        level = [each for each in below if each is not None]
        if len(level) > MAX_CONDITIONS**2:
            raise ValueError(f"a rule has {MAX_CONDITIONS} conditions at most")
