"""Asks the recorders of an approved case's cameras for footage, and reviews the machines that came of it."""

import asyncio

from center.access.permissions import CameraKey, Identity, Scope
from center.audit.log import locked
from center.cases.errors import BeyondCaseError
from center.cases.span_review import SpanReview
from center.cases.terms import CaseTerms
from center.cases.views import SpanReviewView
from center.cases.workflow import CaseWorkflow
from center.database.store import Store
from center.errors import UnknownCameraError
from center.tasks.errors import UnknownJobError
from center.tasks.job_views import JobList
from center.tasks.jobs import JobRequest, TaskJobs
from provisioning.contracts.fleet.commands import SpanWork


class RecorderRequests:
    """Orders jobs in cases. All but `review` block: call them from a worker thread.

    Raises (all methods):
        StoreUnavailableError: the database does not work; nothing was ordered.
        UnknownCaseError: there is no such case in sight.
    """

    def __init__(self, store: Store, book: CaseWorkflow, jobs: TaskJobs, review: SpanReview) -> None:
        self._store = store
        self._book = book
        self._jobs = jobs
        self._review = review

    def ask(
        self, number: str, cameras: tuple[CameraKey, ...], work: SpanWork, *, asker: Identity, sight: Scope
    ) -> JobList:
        """Orders the span of each camera; returns the jobs of the case.

        Raises:
            CaseNotApprovedError: the case is not approved.
            UnknownCameraError: no such camera in sight.
            BeyondCaseError: a camera or a part of the span is not of the case.
            CenterError: see `TaskJobs.begin`.
        """
        with self._store.transaction() as session:
            locked(session)
            record, area = self._book.approved(session, number, sight)
            terms = CaseTerms.model_validate_json(record.terms)
            unseen = next((camera for camera in cameras if not sight.holds(*camera)), None)
            if unseen is not None:
                raise UnknownCameraError(agent_id=unseen.agent_id, camera_id=unseen.camera_id)
            is_within = terms.from_ms <= work.span.started_at_ms and work.span.ended_at_ms <= terms.to_ms
            if not is_within or not area.issuperset(cameras):
                raise BeyondCaseError(number=number)
            request = JobRequest(cameras, work, terms.purpose, number)
            self._jobs.begin(request, asker=asker, sight=sight, session=session)
        self._jobs.follow()
        return self.jobs(number, asker=asker, sight=sight)

    def jobs(self, number: str, *, asker: Identity, sight: Scope) -> JobList:
        """Lists the jobs of the case, of cameras in sight."""
        with self._store.transaction() as session:
            self._book.seen(session, number, sight)
        return self._jobs.of_case(number, asker=asker, sight=sight)

    async def review(self, number: str, job_id: str, *, asker: Identity, sight: Scope) -> SpanReviewView:
        """Makes the machines of a job's camera and span the candidates of the case.

        Raises:
            UnknownJobError: the case has no such job in sight.
            CenterError: see `SpanReview.review`.
        """
        jobs = await asyncio.to_thread(self.jobs, number, asker=asker, sight=sight)
        job = next((each for each in jobs.items if each.id == job_id), None)
        if job is None or not isinstance(job.work, SpanWork):
            raise UnknownJobError(job_id=job_id)
        camera, span = CameraKey(job.agent_id, job.camera_id), job.work.span
        return await self._review.review(number, camera, span.started_at_ms, span.ended_at_ms, asker=asker, sight=sight)
