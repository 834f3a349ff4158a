"""Routes of jobs: a span of a recorder or a live stream more often, ordered of agents, for itself or in a case."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from center.access.permissions import CameraKey, Permission
from center.access.route_permissions import needs
from center.api.cases import CaseId
from center.api.errors import QUERY_ERRORS, documented
from center.api.pipeline import PriorityOrder
from center.cases.errors import (
    BeyondCaseError,
    CaseNotApprovedError,
    CaseTermsError,
    TooManyQuestionsError,
    UnknownCaseError,
)
from center.cases.terms import Purpose, Source
from center.cases.views import SpanReviewView
from center.errors import NotComparableError, QueryRefusedError, TooManyCamerasError, UnknownCameraError
from center.services import Asker, Served, Sight
from center.tasks import errors as refusals
from center.tasks.job_views import JobList, JobView
from center.tasks.jobs import JobRequest
from provisioning.contracts.config.camera import RecordedSpan
from provisioning.contracts.fleet.commands import (
    JOB_PATTERN,
    MAX_LIVE_MS,
    MAX_OPEN_JOBS,
    LiveWork,
    SpanWork,
    Verb,
)

router = APIRouter(tags=["jobs"])

JobId = Annotated[str, Path(pattern=JOB_PATTERN)]
Cameras = Annotated[tuple[Source, ...], Field(min_length=1, max_length=MAX_OPEN_JOBS)]
"""Cameras as `agent/camera`; each becomes a job of its own."""
_STEER: Final = needs(Permission.TASK_STEER)
_START: Final = needs(Permission.TASK_START)
_BEGUN: Final = (
    UnknownCameraError,
    refusals.TasksOffError,
    refusals.StartNotAuthorisedError,
    refusals.NoRecorderError,
    refusals.TooManyJobsError,
    refusals.SpanAheadError,
    refusals.SpanTooLongError,
)
_ORDERED: Final = documented(refusals.UnknownJobError, refusals.JobStateError, refusals.TasksOffError)


class _Span(RecordedSpan):
    """A span of recordings, to be fetched from the camera's recorder."""

    speed: int | None = Field(default=None, ge=1, le=16)
    """Multiple of real time to ask the recorder for; null: as the agent is configured."""

    def work(self) -> SpanWork:
        span = RecordedSpan(started_at_ms=self.started_at_ms, ended_at_ms=self.ended_at_ms)
        return SpanWork(span=span, speed=self.speed)


class SpanRequest(_Span):
    """A span of recordings, to be fetched from the recorder."""

    kind: Literal["span"]


class LiveRequest(BaseModel):
    """A live stream that is to be analysed more often for a while, from now."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["live"]
    minutes: int = Field(ge=1, le=MAX_LIVE_MS // 60_000)
    max_per_second: float = Field(gt=0, le=25, allow_inf_nan=False)
    """Pictures a second that may be chosen, where the camera's own limit is lower."""


class NewJobs(BaseModel):
    """One job for each of the cameras."""

    model_config = ConfigDict(extra="forbid")

    cameras: Cameras
    work: Annotated[SpanRequest | LiveRequest, Field(discriminator="kind")]
    purpose: Purpose


class RecorderRequest(_Span):
    """The cameras of a case whose recorders are asked, and the span."""

    cameras: Cameras


@router.get("/jobs", operation_id="list_jobs", openapi_extra=needs(Permission.CAMERA_VIEW))
def list_jobs(services: Served, asker: Asker, sight: Sight) -> JobList:
    """List jobs of cameras that the account may see: those that have not ended, then the newest 200 of the others."""
    return services.jobs.jobs(asker, sight)


