"""Draws jobs, a block each: state with a bar, what was found, causes with remedies, and buttons for orders."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from nicegui import ui

from center.access.permissions import Identity, Permission
from center.console import labels
from center.console.attempt import attempt
from center.console.frame import case_path
from center.console.language import Language
from center.console.redrawn import Redrawn
from center.console.widgets import moments
from center.console.widgets.markup import labelled, moment, words
from center.console.widgets.table import state
from center.services import Services
from center.tasks.job_views import JobList, JobView, TaskJobPhase
from center.tasks.views import OrderState
from provisioning.contracts.fleet.commands import LiveWork, Priority, SpanWork, Verb

_STEERED: Final = {
    TaskJobPhase.ORDERED: (Verb.CANCEL,),
    TaskJobPhase.WAITING: (Verb.PAUSE, Verb.CANCEL),
    TaskJobPhase.RUNNING: (Verb.PAUSE, Verb.CANCEL),
    TaskJobPhase.PAUSED: (Verb.RESUME, Verb.CANCEL),
}
"""Orders that are offered in a phase, besides the priority of what the agent has."""
LookThrough = Callable[[JobView], Awaitable[None]]


class JobBoard:
    """Draws at its place of construction. `show` draws again what has changed: a button in use keeps the focus."""

    def __init__(
        self,
        services: Services,
        _: Language,
        identity: Identity,
        *,
        names_case: bool,
        review: LookThrough | None = None,
    ) -> None:
        """`review`: looks through the pictures of a job; None where that is not offered."""
        self._services = services
        self._ = _
        self._identity = identity
        self._names_case = names_case
        self._review = review
        self._rows: dict[str, _Row] = {}
        self._order: tuple[str, ...] = ()
        self._trouble = ui.element("div")
        self._list = ui.element("ul").classes("ws-jobs")

    def show(self, jobs: JobList) -> None:
        """Draws the jobs as they are now."""
        order = tuple(job.id for job in jobs.items)
        if order != self._order:
            self._order = order
            self._list.clear()
            with self._list:
                self._rows = {job.id: _Row(self._, self._names_case) for job in jobs.items}
        for job in jobs.items:
            self._rows[job.id].show(job, self._acts(job))

    def _acts(self, job: JobView) -> tuple["_Act", ...]:
        _ = self._
        acts: list[_Act] = []
        if self._review is not None and job.pictures and isinstance(job.work, SpanWork):
            acts.append(_Act(_("Look through"), partial(self._review, job)))
        if not self._identity.access.scope(Permission.TASK_STEER, case_id=job.case).holds(job.agent_id, job.camera_id):
            return tuple(acts)
        if job.phase in _STEERED and job.phase is not TaskJobPhase.ORDERED:
            acts += [
                _Act(
                    _(labels.PRIORITIES[each]), self._telling(job, Verb.PRIORITY, each), is_chosen=each is job.priority
                )
                for each in Priority
            ]
        is_cancelling = job.order.verb is Verb.CANCEL and job.order.state is not OrderState.REFUSED
        for verb in _STEERED.get(job.phase, ()):
            if not (verb is Verb.CANCEL and is_cancelling):
                acts.append(_Act(_(labels.ORDER_VERBS[verb]), self._telling(job, verb)))
        return tuple(acts)

    def _telling(self, job: JobView, verb: Verb, priority: Priority | None = None) -> Callable[[], Awaitable[None]]:
        async def tell() -> None:
            ask = partial(self._services.jobs.order, job.id, verb, asker=self._identity, priority=priority)
            told = await attempt(self._trouble, self._, ask)
            if told is not None and job.id in self._rows:
                self._rows[job.id].show(told, self._acts(told))

        return tell


class _Act:
    """A button of a job; two are alike if they look alike."""

    def __init__(self, text: str, do: Callable[[], Awaitable[None]], *, is_chosen: bool | None = None) -> None:
        self.text = text
        self.do = do
        self.is_chosen = is_chosen

    @property
    def look(self) -> tuple[str, bool | None]:
        """Returns text and state of the button."""
        return self.text, self.is_chosen


class _Row:
    """The block of one job."""

    def __init__(self, _: Language, names_case: bool) -> None:
        self._ = _
        self._names_case = names_case
        self._has_facts = False
        self._now: tuple[_Act, ...] = ()
        with ui.element("li").classes("ws-job"):
            self._facts = ui.element("div").classes("ws-job-facts")
            self._state = Redrawn(ui.element("div").classes("ws-job-state"), self._draw_state)
            self._buttons = Redrawn(ui.element("div").classes("ws-orders"), self._draw_buttons)

    def show(self, job: JobView, acts: tuple[_Act, ...]) -> None:
        """Draws the parts of the block that have changed."""
        if not self._has_facts:
            self._has_facts = True
            with self._facts:
                self._draw_facts(job)
        self._state.show(job)
        self._now = acts
        self._buttons.show(job.name or job.camera_id, tuple(act.look for act in acts))

    def _draw_buttons(self, name: str, looks: Sequence[tuple[str, bool | None]]) -> None:
        for place, (text, is_chosen) in enumerate(looks):
            self._button(name, place, text, is_chosen=is_chosen)

    def _button(self, name: str, place: int, text: str, *, is_chosen: bool | None) -> None:
        async def press() -> None:
            await self._now[place].do()

        button = ui.button(text, color=None, on_click=press).props("flat dense no-caps")
        button.props["aria-label"] = self._.named(text, name)
        if is_chosen is not None:
            button.props["aria-pressed"] = "true" if is_chosen else "false"
        if is_chosen:
            button.classes("ws-chosen")

    def _draw_facts(self, job: JobView) -> None:
        _ = self._
        words("div", job.name or job.camera_id).classes("ws-name")
        with ui.element("div"):
            match job.work:
                case SpanWork(span=span):
                    words("span", _("Recording") + " ")
                    moment(moments.local(span.started_at_ms), moments.utc(span.started_at_ms))
                    words("span", " – ")
                    moment(moments.local(span.ended_at_ms), moments.utc(span.ended_at_ms))
                case LiveWork() as live:
                    text = _("Live stream, up to {count} pictures/s, until")
                    words("span", text.format(count=labels.number(live.max_per_second)) + " ")
                    moment(moments.local(live.until_ms), moments.utc(live.until_ms))
        with ui.element("div").classes("ws-sub"):
            if self._names_case and job.case is not None:
                ui.link(job.case, case_path(job.case))
                words("span", " · ")
            if self._names_case:
                words("span", (job.purpose or _("Purpose in a case that you cannot see")) + " · ")
            words("span", _("requested by {name}").format(name=job.asked_by) + " ")
            moment(moments.local(job.asked_at_ms), moments.utc(job.asked_at_ms))
            words("span", f" · {job.agent_id}")

    def _draw_state(self, job: JobView) -> None:
        _ = self._
        tone, text = labels.JOB_PHASES[job.phase]
        with ui.element("div").classes("ws-job-line"):
            state(tone, _(text))
            if job.share is not None:
                words("span", f"{job.share:.0%}").classes("ws-number")
        if job.share is not None and not job.phase.has_ended:
            bar = labelled("div", _("Progress")).classes("ws-progress").props('role="progressbar"')
            bar.props["aria-valuemin"], bar.props["aria-valuemax"] = "0", "100"
            bar.props["aria-valuenow"] = f"{job.share * 100:.0f}"
            with bar:
                words("span", "").style(f"width: {job.share * 100:.1f}%")
        if figures := self._figures(job):
            words("div", figures).classes("ws-sub")
        if job.reached_ms is not None and not job.phase.has_ended:
            with ui.element("div").classes("ws-sub"):
                words("span", _("processed up to") + " ")
                moment(moments.local(job.reached_ms), moments.utc(job.reached_ms))
        for line in self._whys(job):
            words("div", line).classes("ws-sub")

    def _figures(self, job: JobView) -> str:
        _ = self._
        if job.begun_at_ms is None:
            return ""
        said = [_("{count} pictures found").format(count=labels.number(job.pictures))]
        if job.dropped:
            said.append(_("{count} of them not kept").format(count=labels.number(job.dropped)))
        if job.speed is not None:
            said.append(_("{speed} × real time").format(speed=labels.number(job.speed)))
        return " · ".join(said)

    def _whys(self, job: JobView) -> list[str]:
        """Writes why a job is as it is, and what became of the newest order."""
        _, order = self._, job.order
        said = [labels.reported("", job.reason, job.cause, _)] if job.cause else []
        if job.phase in labels.JOB_ENDS:
            said.append(_(labels.JOB_ENDS[job.phase]))
        if job.phase.has_ended or order.state is OrderState.TAKEN:
            return said
        if order.verb is not Verb.START:
            _tone, text = labels.ORDER_STATES[order.state]
            what = labels.ORDER_VERBS[order.verb] if order.priority is None else labels.PRIORITIES[order.priority]
            said.append(_.named(_(text), _(what)))
        if order.hold is not None:
            said.append(_(labels.JOB_HOLDS[order.hold]).format(agent_id=job.agent_id))
        if order.cause and order.cause != job.cause:
            said.append(labels.reported("", order.reason, order.cause, _))
        return said
