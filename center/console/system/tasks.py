"""Draws parse tasks (解析中心): live cameras, recordings, offline files; agent and progress of each, and what waits."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
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
from center.console.redrawn import Redrawn
from center.console.system import upload
from center.console.widgets import moments
from center.console.widgets.markup import moment, words
from center.console.widgets.table import state
from center.errors import StoreUnavailableError, marked
from center.services import Services, identity_of, services_of, sight_of
from center.tasks.job_views import JobList
from center.tasks.jobs import JobRequest
from center.tasks.views import (
    Lane,
    LaneView,
    OrderState,
    RecordingProgress,
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
    """The table of one open page, a row a task."""

    def __init__(self, request: Request, _: Language, steers: Scope) -> None:
        self._services = services_of(request)
        self._asker = identity_of(request)
        self._pipeline = self._services.pipeline
        self._ = _
        self._sight = sight_of(request)
        self._steers = steers
        self._drawn: object = None
        self._rows: dict[CameraKey, _Row] = {}
        self._trouble = ui.element("div")
        with ui.element("div").classes("ws-main").style("padding: 0"):
            self._lanes = Redrawn(ui.element("div"), self._draw_lanes)
            self._table = Redrawn(ui.element("div"), self._draw_table)
        self.refresh()

    def refresh(self) -> None:
        """Draws what a new sample of the centre, a report or an order has changed."""
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
        shown = {CameraKey(task.agent_id, task.camera_id): task for task in listed.tasks[:SHOWN]}
        self._lanes.show(listed.lanes, listed.at_work, listed.parsers)
        self._table.show(tuple(shown), len(listed.tasks) - len(shown))
        for key, task in shown.items():
            takes_orders = task.priority is not None
            self._rows[key].show(task, is_paused=takes_orders and told[key.agent_id].tasks[key.camera_id].paused)

    def _draw_lanes(
        self, lanes: Sequence[LaneView] | None, at_work: Mapping[str, int] | None, parsers: int | None
    ) -> None:
        _ = self._
        if lanes is None or at_work is None:
            words("div", _("The intake is not responding: the queue of the cluster is unknown.")).classes("ws-hint")
            return
        waiting = {each.lane: each.waiting for each in lanes}
        with ui.element("dl").classes("ws-lanes"):
            for name, count in (
                (_("live, queued"), waiting.get(Lane.LIVE, 0)),
                (_("backlog, queued"), waiting.get(Lane.BACKLOG, 0)),
                *((_(name), at_work.get(each, 0)) for each, name in DEPLOYMENTS.items()),
                (_("parsers"), parsers),
            ):
                with ui.element("div"):
                    words("dt", name)
                    words("dd", labels.number(count))

    def _draw_table(self, keys: Sequence[CameraKey], more: int) -> None:
        """Draws a row for each task, still empty; `more`: tasks beyond the last row."""
        _ = self._
        self._rows = {}
        if not keys:
            empty(
                _("No parse tasks yet"),
                _("Start an agent with wayside-edge run; each of its cameras becomes a task here."),
            )
            return
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
                self._rows = {
                    key: _Row(
                        self._services, _, key, steer=partial(self._steer, key) if self._steers.holds(*key) else None
                    )
                    for key in keys
                }
        if more:
            words("div", _("{count} more").format(count=more)).classes("ws-hint")

    async def _steer(self, key: CameraKey, verb: Verb, priority: Priority | None = None) -> None:
        """Sends an order to a task."""
        ask = partial(
            self._services.task_orders.send_order,
            key.agent_id,
            key.camera_id,
            verb,
            asker=self._asker,
            sight=self._steers,
            priority=priority,
        )
        await attempt(self._trouble, self._, ask)
        self.refresh()


class _Row:
    """The row of one task."""

    def __init__(
        self, services: Services, _: Language, key: CameraKey, *, steer: Callable[..., Awaitable[None]] | None
    ) -> None:
        """`steer` sends an order, its verb and its priority; None where this account may give none."""
        self._devices, self._, self._key, self._steer = services.devices, _, key, steer
        with ui.element("tr"):
            self._name = Redrawn(ui.element("td"), self._draw_name)
            self._kind = words("td", "")
            self._state = Redrawn(ui.element("td"), self._draw_state)
            words("td", key.agent_id)
            self._priority = Redrawn(ui.element("td"), self._draw_priority)
            self._figures = [words("td", "").classes("ws-number") for _figure in range(5)]

    def show(self, task: TaskView, *, is_paused: bool) -> None:
        """Draws the task as it is now; `is_paused`: by an order, as its agent says."""
        self._name.show(task.name)
        self._kind.set_text(self._(labels.TASK_KINDS[task.kind]))
        asked = None if task.asked is None or task.asked.state is OrderState.TAKEN else task.asked
        self._state.show(task.state, task.progress, self._why(task), asked)
        self._priority.show(task.lane, task.priority, is_paused)
        figures = (task.selected_per_s, task.archived_per_s, task.waiting, task.archived, task.dropped)
        for cell, figure in zip(self._figures, figures, strict=True):
            cell.set_text(labels.number(figure))

    def _draw_name(self, name: str) -> None:
        words("div", name or self._key.camera_id)
        if name:
            words("div", self._key.camera_id).classes("ws-sub")

    def _draw_state(
        self, standing: TaskState, progress: RecordingProgress | None, why: str, asked: TaskOrderView | None
    ) -> None:
        tone, text = labels.TASK_STATES[standing]
        state(tone, self._(text))
        if progress is not None:
            self._draw_progress(progress)
        if why:
            words("div", why).classes("ws-sub")
        if asked is not None:
            self._draw_asked(asked)

    def _why(self, task: TaskView) -> str:
        """Writes the cause of a state: the agent's own, or why its reports do not hold now."""
        camera = self._devices.camera(*self._key)
        if task.state is TaskState.UNKNOWN and camera is not None:
            return labels.cause(camera, self._)
        return labels.reported(task.code, task.reason, task.cause, self._) if task.cause else ""

    def _draw_progress(self, progress: RecordingProgress) -> None:
        """Draws the capture time up to which a recording was analysed; the centre does not know its length."""
        _ = self._
        at_ms = progress.started_at_ms + (progress.position_ms or 0)
        with ui.element("div").classes("ws-sub"):
            words("span", _("processed up to") + " ")
            moment(moments.local(at_ms), moments.utc(at_ms))
            words("span", " · " + _("{count} pictures").format(count=progress.pictures))

    def _draw_asked(self, asked: TaskOrderView) -> None:
        """Draws an order that its agent has not confirmed, or has refused."""
        _ = self._
        tone, text = labels.ORDER_STATES[asked.state]
        what = labels.ORDER_VERBS[asked.verb] if asked.priority is None else labels.PRIORITIES[asked.priority]
        with ui.element("div").classes("ws-sub"):
            state(tone, _.named(_(text), _(what)))
            if asked.cause:
                words("div", labels.reported("", asked.reason, asked.cause, _))

    def _draw_priority(self, lane: Lane | None, priority: Priority | None, is_paused: bool) -> None:
        """Draws the lane and the buttons of orders; only the priority, where this account may give none."""
        _ = self._
        words("div", "–" if lane is None else _(labels.LANES[lane]))
        if priority is None:
            return
        if self._steer is None:
            words("div", _(labels.PRIORITIES[priority])).classes("ws-sub")
            return
        verb = Verb.RESUME if is_paused else Verb.PAUSE
        with ui.element("div").classes("ws-orders"):
            ui.button(_(labels.ORDER_VERBS[verb]), color=None, on_click=partial(self._steer, verb)).props(
                "flat dense no-caps"
            )
            for each in Priority:
                button = ui.button(
                    _(labels.PRIORITIES[each]), color=None, on_click=partial(self._steer, Verb.PRIORITY, each)
                ).props(f'flat dense no-caps aria-pressed="{"true" if each is priority else "false"}"')
                if each is priority:
                    button.classes("ws-chosen")