@router.post(
    "/jobs",
    operation_id="begin_jobs",
    status_code=201,
    openapi_extra=_START,
    responses=documented(*_BEGUN, refusals.NoLiveStreamError, refusals.LiveTooLongError),
)
def begin_jobs(body: NewJobs, services: Served, asker: Asker) -> JobList:
    """Order a span of recordings, or a live stream more often. An order is sent again until its agent answers it."""
    work = body.work
    if isinstance(work, LiveRequest):
        until_ms = services.now_ms() + work.minutes * 60_000
        ordered: SpanWork | LiveWork = LiveWork(until_ms=until_ms, max_per_second=work.max_per_second)
    else:
        ordered = work.work()
    request = JobRequest(_keys(body.cameras), ordered, body.purpose)
    return services.jobs.begin_now(request, asker=asker)


@router.post("/jobs/{job_id}/pause", operation_id="pause_job", openapi_extra=_STEER, responses=_ORDERED)
def pause_job(job_id: JobId, services: Served, asker: Asker) -> JobView:
    """Pause a job; nothing of it is lost."""
    return services.jobs.order(job_id, Verb.PAUSE, asker=asker)


@router.post("/jobs/{job_id}/resume", operation_id="resume_job", openapi_extra=_STEER, responses=_ORDERED)
def resume_job(job_id: JobId, services: Served, asker: Asker) -> JobView:
    """Resume a paused job."""
    return services.jobs.order(job_id, Verb.RESUME, asker=asker)


@router.post("/jobs/{job_id}/cancel", operation_id="cancel_job", openapi_extra=_STEER, responses=_ORDERED)
def cancel_job(job_id: JobId, services: Served, asker: Asker) -> JobView:
    """End a job; what it has found stays."""
    return services.jobs.order(job_id, Verb.CANCEL, asker=asker)


@router.put("/jobs/{job_id}/priority", operation_id="order_job", openapi_extra=_STEER, responses=_ORDERED)
def order_job(job_id: JobId, body: PriorityOrder, services: Served, asker: Asker) -> JobView:
    """Put a job before or after the other recordings of its agent; never before a live camera."""
    return services.jobs.order(job_id, Verb.PRIORITY, priority=body.priority, asker=asker)


@router.get(
    "/cases/{case_id}/jobs",
    operation_id="list_case_jobs",
    openapi_extra=needs(Permission.CASE_VIEW),
    responses=documented(UnknownCaseError),
)
def list_case_jobs(case_id: CaseId, services: Served, asker: Asker, sight: Sight) -> JobList:
    """List the jobs of a case."""
    return services.cases.recorders.jobs(case_id, asker=asker, sight=sight)


@router.post(
    "/cases/{case_id}/jobs",
    operation_id="ask_recorder",
    status_code=201,
    openapi_extra=_START,
    responses=documented(UnknownCaseError, CaseNotApprovedError, BeyondCaseError, *_BEGUN),
)
def ask_recorder(case_id: CaseId, body: RecorderRequest, services: Served, asker: Asker, sight: Sight) -> JobList:
    """Order a span of recordings of cameras of an approved case. When the approval ends, its jobs are cancelled."""
    return services.cases.recorders.ask(case_id, _keys(body.cameras), body.work(), asker=asker, sight=sight)


@router.post(
    "/cases/{case_id}/jobs/{job_id}/candidates",
    operation_id="review_job",
    openapi_extra=needs(Permission.OBSERVATION_SEARCH),
    responses=documented(
        UnknownCaseError,
        refusals.UnknownJobError,
        CaseNotApprovedError,
        CaseTermsError,
        TooManyQuestionsError,
        TooManyCamerasError,
        NotComparableError,
        QueryRefusedError,
        *QUERY_ERRORS,
    ),
)
async def review_job(case_id: CaseId, job_id: JobId, services: Served, asker: Asker, sight: Sight) -> SpanReviewView:
    """Make the machines of a job's camera and span the candidates: by likeness, or by time if none is sought yet."""
    return await services.cases.recorders.review(case_id, job_id, asker=asker, sight=sight)


def _keys(sources: tuple[str, ...]) -> tuple[CameraKey, ...]:
    return tuple(dict.fromkeys(CameraKey(*source.split("/", 1)) for source in sources))
