"""What is shown of cases: machines, places and times, and who did what to the case."""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict

from center.cases.scoring import Score
from center.cases.states import Act, State, now
from center.cases.tables import CaseEventRecord, CaseMachineRecord, CaseRecord
from center.cases.terms import Terms
from provisioning.contracts.ids import AgentId, CameraId
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import Box, MachineClass, TimeMs


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True)


class Verdict(StrEnum):
    """What a machine is to a case."""

    SOUGHT = "sought"
    """It is the machine: searches begin with it."""
    CANDIDATE = "candidate"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class EventView(_Shown):
    """Something that was done to a case."""

    act: Act
    at_ms: TimeMs
    actor: str
    comment: str


class CaseView(_Shown):
    """One case. `state` is what it is now: time expires it."""

    number: str
    version: int
    terms: Terms
    state: State
    owner: str
    written_by: str
    requested_by: str | None
    approved_by: str | None
    approved_at_ms: int | None
    created_at_ms: int
    ended_at_ms: int | None
    deleted_at_ms: int | None
    """When candidates, sightings and the places of pictures were deleted."""
    cameras: int
    """In its area now."""

    @classmethod
    def of(cls, record: CaseRecord, *, now_ms: int, cameras: int) -> Self:
        """As it is now."""
        return cls(
            number=record.number,
            version=record.version,
            terms=Terms.model_validate_json(record.terms),
            state=now(State(record.state), expires_at_ms=record.expires_at_ms, now_ms=now_ms),
            owner=record.owner,
            written_by=record.written_by,
            requested_by=record.requested_by,
            approved_by=record.approved_by,
            approved_at_ms=record.approved_at_ms,
            created_at_ms=record.created_at_ms,
            ended_at_ms=record.ended_at_ms,
            deleted_at_ms=record.deleted_at_ms,
            cameras=cameras,
        )


class CaseDetail(_Shown):
    """One case with what was done to it, oldest first."""

    case: CaseView
    events: tuple[EventView, ...]


class CaseList(_Shown):
    """Newest first."""

    items: tuple[CaseView, ...]


class CaseMachine(_Shown):
    """A machine of an archived observation; `box` is in pixels of its picture."""

    row_key: str
    index: int
    agent_id: AgentId
    camera_id: CameraId
    captured_at_ms: TimeMs
    cls: MachineClass
    colour: MachineColour | None
    box: Box


class ScoreView(_Shown):
    """Why a candidate stands where it stands: see docs/cases.md."""

    likeness: float
    rejected: float | None
    like: float
    colour: float
    reach: float
    total: float

    @classmethod
    def of(cls, score: Score) -> Self:
        """Rounded as far as it means something."""
        return cls(
            likeness=round(score.likeness, 4),
            rejected=None if score.rejected is None else round(score.rejected, 4),
            like=round(score.like, 4),
            colour=score.colour,
            reach=round(score.reach, 4),
            total=round(score.total, 4),
        )


class JudgedMachine(_Shown):
    """A machine and what it is to the case."""

    machine: CaseMachine
    verdict: Verdict
    score: ScoreView | None
    """None where no search brought it."""
    latitude: float | None = None
    longitude: float | None = None
    """Of its camera; None where nobody said."""
    decided_by: str
    decided_at_ms: int

    @classmethod
    def of(cls, record: CaseMachineRecord) -> Self:
        """Without its place."""
        return cls(
            machine=CaseMachine.model_validate_json(record.machine),
            verdict=Verdict(record.verdict),
            score=ScoreView.model_validate_json(record.score) if record.score else None,
            decided_by=record.actor,
            decided_at_ms=record.at_ms,
        )


class MachineList(_Shown):
    """Machines of one case."""

    items: tuple[JudgedMachine, ...]


class Explained(_Shown):
    """How a search was made."""

    cameras: int
    cameras_out_of_sight: int
    """Of the case's area, that whoever asked may not see."""
    machines: int
    """That were compared with: the sought one's pictures and confirmed sightings."""
    rejected: int
    """That lower what is like them."""
    questions: int
    days: int
    failed_days: tuple[str, ...]
    recall: float | None
    """Lowest that was measured on a day of the answer; None where every day was searched exactly."""
    found: int
    judged: int
    """Of them, left out since somebody has decided on them."""
    elsewhere: int
    """Left out: of a camera that was not asked about; nought, unless the cluster answered something else."""


class SearchView(_Shown):
    """Candidates, best first."""

    items: tuple[JudgedMachine, ...]
    explained: Explained


class WindowView(_Shown):
    """Ask this camera for its footage of this time."""

    agent_id: str
    camera_id: str
    latitude: float
    longitude: float
    from_ms: int
    to_ms: int
    distance_m: int
    because: tuple[str, ...]
    """Row keys of the sightings next to it; an empty one is the theft."""


class WindowList(_Shown):
    """Best first."""

    items: tuple[WindowView, ...]
    without_place: int
    """Cameras of the area that nobody has given coordinates."""


class PictureView(_Shown):
    """A place for a picture: bring it to the desk agent, and it becomes this observation."""

    row_key: str
    camera_id: str
    started_at_ms: int
    command: str
    """To be run where the picture is; FILE is the picture."""
    arrived: bool
    certificate_sha256: str | None
    """Of the desk agent's certificate by which its signature was checked; None until a machine of it is sought."""
    machines: tuple[CaseMachine, ...]
    """What was found in it: choose one."""


class PictureList(_Shown):
    """Newest first."""

    items: tuple[PictureView, ...]


def event(record: CaseEventRecord) -> EventView:
    """As it is shown."""
    return EventView(act=Act(record.act), at_ms=record.at_ms, actor=record.actor, comment=record.comment)
