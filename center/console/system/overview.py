"""Draws the start page: what needs a person now, figures, and a map of the cameras. It only reads services."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import CameraKey, Identity, Permission, Scope
from center.alarms.rules.composed import KIND_LABELS
from center.alarms.rules.rule import Severity
from center.alarms.views import AlarmView
from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.report import NOT_BOOKED, Card
from center.cases.views import CaseView
from center.console import labels
from center.console.alarms import list as alarms
from center.console.fleet.camera import path as camera_path
from center.console.frame import case_path, frame, problem
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.map import Map, MapPoint, Marker, Peek
from center.console.widgets.markup import labelled, moment, words
from center.console.widgets.picture import picture_path
from center.errors import CenterError, marked
from center.fleet.devices import AgentView, CameraView, DeviceState
from center.fleet.feed import Throughput
from center.pipeline import causes
from center.pipeline.causes import StageFinding
from center.pipeline.service import ChainState
from center.pipeline.stages import Stage, StageState
from center.pipeline.starting import START_MS, StartProgress, start_progress
from center.search.camera_positions import PlacedCameraView
from center.search.client import Filters
from center.search.pictures import PREVIEW_SIDE_PX
from center.services import Services, identity_of, services_of, sight_of
from provisioning.contracts.query.archive import StorageStatus
from provisioning.contracts.wire.messages import PictureState

TITLE: Final = marked("Overview")
REFRESH_S: Final = 5.0
LISTED: Final = 6
"""Entries listed of each kind; the rest is a number with a link."""
DAYS_TIGHT: Final = 7.0
CERTIFICATE_TIGHT_MS: Final = 14 * 86_400_000
GB: Final = 1_000_000_000
DISK_TIGHT_BYTES: Final = 2 * GB
GONE: Final = frozenset({DeviceState.OFFLINE, DeviceState.REVOKED})
OWN_ITEMS: Final = frozenset(
    cause.code
    for cause in (
        causes.CAMERAS_DOWN,
        causes.REDACTION_DOWN,
        causes.AGENTS_SILENT,
        causes.AGENT_DISK,
        causes.CERTIFICATE_ENDS,
    )
)
"""Causes of the pipeline whose cameras and agents stand in the list one by one."""
BETWEEN: Final = frozenset(
    cause.code for cause in (causes.QUERY_BETWEEN, causes.INTAKE_BETWEEN, causes.BROKER_BETWEEN, causes.BROKER_MUTE)
)
"""Causes that lie in another stage, which has its own, or say little of a start."""
NEWEST: Final = 5
"""Newest observations of a camera among which its newest picture is sought: some have none."""


@dataclass(frozen=True, slots=True)
class AttentionItem:
    """An entry that needs a person."""

    tone: str
    what: str
    why: str = ""
    since_ms: int | None = None
    href: str = ""
    progress: StartProgress | None = None


@dataclass(frozen=True, slots=True)
class DayCounts:
    """Counts of the day for the cameras in sight."""

    archived: int | None
    """None until a counter of an agent can be compared with an earlier one."""
    assessed: int
    never_heard: int


@dataclass(frozen=True, slots=True)
class OverviewFigures:
    """All that the page shows at one time; equal ones are not drawn again."""

    cares: tuple[AttentionItem, ...]
    cameras: tuple[PlacedCameraView, ...]
    today: DayCounts | None
    speed: Throughput
    starting: frozenset[Stage]
    storage: StorageStatus | None
    alarms: int | None


def overview(request: Request) -> None:
    """Draws the page `/overview`."""
    with frame(request, title=TITLE, active="/overview") as _:
        words("h1", _(TITLE))
        page = _Page(services_of(request), _, identity_of(request), sight_of(request))
    ui.timer(REFRESH_S, page.refresh)


class _Page:
    """One open page of the overview."""

    def __init__(self, services: Services, _: Language, identity: Identity, sight: Scope) -> None:
        self._services = services
        self._ = _
        self._identity, self._access = identity, identity.access
        self._sight = sight
        self._drawn: OverviewFigures | None = None
        self._trouble = ui.element("div")
        with ui.element("section").classes("ws-column").props('aria-labelledby="cares"'):
            words("h2", _("Needs attention")).props('id="cares"')
            self._cares = ui.element("div").classes("ws-panel").props('aria-live="polite"')
            with self._cares:
                words("div", _("Loading…")).classes("ws-calm")
        self._figures = ui.element("dl").classes("ws-figures").style("margin: 0")
        with ui.element("section").classes("ws-column").props('aria-labelledby="places"'):
            words("h2", _("Map")).props('id="places"')
            sees_pictures = all(map(self._access.permits, (Permission.LIVE_VIEW, Permission.OBSERVATION_VIEW)))
            self._map = Map(
                _, services.atlas, label=_("Camera map"), on_peek=self._newest_picture if sees_pictures else None
            )
            self._map.classes("ws-map-tall")
            self._placed = words("div", "").classes("ws-muted")

    async def refresh(self) -> None:
        """Reads all services, and draws what changed."""
        self._trouble.clear()
        try:
            now = await self._seen()
        except CenterError as error:
            with self._trouble:
                problem(error, self._)
            return
        before, self._drawn = self._drawn, now
        if before is None or before.cares != now.cares:
            self._cares.clear()
            with self._cares:
                _draw_cares(now.cares, self._)
        if before is None or before != now:
            self._figures.clear()
            with self._figures:
                self._draw_figures(now)
        if before is None or before.cameras != now.cameras:
            self._show_places(now.cameras)

    async def _seen(self) -> OverviewFigures:
        may, services = self._access.permits, self._services
        cameras = await asyncio.to_thread(services.positions.placed, services.devices.cameras(self._sight))
        agents = services.devices.agents(self._access.scope(Permission.AGENT_VIEW))
        waiting: dict[Severity, int] | None = None
        newest: tuple[AlarmView, ...] = ()
        if may(Permission.ALARM_VIEW):
            scope = self._access.scope(Permission.ALARM_VIEW)
            waiting = await asyncio.to_thread(services.alarms.care.waiting, scope)
            if any(waiting.values()):
                page = await asyncio.to_thread(
                    services.alarms.care.alarms, states=alarms.WAITS, limit=LISTED, sight=scope
                )
                newest = page.items
        today = await asyncio.to_thread(self._today) if may(Permission.ASSESSMENT_VIEW) else None
        storage = await services.storage.status() if may(Permission.HEALTH_VIEW) else None
        to_approve = await asyncio.to_thread(services.cases.book.to_approve, self._identity)
        count = None if waiting is None else sum(waiting.values())
        cares = (
            *self._alarms(newest, count or 0),
            *self._cases(to_approve),
            *(self._pipeline(services.pipeline.last) if may(Permission.HEALTH_VIEW) else ()),
            *self._storage(storage),
            *self._agents(agents, cameras),
            *self._cameras(cameras, {agent.agent_id for agent in agents if agent.state in GONE}),
            *(self._starting_stages(services.pipeline.last) if may(Permission.HEALTH_VIEW) else ()),
            *self._starting_cameras(cameras),
        )
        return OverviewFigures(
            cares,
            cameras,
            today,
            services.feed.pace.measure(self._sight),
            services.pipeline.starting(),
            storage,
            count,
        )

    def _today(self) -> DayCounts:
        day = datetime.fromtimestamp(self._services.now_ms() / 1000, moments.ZONE).strftime("%Y-%m-%d")
        sight = self._access.scope(Permission.ASSESSMENT_VIEW)
        cards = self._services.assessment.recent.judged(day, sight).report.cameras
        decided = {IndicatorVerdict.PASS, IndicatorVerdict.FAIL}
        return DayCounts(
            archived=archived(cards),
            assessed=sum(any(each.verdict in decided for each in card.findings.values()) for card in cards),
            never_heard=sum(card.never_heard for card in cards),
        )

    def _alarms(self, newest: Sequence[AlarmView], count: int) -> list[AttentionItem]:
        _ = self._
        cares = [
            AttentionItem(
                labels.SEVERITY_TONES[alarm.severity],
                alarm.rule_name,
                " · ".join(part for part in (_(KIND_LABELS[alarm.kind]), self._title(alarm)) if part),
                alarm.times.captured_at_ms or alarm.times.decided_at_ms,
                "/alarms",
            )
            for alarm in newest
        ]
        if count > len(newest):
            cares.append(
                AttentionItem("warn", _("{count} more open alarms").format(count=count - len(newest)), href="/alarms")
            )
        return cares

    def _cases(self, waiting: Sequence[CaseView]) -> list[AttentionItem]:
        """Lists the cases that this account may approve."""
        _ = self._
        cares = [
            AttentionItem(
                "warn",
                _("Case {number} awaits your approval").format(number=case.number),
                f"{case.terms.purpose} · {_('requested by {name}').format(name=case.requested_by)}",
                href=case_path(case.number),
            )
            for case in waiting[:LISTED]
        ]
        if len(waiting) > LISTED:
            more = _("{count} more cases await your approval").format(count=len(waiting) - LISTED)
            cares.append(AttentionItem("warn", more, href="/cases"))
        return cares

    def _title(self, alarm: AlarmView) -> str:
        camera = self._services.devices.camera(alarm.agent_id, alarm.camera_id)
        return camera.title if camera is not None else alarm.camera_id or alarm.agent_id

    def _pipeline(self, last: ChainState | None) -> list[AttentionItem]:
        """Lists the faults of the pipeline, the worst first."""
        _ = self._
        found = sorted(
            (
                (each.stage, finding)
                for each in (() if last is None else last.verdicts)
                for finding in each.findings
                if finding.state in {StageState.RED, StageState.AMBER} and finding.cause.code not in OWN_ITEMS
            ),
            key=lambda pair: pair[1].state is StageState.AMBER,
        )
        cares = [
            AttentionItem(
                labels.STAGE_TONES[finding.state],
                _.named(_(labels.STAGES[stage]), _(labels.STAGE_STATES[finding.state])),
                " ".join(labels.finding_texts(finding, _)),
                None if last is None else last.since_ms[stage],
                "/pipeline",
            )
            for stage, finding in found[:LISTED]
        ]
        if len(found) > LISTED:
            more = _("{count} more pipeline faults").format(count=len(found) - LISTED)
            cares.append(AttentionItem("warn", more, href="/pipeline"))
        return cares

    def _starting_stages(self, last: ChainState | None) -> list[AttentionItem]:
        """Lists in one line the stages that are still starting."""
        _ = self._
        if last is None:
            what = self._starting([_("Pipeline")])
            return [AttentionItem("warn", what, _("First check in progress"), href="/pipeline")]
        starting = [each for each in last.verdicts if each.state is StageState.STARTING]
        if not starting:
            return []
        reason = _reason([finding for each in starting for finding in each.findings])
        what = self._starting(_(labels.STAGES[each.stage]) for each in starting)
        since_ms = min(last.since_ms[each.stage] for each in starting)
        advice = _("No action needed: a part that has not answered {minutes} minutes after the start becomes a fault.")
        why = f"{labels.finding_texts(reason, _)[0]} · {advice.format(minutes=START_MS // 60_000)}"
        return [AttentionItem("warn", what, why, since_ms, "/pipeline", start_progress(last.verdicts))]

    def _starting_cameras(self, cameras: Sequence[CameraView]) -> list[AttentionItem]:
        """Lists in one line the cameras that are starting."""
        starting = [camera.title for camera in cameras if camera.state is DeviceState.STARTING]
        if not starting:
            return []
        names = [*starting[:LISTED], *(["…"] if len(starting) > LISTED else [])]
        advice = self._("No action needed: their agents are opening the streams.")
        return [AttentionItem("warn", self._starting(names), advice, href="/cameras?state=warn")]

    def _starting(self, parts: Iterable[str]) -> str:
        return self._("Starting: {parts}").format(parts=", ".join(parts))

    def _cameras(self, cameras: Sequence[CameraView], gone: AbstractSet[str]) -> list[AttentionItem]:
        """Lists cameras that are red by themselves: an agent that is gone has its own line."""
        _ = self._
        red = sorted(
            (
                camera
                for camera in cameras
                if labels.DEVICE_TONES[camera.state] == "bad" and camera.agent_id not in gone
            ),
            key=lambda camera: -camera.since_ms,
        )
        cares = [
            AttentionItem(
                "bad",
                _.named(camera.title, _(labels.DEVICE_STATES[camera.state])),
                labels.cause(camera, _),
                camera.since_ms,
                camera_path(camera.agent_id, camera.camera_id),
            )
            for camera in red[:LISTED]
        ]
        if len(red) > LISTED:
            more = _("{count} more cameras with faults").format(count=len(red) - LISTED)
            cares.append(AttentionItem("bad", more, href="/cameras?state=bad"))
        return cares

    def _agents(self, agents: Sequence[AgentView], cameras: Sequence[CameraView]) -> list[AttentionItem]:
        _, now_ms, cares = self._, self._services.now_ms(), []
        for agent in agents:
            if agent.state in GONE:
                count = sum(camera.agent_id == agent.agent_id for camera in cameras)
                blind = _("cameras: {count}").format(count=count)
                is_in = f"{_(labels.DEVICE_STATES[agent.state])} ({blind})"
                name = _.named(f"{_('Agent')} {agent.agent_id}", is_in)
                cares.append(AttentionItem("bad", name, labels.cause(agent, _), agent.since_ms, "/cameras#agents"))
            elif agent.disk_free_bytes is not None and agent.disk_free_bytes < DISK_TIGHT_BYTES:
                left = _("{gb} GB free for its spool. Free up space or add a larger disk.")
                name = _("Agent {agent_id}: disk almost full").format(agent_id=agent.agent_id)
                cares.append(AttentionItem("warn", name, left.format(gb=f"{agent.disk_free_bytes / GB:.1f}")))
            ends_ms = agent.certificate_ends_ms
            if ends_ms is not None and ends_ms - now_ms < CERTIFICATE_TIGHT_MS and agent.state is DeviceState.ONLINE:
                name = _("Agent {agent_id}: certificate expires soon").format(agent_id=agent.agent_id)
                advice = _(
                    "It is renewed automatically while the enrolment service is reachable: check "
                    "wayside-provision serve."
                )
                cares.append(AttentionItem("warn", name, advice, ends_ms))
        return cares

    def _storage(self, storage: StorageStatus | None) -> list[AttentionItem]:
        _ = self._
        days = None if storage is None else storage.days_left
        if days is None or days >= DAYS_TIGHT:
            return []
        what = _("Archive disk full in {days} days").format(days=f"{days:.1f}")
        return [
            AttentionItem("bad", what, _("Free up space, add disk space, or shorten the retention (docs/archive.md)."))
        ]

    def _draw_figures(self, now: OverviewFigures) -> None:
        _, today, speed = self._, now.today, now.speed
        states = Counter(camera.state for camera in now.cameras)
        never = _("{count} registered, never reported").format(count=today.never_heard) if today is not None else ""
        _figure(_("Cameras"), f"{len(now.cameras)}", never if today is not None and today.never_heard else "")
        red = sum(labels.DEVICE_TONES[camera.state] == "bad" for camera in now.cameras)
        notes = [_("{count} with faults").format(count=red)] if red else []
        if starting := states[DeviceState.STARTING]:
            notes.append(_("{count} starting").format(count=starting))
        _figure(_("Online"), f"{states[DeviceState.ONLINE]}", " · ".join(notes))
        rate = None if speed.per_minute is None else f"{speed.per_minute:,.0f}"
        window = _("last {seconds} s").format(seconds=speed.window_s)
        _figure(_("Snapshots per minute"), rate, window, unknown=_("Measuring…"))
        if today is None or today.archived is None:
            _figure(_("Snapshots"), f"{speed.since_start:,}", _("archived since the centre started"))
        else:
            _figure(_("Snapshots today"), f"{today.archived:,}", _("archived, as reported by the agents"))
        behind = None if speed.behind_ms is None else f"{speed.behind_ms / 1000:.1f} s"
        _figure(
            _("Parsing delay"),
            behind,
            _("median, arrival to archive") if behind is not None else _("no pictures in the last minute"),
            unknown=_("Starting") if Stage.PARSE in now.starting else "–",
        )
        if now.alarms is not None:
            _figure(_("Open alarms"), f"{now.alarms}")
        if today is not None:
            _figure(_("Assessed today"), f"{today.assessed}", _("at least one result"))
        if self._access.permits(Permission.HEALTH_VIEW):
            is_starting = now.storage is None and Stage.QUERY in now.starting
            _figure(_("Storage"), *((_("Starting"), "") if is_starting else _storage(now.storage, _)))

    async def _newest_picture(self, key: str) -> Peek | None:
        """Finds the newest picture of a camera of the map; the query is in the audit like any other."""
        _, services = self._, self._services
        agent_id, _slash, camera_id = key.partition("/")
        camera = services.devices.camera(agent_id, camera_id)
        shown = self._access.scope(Permission.LIVE_VIEW)
        if camera is None or not shown.holds(agent_id, camera_id):
            return None
        if camera.state is DeviceState.REVOKED:
            return Peek(note=labels.cause(camera, _))
        this_one = Scope(cameras=frozenset({CameraKey(agent_id, camera_id)}))
        filters = Filters(camera_id=(camera_id,), limit=NEWEST)
        try:
            rows = (await services.search.observations(filters, actor=self._identity.actor, sight=this_one)).items
        except CenterError as error:
            return Peek(note=_.error(error)[0])
        newest = next((row for row in rows if row.picture is PictureState.KEPT), None)
        if newest is None:
            return Peek(note=_("No picture yet"))
        return Peek(
            src=picture_path(newest.row_key, max_side_px=PREVIEW_SIDE_PX),
            alt=labels.picture_alt(camera.title, newest.captured_at_ms, [each.cls for each in newest.machines], _),
            note=moments.local(newest.captured_at_ms),
        )

    def _show_places(self, cameras: Sequence[PlacedCameraView]) -> None:
        _ = self._
        placed = [
            Marker(
                key=f"{camera.agent_id}/{camera.camera_id}",
                at=MapPoint(camera.latitude, camera.longitude),
                title=camera.title,
                tone=labels.DEVICE_TONES[camera.state],
                note=labels.state_and_cause(camera, _),
                href=camera_path(camera.agent_id, camera.camera_id),
                bearing_deg=camera.bearing_deg,
            )
            for camera in cameras
            if camera.latitude is not None and camera.longitude is not None
        ]
        self._map.show(placed)
        without = len(cameras) - len(placed)
        self._placed.set_text(_("Cameras without coordinates: {count}").format(count=without) if without else "")


def archived(cards: Sequence[Card]) -> int | None:
    """Counts snapshots archived, by the agents' own counters; None until two counts of an agent can be compared."""
    delivered = [card.findings[Indicator.DELIVERY] for card in cards]
    booked = [finding.tally.good for finding in delivered if finding.cause != NOT_BOOKED]
    return sum(booked) if booked else None


