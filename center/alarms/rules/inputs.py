"""Inputs of rules: a row as its hint or the archive reports it, and a fault of a camera or a part."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from provisioning.contracts import ids
from provisioning.contracts.query.archive import Observation
from provisioning.contracts.wire.messages import CodedCause, Machine, Observed


@dataclass(frozen=True, slots=True)
class RowTimes:
    """Times at which a row passed each hop, milliseconds since the Unix epoch, by the clocks of `latency.ENDS`.

    None: not reported.
    """

    captured_at_ms: int
    clock: str
    """A `ClockQuality` of the capture time, or empty."""
    selected_at_ms: int | None = None
    redacted_at_ms: int | None = None
    spooled_at_ms: int | None = None
    published_at_ms: int | None = None
    received_at_ms: int | None = None
    parsed_at_ms: int | None = None
    committed_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Alike:
    """A machine of the row that the cluster found to look like the one that a case seeks."""

    case: str
    machine: Machine


@dataclass(frozen=True, slots=True)
class SeenRow:
    """A row to evaluate. Boxes are in pixels of a picture of `width` × `height`; 0 × 0 if an older cluster omits it.

    `people` is the count of this one picture. A rule compares it with its threshold, and it goes no further than that:
    no finding, record, view or log has a place for it (docs/boundary.md §4).
    """

    row_key: str
    agent_id: str
    camera_id: str
    width: int
    height: int
    machines: tuple[Machine, ...]
    """Found in the picture, by the agent or by the cluster's detector."""
    followed: tuple[Machine, ...]
    """Found and followed at the edge: each with its motion."""
    people: int
    trusted: bool
    """True if the archive believes the capture time."""
    times: RowTimes
    alike: Alike | None = None
    """Set when the row comes again, for the case that asked."""

    @property
    def place(self) -> str:
        """`AGENT/CAMERA`, by which the windows of alarms are counted."""
        return f"{self.agent_id}/{self.camera_id}"


class FaultOf(StrEnum):
    """Origin of a fault: a camera, or the platform around the cameras."""

    CAMERA = "camera"
    PLATFORM = "platform"


class PartFault(NamedTuple):
    """Fault of a part of the platform. `is_warning`: the part works but needs attention."""

    cause: str
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that lasts now.

    Attributes:
        code: a `DeviceState` of a camera; of the platform `agent` (one fell silent) or the name of a dependency.
        since_ms: tells one episode from the next.
        for_ms: how long the centre has seen it so, by its own clock.
        cause: in the words of the part that found it.
        is_warning: the part works but needs attention.
        reason: the same for the reader's language, where an agent coded it.
    """

    of: FaultOf
    code: str
    agent_id: str
    camera_id: str
    since_ms: int
    cause: str
    for_ms: int = 0
    is_warning: bool = False
    reason: CodedCause | None = None

    @property
    def place(self) -> str:
        """`AGENT/CAMERA`; of an agent, or a part without one, `CODE:AGENT`."""
        return f"{self.agent_id}/{self.camera_id}" if self.camera_id else f"{self.code}:{self.agent_id}"


def of_hint(observed: Observed) -> Iterator[SeenRow]:
    """Yields the rows of a hint, their times marked as trusted: `lifecycle.delay` checks them by the centre's clock."""
    for item in observed.items:
        yield SeenRow(
            row_key=ids.row_key(observed.agent_id, item.observation_id),
            agent_id=observed.agent_id,
            camera_id=item.camera_id,
            width=item.width or 0,
            height=item.height or 0,
            machines=item.machines,
            followed=item.followed,
            people=item.people,
            trusted=True,
            times=RowTimes(
                captured_at_ms=item.captured_at_ms,
                clock=item.clock or "",
                **(item.times.model_dump() if item.times else {}),
            ),
        )


def of_row(observation: Observation) -> SeenRow:
    """Converts a row of the archive."""
    row = observation.snapshot
    return SeenRow(
        row_key=row.row_key,
        agent_id=row.agent_id,
        camera_id=row.camera_id,
        width=row.width,
        height=row.height,
        machines=tuple(Machine(cls=each.cls, score=each.score, box=each.box) for each in observation.machines),
        followed=row.followed,
        people=row.people,
        trusted=row.time_trusted,
        times=RowTimes(
            captured_at_ms=row.captured_at_ms,
            clock=row.clock,
            received_at_ms=row.received_at_ms,
            committed_at_ms=row.committed_at_ms,
        ),
    )
