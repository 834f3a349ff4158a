"""Asks recorders for footage of a case, and shows what was asked for: its tasks, and their pictures to look through."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from nicegui import ui

from center.access.permissions import NOWHERE, CameraKey, Identity, Permission, Scope
from center.cases.states import CaseState
from center.cases.views import CaseView, SpanReviewView, WindowView
from center.console.frame import problem
from center.console.jobs.board import JobBoard
from center.console.jobs.dialog import HOUR_MS, JobChoices, JobDialog, JobDraft
from center.console.language import Language
from center.console.widgets.markup import words
from center.errors import CenterError, StoreUnavailableError
from center.services import Services
from center.tasks.job_views import JobList, JobView
from provisioning.contracts.config.camera import RecordedSpan
from provisioning.contracts.fleet.commands import SpanWork

REFRESH_S: Final = 2.0


class RecorderPanel:
    """Draws at its place of construction; `load` reads cameras and tasks."""

    def __init__(
        self,
        services: Services,
        _: Language,
        *,
        case: CaseView,
        identity: Identity,
        sight: Scope,
        settled: Callable[[], Awaitable[None]],
        reviewed: Callable[[SpanReviewView], Awaitable[None]],
    ) -> None:
        """`settled` returns once what was decided is written; `reviewed` gets a task's undecided candidates."""
        self._services = services
        self._ = _
        self._case = case
        self._identity = identity
        self._sight = sight
        self._settled, self._reviewed = settled, reviewed
        self._starts = NOWHERE
        access, number = identity.access, case.number
        in_force = case.state is CaseState.APPROVED
        if in_force:
            self._starts = access.scope(Permission.TASK_START, case_id=number)
        searches = in_force and access.permits(Permission.OBSERVATION_SEARCH, case_id=number)
        self._recorded: dict[CameraKey, str] = {}
        with ui.element("div").classes("ws-panel") as self.panel:
            words("h2", _("Requested recordings")).classes("ws-section")
            with ui.element("div").classes("ws-case-timeline"):
                self._trouble = ui.element("div")
                self._offer = ui.element("div").classes("ws-acts ws-acts-left")
                review = self._look_through if searches else None
                self._board = JobBoard(services, _, identity, names_case=False, review=review)
        self.panel.set_visibility(False)
        ui.timer(REFRESH_S, self.refresh, immediate=False)

    async def load(self) -> None:
        """Reads the cameras of the case that have a recorder, then the tasks."""
        area = frozenset[CameraKey]()
        if self._starts != NOWHERE:
            try:
                area = await asyncio.to_thread(
                    self._services.cases.case_machines.area, self._case.number, sight=self._starts
                )
            except CenterError as error:
                self._say(error)
        cameras = self._services.devices.cameras(Scope(cameras=area))
        self._recorded = {CameraKey(each.agent_id, each.camera_id): each.title for each in cameras if each.has_recorder}
        self._offer.clear()
        if area:
            with self._offer:
                ui.button(self._("Ask the recorder"), icon="video_library", color=None, on_click=self._ask_any).props(
                    "flat dense no-caps"
                )
            self.panel.set_visibility(True)
        await self.refresh()

    def has_recorder(self, window: WindowView) -> bool:
        """True if the recorder of a window's camera can be asked by this user."""
        return CameraKey(window.agent_id, window.camera_id) in self._recorded

    def ask(self, window: WindowView) -> None:
        """Opens the dialog with the camera and span of a window."""
        self._open(window.from_ms, window.to_ms, (CameraKey(window.agent_id, window.camera_id),))

    async def refresh(self) -> None:
        """Draws the tasks as they are now."""
        try:
            jobs = await asyncio.to_thread(
                self._services.jobs.of_case, self._case.number, asker=self._identity, sight=self._sight
            )
        except StoreUnavailableError:  # the banner says it
            return
        self._show(jobs)

    def _show(self, jobs: JobList) -> None:
        if jobs.items:
            self.panel.set_visibility(True)
        self._board.show(jobs)

    def _ask_any(self) -> None:
        theft, now_ms = self._case.terms.theft, self._services.now_ms()
        from_ms = self._case.terms.from_ms if theft is None else theft.at_ms
        from_ms = min(from_ms, now_ms - HOUR_MS)
        self._open(from_ms, from_ms + HOUR_MS, ())

    def _open(self, from_ms: int, to_ms: int, chosen: tuple[CameraKey, ...]) -> None:
        begin, end = self._within(from_ms, to_ms)
        choices = JobChoices(self._recorded, None, begin, end, chosen, purpose=None)
        JobDialog(
            self._,
            self._("Ask the recorder"),
            choices,
            now_ms=self._services.now_ms,
            order=self._order,
            done=self._ordered,
        )

    def _order(self, draft: JobDraft) -> JobList:
        """Orders the span of the draft, as far as it is of the case: the fields know no seconds."""
        assert isinstance(draft.work, SpanWork)  # noqa: S101 - narrows the type: no other kind is offered
        span = draft.work.span
        begin, end = self._within(span.started_at_ms, span.ended_at_ms)
        work = SpanWork(span=RecordedSpan(started_at_ms=begin, ended_at_ms=end)) if begin < end else draft.work
        return self._services.cases.recorders.ask(
            self._case.number, draft.cameras, work, asker=self._identity, sight=self._starts
        )

    def _within(self, from_ms: int, to_ms: int) -> tuple[int, int]:
        terms = self._case.terms
        return max(from_ms, terms.from_ms), min(to_ms, terms.to_ms, self._services.now_ms())

    async def _ordered(self, jobs: JobList) -> None:
        self._trouble.clear()
        self._show(jobs)

    async def _look_through(self, job: JobView) -> None:
        sight = self._identity.access.scope(Permission.OBSERVATION_SEARCH, case_id=self._case.number)
        await self._settled()
        try:
            found = await self._services.cases.recorders.review(
                self._case.number, job.id, asker=self._identity, sight=sight
            )
        except CenterError as error:
            self._say(error)
            return
        self._trouble.clear()
        await self._reviewed(found)

    def _say(self, error: CenterError) -> None:
        self._trouble.clear()
        with self._trouble:
            problem(error, self._)
