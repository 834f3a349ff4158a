"""Views of cases: machines, places and times, and the acts on the case."""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict

from center.cases.scoring import Score
from center.cases.states import Act, CaseState, now
from center.cases.tables import CaseEventRecord, CaseMachineRecord, CaseRecord
from center.cases.terms import CaseTerms
from provisioning.contracts.ids import AgentId, CameraId
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import Box, MachineClass, TimeMs


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True)


class MachineVerdict(StrEnum):
    """Verdict on a machine in a case."""

    SOUGHT = "sought"
    """The stolen machine itself: searches begin with it."""
    CANDIDATE = "candidate"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class CaseEventView(_Shown):
    """Act on a case, with actor, time and comment."""

    act: Act
    at_ms: TimeMs
    actor: str
    comment: str


class CaseView(_Shown):
    """One case. `state` is the present one: time expires a case."""

    number: str
    version: int
    terms: CaseTerms
    state: CaseState
    owner: str
    written_by: str
    requested_by: str | None
    approved_by: str | None
    approved_at_ms: int | None
    created_at_ms: int
    ended_at_ms: int | None
    deleted_at_ms: int | None
    """Time at which candidates, sightings and the places of pictures were deleted."""
    cameras: int
    """Cameras in its area now."""

    @classmethod
    def of(cls, record: CaseRecord, *, now_ms: int, cameras: int) -> Self:
        """Converts a record, with the present state."""
        return cls(
            number=record.number,
            version=record.version,
            terms=CaseTerms.model_validate_json(record.terms),
            state=now(CaseState(record.state), expires_at_ms=record.expires_at_ms, now_ms=now_ms),
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
    """One case with the acts on it, oldest first."""

    case: CaseView
    events: tuple[CaseEventView, ...]


class CaseList(_Shown):
    """List of cases, newest first."""

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
    """Score of a candidate with its factors: docs/cases.md explains them."""

    likeness: float
    rejected: float | None
    like: float
    colour: float
    reach: float
    total: float

    @classmethod
    def of(cls, score: Score) -> Self:
        """Rounds the factors to the digits that mean something."""
        return cls(
            likeness=round(score.likeness, 4),
            rejected=None if score.rejected is None else round(score.rejected, 4),
            like=round(score.like, 4),
            colour=score.colour,
            reach=round(score.reach, 4),
            total=round(score.total, 4),
        )


class JudgedMachine(_Shown):
    """A machine with the verdict on it."""

    machine: CaseMachine
    verdict: MachineVerdict
    score: ScoreView | None
    """None if no search brought it."""
    latitude: float | None = None
    longitude: float | None = None
    """Position of its camera; None if it is not known."""
    decided_by: str
    decided_at_ms: int

    @classmethod
    def of(cls, record: CaseMachineRecord) -> Self:
        """Converts a record, without the position."""
        return cls(
            machine=CaseMachine.model_validate_json(record.machine),
            verdict=MachineVerdict(record.verdict),
            score=ScoreView.model_validate_json(record.score) if record.score else None,
            decided_by=record.actor,
            decided_at_ms=record.at_ms,
        )


class MachineList(_Shown):
    """Machines of one case."""

    items: tuple[JudgedMachine, ...]


class Explained(_Shown):
    """Explanation of a search: its bounds and counts."""

    cameras: int
    cameras_out_of_sight: int
    """Cameras of the case's area that the caller may not see."""
    machines: int
    """Machines compared with: the sought one's pictures and confirmed sightings."""
    rejected: int
    """Rejected machines that lower what is like them."""
    questions: int
    days: int
    failed_days: tuple[str, ...]
    recall: float | None
    """Lowest recall that was measured on a day of the answer; None if every day was searched exactly."""
    found: int
    """Hits besides the sought machine's own pictures."""
    judged: int
    """Hits left out, since a user has confirmed or rejected them."""
    elsewhere: int
    """Hits left out, of cameras that were not asked about: 0 unless the cluster answered something else."""


class SearchView(_Shown):
    """Result of a search: candidates, best first."""

    items: tuple[JudgedMachine, ...]
    explained: Explained


class SpanReviewView(_Shown):
    """Machines that one camera saw in one span, as candidates of a case: by likeness, or by capture time."""

    items: tuple[JudgedMachine, ...]
    left_out: int
    """Machines beyond the bound of one review; they come with the next one, once these are decided."""


class WindowView(_Shown):
    """A camera and the time of footage to ask it for."""

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
    """Footage windows, best first."""

    items: tuple[WindowView, ...]
    without_place: int
    """Cameras of the area without coordinates."""


class PictureView(_Shown):
    """A place for a picture: brought to the desk agent, the picture becomes this observation."""

    row_key: str
    camera_id: str
    started_at_ms: int
    command: str
    """To be run where the picture is; FILE is the picture."""
    arrived: bool
    certificate_sha256: str | None
    """Hash of the desk agent's certificate that its signature was checked by; None until a machine of it is sought."""
    machines: tuple[CaseMachine, ...]
    """Machines found in the picture, to choose the sought one from."""


class PictureList(_Shown):
    """Places for pictures of a case, newest first."""

    items: tuple[PictureView, ...]


def event(record: CaseEventRecord) -> CaseEventView:
    """Converts a record of an act."""
    return CaseEventView(act=Act(record.act), at_ms=record.at_ms, actor=record.actor, comment=record.comment)
