"""Draws parse tasks (解析中心): live cameras, recordings, offline files; agent and progress of each, and what waits."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import NOWHERE, CameraKey, Permission, Scope
from center.console import labels
from center.console.attempt import attempt
from center.console.frame import empty, frame
from center.console.jobs.board import JobBoard
from center.console.jobs.dialog import HOUR_MS, JobChoices, JobDialog, JobDraft
from center.console.language import Language
from center.console.system import upload
from center.console.widgets import moments
from center.console.widgets.markup import moment, words
from center.console.widgets.table import state
from center.errors import StoreUnavailableError, marked
from center.services import identity_of, services_of, sight_of
from center.tasks.job_views import JobList
from center.tasks.jobs import JobRequest
from center.tasks.views import (
    Lane,
    OrderState,
    RecordingProgress,
    TaskList,
    TaskOrderView,
    TaskState,
    TaskView,
    has_live_stream,
    tasks,
)
from provisioning.contracts.fleet.commands import Priority, Verb

TITLE: Final = marked("Parse tasks")
REFRESH_S: Final = 1.0
SHOWN: Final = 200
"""Rows of the table; the API has all of them."""
DEPLOYMENTS: Final = {
    "parser": marked("parsing"),
    "canary": marked("second check"),
    "embedder": marked("feature extraction"),
    "archiver": marked("awaiting commit"),
}


def parse_tasks(request: Request) -> None:
    """Draws the page `/tasks`."""
    with frame(request, title=TITLE, active="/tasks") as _:
        jobs = _Jobs(request, _)
        orders = services_of(request).task_orders
        steers = identity_of(request).access.scope(Permission.TASK_STEER) if orders.is_on else NOWHERE
        table = _Tasks(request, _, steers)
        with ui.element("details").classes("ws-panel ws-more"):
            words("summary", _("Commands for tasks"))
            with ui.element("dl").classes("ws-facts"):
                for what, how in (
                    (
                        _("Fetch recordings, or analyse a live stream more often"),
                        _("Choose New task. It is sent to the agent again until the agent answers."),
                    ),
                    (_("Import a recording"), "wayside-edge ingest FILE --camera ID --started-at TIME"),
                    (
                        _("Stop a running import"),
                        _("End the command. When you run it again, it continues where it stopped."),
                    ),
                    (
                        _("Pause a task or change its priority"),
                        _("Use the buttons in the table, if the centre has a task key."),
                    ),
                    (_("Remove a live camera"), "wayside-provision cameras remove AGENT CAMERA"),
                    (_("Add it again"), "wayside-provision cameras import AGENT FILE"),
                    (_("Resume after a pause by the second check"), "wayside-edge resume CAMERA"),
                    (
                        _("Priority"),
                        _(
                            "Live pictures have priority; one in eight comes from the backlog, so that recordings "
                            "keep moving."
                        ),
                    ),
                ):
                    words("dt", what)
                    words("dd", how).classes("ws-mono" if how.startswith("wayside") else "")
            words(
                "p",
                _(
                    "Agents accept only commands signed by provisioning. Provisioning can authorise a key of "
                    "this centre to pause, resume and prioritise imports at a desk; its warrant names any further "
                    "power."
                ),
            ).classes("ws-hint ws-section")
    ui.timer(REFRESH_S, table.refresh)
    ui.timer(REFRESH_S, jobs.refresh)


class _Jobs:
    """The heading with *New task*, and the tasks that were ordered of agents."""

    def __init__(self, request: Request, _: Language) -> None:
        self._services = services_of(request)
        self._ = _
        self._identity = identity_of(request)
        self._sight = sight_of(request)
        self._starts = self._identity.access.scope(Permission.TASK_START)
        with ui.element("div").classes("ws-title-acts"):
            words("h1", _(TITLE))
            if self._starts != NOWHERE:
                ui.button(_("New task"), icon="add", on_click=self._new).props("unelevated no-caps")
            if self._identity.access.permits(Permission.TASK_UPLOAD):
                ui.link(_(upload.TITLE), upload.PATH).classes("ws-button")
        self._panel = ui.element("div").classes("ws-panel")
        with self._panel:
            words("h2", _("Ordered tasks")).classes("ws-section")
            self._board = JobBoard(self._services, _, self._identity, names_case=True)
        self._panel.set_visibility(False)

    async def refresh(self) -> None:
        """Draws the ordered tasks as they are now."""
        try:
            jobs = await asyncio.to_thread(self._services.jobs.jobs, self._identity, self._sight)
        except StoreUnavailableError:  # the banner says it
            return
        self._show(jobs)

    def _show(self, jobs: JobList) -> None:
        self._panel.set_visibility(bool(jobs.items))
        self._board.show(jobs)

    def _new(self) -> None:
        cameras = self._services.devices.cameras(self._starts)
        statuses = self._services.devices.statuses()
        keys = {CameraKey(each.agent_id, each.camera_id): each for each in cameras}
        names = {key: f"{each.title} ({each.agent_id})" for key, each in keys.items()}
        live = {key: name for key, name in names.items() if has_live_stream(statuses.get(key))}
        recorded = {key: name for key, name in names.items() if keys[key].has_recorder}
        end_ms = self._services.now_ms() // HOUR_MS * HOUR_MS
        choices = JobChoices(recorded, live, end_ms - HOUR_MS, end_ms)
        JobDialog(
            self._,
            self._("New task"),
            choices,
            now_ms=self._services.now_ms,
            order=self._order,
            done=self._ordered,
        )

    def _order(self, draft: JobDraft) -> JobList:
        request = JobRequest(draft.cameras, draft.work, draft.purpose)
        return self._services.jobs.begin_now(request, asker=self._identity)

    async def _ordered(self, _jobs: JobList) -> None:
        await self.refresh()


class _Tasks:
    """The table of one open page; drawn again after each new sample of the centre."""

    def __init__(self, request: Request, _: Language, steers: Scope) -> None:
        self._services = services_of(request)
        self._asker = identity_of(request)
        self._pipeline = self._services.pipeline
        self._ = _
        self._sight = sight_of(request)
        self._steers = steers
        self._drawn: object = None
        self._trouble = ui.element("div")
        self._body = ui.element("div").classes("ws-main").style("padding: 0")
        self.refresh()

    def refresh(self) -> None:
        """Draws the table if there is a new sample."""
        last = self._pipeline.last
        if last is None:
            return
        told = self._services.devices.tasks()
        try:
            asked = self._services.task_orders.newest_orders()
        except StoreUnavailableError:  # the banner says it
            asked = {}
        if (last.sample.at_ms, told, asked) == self._drawn:
            return
        self._drawn = (last.sample.at_ms, told, asked)
        listed = tasks(last.sample, last.before, self._sight, told, asked)
        self._body.clear()
        with self._body:
            self._lanes(listed)
            if listed.tasks:
                self._table(listed)
            else:
                empty(
                    self._("No parse tasks yet"),
                    self._("Start an agent with wayside-edge run; each of its cameras becomes a task here."),
                )

    def _lanes(self, listed: TaskList) -> None:
        _ = self._
        if listed.lanes is None or listed.at_work is None:
            words("div", _("The intake is not responding: the queue of the cluster is unknown.")).classes("ws-hint")
            return
        waiting = {each.lane: each.waiting for each in listed.lanes}
        with ui.element("dl").classes("ws-lanes"):
            for name, count in (
                (_("live, queued"), waiting.get(Lane.LIVE, 0)),
                (_("backlog, queued"), waiting.get(Lane.BACKLOG, 0)),
                *((_(name), listed.at_work.get(each, 0)) for each, name in DEPLOYMENTS.items()),
                (_("parsers"), listed.parsers),
            ):
                with ui.element("div"):
                    words("dt", name)
                    words("dd", labels.number(count))

    def _table(self, listed: TaskList) -> None:
        _ = self._
        # A wide table scrolls in its panel, also by keys.
        panel = ui.element("div").classes("ws-panel ws-wide").props('tabindex="0" role="region"')
        panel.props["aria-label"] = _(TITLE)
        with panel, ui.element("table").classes("ws-table"):
            with ui.element("thead"), ui.element("tr"):
                for head in (
                    _("Task"),
                    _("Type"),
                    _("State"),
                    _("Agent"),
                    _("Priority"),
                    _("Selected/s"),
                    _("Archived/s"),
                    _("Queued"),
                    _("Archived (total)"),
                    _("Dropped"),
                ):
                    words("th", head).props('scope="col"')
            with ui.element("tbody"):
                for task in listed.tasks[:SHOWN]:
                    with ui.element("tr"):
                        self._row(task)
        if len(listed.tasks) > SHOWN:
            words("div", _("{count} more").format(count=len(listed.tasks) - SHOWN)).classes("ws-hint")

    def _row(self, task: TaskView) -> None:
        _ = self._
        with ui.element("td"):
            words("div", task.name or task.camera_id)
            if task.name:
                words("div", task.camera_id).classes("ws-sub")
        words("td", _(labels.TASK_KINDS[task.kind]))
        with ui.element("td"):
            tone, text = labels.TASK_STATES[task.state]
            with ui.element("span").classes("ws-state"):
                words("span", "").classes(f"ws-dot ws-dot-{tone}")
                words("span", _(text))
            if task.progress is not None:
                self._progress(task.progress)
            if why := self._why(task):
                words("div", why).classes("ws-sub")
            if task.asked is not None and task.asked.state is not OrderState.TAKEN:
                self._asked(task.asked)
        words("td", task.agent_id)
        with ui.element("td"):
            words("div", "–" if task.lane is None else _(labels.LANES[task.lane]))
            if task.priority is not None:
                self._orders(task, task.priority)
        for value in (task.selected_per_s, task.archived_per_s, task.waiting, task.archived, task.dropped):
            words("td", labels.number(value)).classes("ws-number")

    def _why(self, task: TaskView) -> str:
        """Writes the cause of a state: the agent's own, or why its reports do not hold now."""
        camera = self._services.devices.camera(task.agent_id, task.camera_id)
        if task.state is TaskState.UNKNOWN and camera is not None:
            return labels.cause(camera, self._)
        return labels.reported(task.code, task.reason, task.cause, self._) if task.cause else ""

    def _asked(self, asked: TaskOrderView) -> None:
        """Draws an order that its agent has not confirmed, or has refused."""
        _ = self._
        tone, text = labels.ORDER_STATES[asked.state]
        what = labels.ORDER_VERBS[asked.verb] if asked.priority is None else labels.PRIORITIES[asked.priority]
        with ui.element("div").classes("ws-sub"):
            state(tone, _.named(_(text), _(what)))
            if asked.cause:
                words("div", labels.reported("", asked.reason, asked.cause, _))

    def _orders(self, task: TaskView, priority: Priority) -> None:
        """Draws the buttons of orders; only the priority, where this account may give none."""
        _ = self._
        if not self._steers.holds(task.agent_id, task.camera_id):
            words("div", _(labels.PRIORITIES[priority])).classes("ws-sub")
            return
        paused = self._services.devices.tasks()[task.agent_id].tasks[task.camera_id].paused
        verb = Verb.RESUME if paused else Verb.PAUSE
        with ui.element("div").classes("ws-orders"):
            ui.button(_(labels.ORDER_VERBS[verb]), color=None, on_click=self._telling(task, verb)).props(
                "flat dense no-caps"
            )
            for each in Priority:
                button = ui.button(
                    _(labels.PRIORITIES[each]),
                    color=None,
                    on_click=self._telling(task, Verb.PRIORITY, each),
                ).props(f'flat dense no-caps aria-pressed="{"true" if each is priority else "false"}"')
                if each is priority:
                    button.classes("ws-chosen")

    def _telling(self, task: TaskView, verb: Verb, priority: Priority | None = None) -> Callable[[], Awaitable[None]]:
        async def tell() -> None:
            ask = partial(
                self._services.task_orders.send_order,
                task.agent_id,
                task.camera_id,
                verb,
                asker=self._asker,
                sight=self._steers,
                priority=priority,
            )
            await attempt(self._trouble, self._, ask)
            self.refresh()

        return tell

    def _progress(self, progress: RecordingProgress) -> None:
        """Draws the capture time up to which a recording was analysed; the centre does not know its length."""
        _ = self._
        at_ms = progress.started_at_ms + (progress.position_ms or 0)
        with ui.element("div").classes("ws-sub"):
            words("span", _("processed up to") + " ")
            moment(moments.local(at_ms), moments.utc(at_ms))
            words("span", " · " + _("{count} pictures").format(count=progress.pictures))