def _reason(findings: Sequence[StageFinding]) -> StageFinding:
    """Returns the first cause that lies in a stage itself, else the first."""
    return next((each for each in findings if each.cause.code not in BETWEEN), findings[0])


def _draw_cares(cares: Sequence[AttentionItem], _: Language) -> None:
    if not cares:
        words("div", _("No open issues")).classes("ws-calm")
        return
    with ui.element("ul").classes("ws-cares"):
        for care in cares:
            with ui.element("li"):
                words("span", "").classes(f"ws-dot ws-dot-{care.tone}")
                if care.href:
                    ui.link(care.what, care.href).classes("ws-what")
                else:
                    words("span", care.what).classes("ws-what")
                if care.since_ms is None:
                    words("span", "")
                else:
                    moment(moments.local(care.since_ms), moments.utc(care.since_ms)).classes("ws-moment")
                if care.why:
                    words("span", care.why).classes("ws-sub")
                if care.progress is not None:
                    _draw_progress(care.progress, _)


def _draw_progress(progress: StartProgress, _: Language) -> None:
    text = _("{running} of {parts} parts run").format(running=progress.running, parts=progress.parts)
    bar = labelled("div", _("Start of the pipeline")).classes("ws-progress").props('role="progressbar"')
    bar.props(f'aria-valuemin="0" aria-valuemax="{progress.parts}" aria-valuenow="{progress.running}"')
    bar.props["aria-valuetext"] = text
    with bar:
        ui.element("span").style(f"width: {100 * progress.running / progress.parts:.1f}%")
    words("span", text).classes("ws-sub")


def _figure(name: str, value: str | None, note: str = "", *, unknown: str = "") -> None:
    with ui.element("div").classes("ws-figure"):
        words("dt", name)
        words("dd", value if value is not None else unknown).classes("" if value is not None else "ws-unknown")
        if note:
            words("dd", note).classes("ws-figure-note")


def _storage(storage: StorageStatus | None, _: Language) -> tuple[str | None, str]:
    """Writes the days left, or else the free space, and a note."""
    if storage is None:
        return "–", _("unknown: not reported by the archive")
    free = _("{gb} GB free").format(gb=f"{storage.free_bytes / GB:,.0f}")
    if storage.days_left is None:
        return free, _("days left: available after one full day")
    return _("{days} days").format(days=f"{storage.days_left:,.0f}"), _("{free}, without deletion of old days").format(
        free=free
    )
