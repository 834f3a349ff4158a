"""What rules look at: one row as the hint or the archive tells it, and what is wrong with a camera or a part."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from provisioning.contracts import ids
from provisioning.contracts.query.archive import Observation
from provisioning.contracts.wire.messages import Machine, Observed


@dataclass(frozen=True, slots=True)
class Times:
    """When a row passed each hop, milliseconds since the Unix epoch; `hops` says by whose clock. None: nobody said."""

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
    """A machine of the row that looks like what a case seeks, by the cluster's word."""

    case: str
    machine: Machine


@dataclass(frozen=True, slots=True)
class Seen:
    """One row. Boxes are in pixels of a picture of `width` × `height`; 0 × 0 where a cluster of before does not say.

    `people` is the count of this one picture. A rule compares it with its threshold, and it goes no further than that:
    no finding, record, view or log has a place for it (docs/boundary.md §4).
    """

    row_key: str
    agent_id: str
    camera_id: str
    width: int
    height: int
    machines: tuple[Machine, ...]
    """Found by the cluster's detector in the picture."""
    followed: tuple[Machine, ...]
    """Found and followed at the edge: each with its motion."""
    people: int
    trusted: bool
    """Whether the archive believes the capture time."""
    times: Times
    alike: Alike | None = None
    """Set when the row comes again, for the case that asked."""

    @property
    def place(self) -> str:
        """Agent and camera."""
        return f"{self.agent_id}/{self.camera_id}"


class FaultOf(StrEnum):
    """Whose fault it is."""

    CAMERA = "camera"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not work now.

    Attributes:
        code: a `DeviceState` of a camera; of the platform `agent` (one fell silent) or the name of a dependency.
        since_ms: tells one episode from the next.
        for_ms: how long the centre has seen it so, by its own clock.
        cause: the words of whoever found it.
    """

    of: FaultOf
    code: str
    agent_id: str
    camera_id: str
    since_ms: int
    cause: str
    for_ms: int = 0

    @property
    def place(self) -> str:
        """Agent and camera; of an agent and of a part without one, the code stands for it."""
        return f"{self.agent_id}/{self.camera_id}" if self.camera_id else f"{self.code}:{self.agent_id}"


def of_hint(observed: Observed) -> Iterator[Seen]:
    """Rows as they were hinted at. Whether their time is believed shows by the centre's own clock."""
    for item in observed.items:
        yield Seen(
            row_key=ids.row_key(observed.agent_id, item.observation_id),
            agent_id=observed.agent_id,
            camera_id=item.camera_id,
            width=item.width or 0,
            height=item.height or 0,
            machines=item.machines,
            followed=item.followed,
            people=item.people,
            trusted=True,
            times=Times(
                captured_at_ms=item.captured_at_ms,
                clock=item.clock or "",
                **(item.times.model_dump() if item.times else {}),
            ),
        )


def of_row(observation: Observation) -> Seen:
    """A row as the archive has it."""
    row = observation.snapshot
    return Seen(
        row_key=row.row_key,
        agent_id=row.agent_id,
        camera_id=row.camera_id,
        width=row.width,
        height=row.height,
        machines=tuple(Machine(cls=each.cls, score=each.score, box=each.box) for each in observation.machines),
        followed=row.followed,
        people=row.people,
        trusted=row.time_trusted,
        times=Times(
            captured_at_ms=row.captured_at_ms,
            clock=row.clock,
            received_at_ms=row.received_at_ms,
            committed_at_ms=row.committed_at_ms,
        ),
    )
