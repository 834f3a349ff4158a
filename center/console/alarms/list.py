"""Draws the open alarms, newest first; new ones appear by themselves."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import NOWHERE, Identity, Permission
from center.alarms.lifecycle import AlarmEvent, AlarmState
from center.alarms.views import AlarmView
from center.alarms.visibility import sees
from center.console import labels
from center.console.alarms.comments import ask_comment
from center.console.alarms.row import AlarmRow
from center.console.frame import empty, frame, problem
from center.console.irreversible import CLOSE_ALARM, CLOSE_ALARMS, agreed
from center.console.language import Language
from center.console.widgets.markup import words
from center.errors import CenterError, marked
from center.notify.fallback import Outage
from center.services import Services, identity_of, services_of

TITLE: Final = marked("Alarms")
MAX_DIGITS: Final = 10
SHOWN: Final = 100
"""Rows of the table; the API lists the rest, page by page."""
POLL_S: Final = 5.0
WAITS: Final = (AlarmState.OPEN, AlarmState.ESCALATED)
OPEN: Final = (AlarmState.OPEN, AlarmState.ESCALATED, AlarmState.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class AlarmFilters:
    """The filters of the page; their text form is its query string."""

    closed: bool = False
    """Lists closed alarms, too."""
    rule_id: int | None = None
    """None: of all rules."""

    @classmethod
    def read(cls, request: Request) -> "AlarmFilters":
        """Reads the filters from an address; an unreadable number is left out."""
        rule = request.query_params.get("rule", "")
        is_number = rule.isascii() and rule.isdecimal() and len(rule) < MAX_DIGITS
        return cls("closed" in request.query_params, int(rule) if is_number else None)

    def path(self) -> str:
        """Writes the address of the page with these filters."""
        said = [*(["closed"] if self.closed else []), *([f"rule={self.rule_id}"] if self.rule_id is not None else [])]
        return f"/alarms?{'&'.join(said)}" if said else "/alarms"


def alarms(request: Request) -> None:
    """Draws the page `/alarms`."""
    with frame(request, title=TITLE, active="/alarms") as _:
        page = _Page(services_of(request), _, identity=identity_of(request), wanted=AlarmFilters.read(request))
    ui.context.client.on_delete(page.leave)
    ui.timer(0, page.listen, once=True)
    ui.timer(POLL_S, page.read_notices, immediate=False)


class _Page:
    """One open page of alarms."""

    def __init__(self, services: Services, _: Language, *, identity: Identity, wanted: AlarmFilters) -> None:
        self._services = services
        self._ = _
        self._actor = identity.actor
        self._sight = identity.access.scope(Permission.ALARM_VIEW)
        self._handles = identity.access.scope(Permission.ALARM_HANDLE)
        self._wanted = wanted
        self._states = tuple(AlarmState) if wanted.closed else OPEN
        self._rows: dict[int, AlarmRow] = {}
        self._outages: Mapping[str, Outage] = {}
        self._left = False
        with ui.element("div").classes("ws-alarms-head"):
            words("h1", _(TITLE))
            other = replace(wanted, closed=not wanted.closed).path()
            ui.link(_("Hide closed alarms") if wanted.closed else _("Show closed alarms"), other)
        if wanted.rule_id is not None:
            self._draw_rule(wanted.rule_id)
        self._trouble = ui.element("div")
        self._notified = ui.element("div")
        self._empty = ui.element("div")
        with self._empty:
            empty(_("No alarms"), _("New alarms appear here automatically."))
        with ui.element("div").classes("ws-panel") as self._panel, ui.element("table").classes("ws-table ws-blocks"):
            with ui.element("thead"), ui.element("tr"):
                for head in (_("Picture"), _("State"), _("Rule"), _("Event"), _("Camera"), _("Time"), ""):
                    words("th", head).props('scope="col"')
            self._body = ui.element("tbody").props('aria-live="polite"')
        self._settle()

    def _draw_rule(self, rule_id: int) -> None:
        """Draws which rule's alarms are listed, and the actions on all that are listed."""
        _ = self._
        with ui.element("div").classes("ws-alarms-head"):
            with ui.element("div").classes("ws-tabs"):
                words("span", _("Alarms of rule {number}").format(number=rule_id))
                ui.link(_("All rules"), replace(self._wanted, rule_id=None).path())
            if self._handles != NOWHERE:
                with ui.element("div").classes("ws-acts"):
                    for event, name in (
                        (AlarmEvent.ACKNOWLEDGED, _("Acknowledge listed")),
                        (AlarmEvent.CLOSED, _("Close listed")),
                    ):
                        ui.button(name, color=None, on_click=partial(self._act_on_all, event)).props(
                            "outline dense no-caps"
                        )

    def leave(self) -> None:
        """Stops listening once the page is gone."""
        self._left = True

    async def listen(self) -> None:
        """Draws the alarms, and then their events, until the page is gone."""
        room = self._services.alarms
        try:
            # Stands for the previews of the rows, as that of the live page does for its tiles.
            await asyncio.to_thread(self._services.audit.append, self._actor, "alarm.open", {})
            room.pushes.admit()
        except CenterError as error:
            self._say(error)
            return
        async with room.pushes.listening() as listener:
            await self._load()
            while not (self._left or room.pushes.ended):
                if not await listener.wait(POLL_S):
                    continue
                pushed, overflowed = listener.take()
                if self._left:
                    return
                if overflowed:
                    await self._load()
                # Of several events of one alarm at once only the last is drawn.
                pushed = [push for push in pushed if sees(self._sight, push.alarm.agent_id, push.alarm.camera_id)]
                for alarm in {push.alarm.id: push.alarm for push in pushed}.values():
                    self._show(alarm)
                for push in pushed:
                    room.pushes.sent(push)

    async def _load(self) -> None:
        try:
            page = await asyncio.to_thread(
                self._services.alarms.care.alarms,
                states=self._states,
                rule_id=self._wanted.rule_id,
                limit=SHOWN,
                sight=self._sight,
            )
        except CenterError as error:
            self._say(error)
            return
        for alarm in reversed(page.items):
            self._show(alarm)
        await self.read_notices()

    async def read_notices(self) -> None:
        """Draws which channels send nothing, and the status of the notices of alarms that wait for a user."""
        reader = self._services.alarms.notices
        if reader is None or self._left:
            return
        waiting = [alarm_id for alarm_id, row in self._rows.items() if row.is_waiting]
        try:
            outages, statuses = await asyncio.to_thread(reader.read, waiting)
        except CenterError as error:
            self._say(error)
            return
        if self._left:
            return
        if outages != self._outages:
            self._outages = outages
            self._draw_outages(reader.delivery.roster)
        for alarm_id in waiting:
            row = self._rows.get(alarm_id)
            if row is not None and row.is_waiting:
                row.show_notice(statuses.get(alarm_id))

    def _draw_outages(self, roster: Sequence[str]) -> None:
        """Draws the channels that send nothing, and by which ones alarms go."""
        _ = self._
        self._notified.clear()
        if not self._outages:
            return
        with self._notified, ui.element("div").classes("ws-alert ws-alert-bad").props('role="alert"'):
            for channel, outage in self._outages.items():
                words("strong", _(labels.OUTAGES[outage]).format(channel=channel))
            others = ", ".join(channel for channel in roster if channel not in self._outages)
            if others:
                text = _("Alarms go by the channels of alarms.tell that send: {channels}.")
                words("span", text.format(channels=others))
            else:
                words("span", _("No notices of alarms are sent: no channel of alarms.tell sends. Watch this page."))

    def _show(self, alarm: AlarmView) -> None:
        """Draws an alarm's row; a new alarm stands on top, a closed one goes."""
        if self._wanted.rule_id not in {None, alarm.rule_id}:
            return
        row = self._rows.get(alarm.id)
        if alarm.state not in self._states:
            if row is not None:
                self._rows.pop(alarm.id).delete()
        else:
            if row is None:
                with self._body:
                    row = self._rows[alarm.id] = AlarmRow(self._, on_act=partial(self._act, alarm.id, alarm.rule_name))
                row.move(target_index=0)
            row.show(
                alarm,
                camera=self._camera(alarm),
                handled=sees(self._handles, alarm.agent_id, alarm.camera_id),
                rule_href=replace(self._wanted, rule_id=alarm.rule_id).path(),
            )
        while len(self._rows) > SHOWN:
            self._rows.pop(min(self._rows)).delete()
        self._settle()

    def _settle(self) -> None:
        self._empty.set_visibility(not self._rows)
        self._panel.set_visibility(bool(self._rows))

    def _camera(self, alarm: AlarmView) -> str:
        camera = self._services.devices.camera(alarm.agent_id, alarm.camera_id)
        return camera.title if camera is not None else alarm.camera_id or "–"

    async def _act(self, alarm_id: int, rule: str, event: AlarmEvent) -> None:
        if event is AlarmEvent.CLOSED and not await agreed(CLOSE_ALARM, self._, rule=rule):
            return
        self._trouble.clear()
        try:
            comment = ""
            if event is AlarmEvent.COMMENTED:
                history = await asyncio.to_thread(self._services.alarms.care.alarm, alarm_id, self._sight)
                if not (comment := await ask_comment(history, self._)):
                    return
            await self._step(alarm_id, event, comment)
        except CenterError as error:
            self._say(error)

    async def _act_on_all(self, event: AlarmEvent) -> None:
        """Acts on all alarms of the list that allow it."""
        numbers = [number for number, row in self._rows.items() if row.offers(event)]
        if not numbers or (event is AlarmEvent.CLOSED and not await agreed(CLOSE_ALARMS, self._, count=len(numbers))):
            return
        self._trouble.clear()
        try:
            for number in numbers:
                await self._step(number, event)
        except CenterError as error:
            self._say(error)

    async def _step(self, alarm_id: int, event: AlarmEvent, comment: str = "") -> None:
        act = self._services.alarms.care.act
        view = await asyncio.to_thread(act, alarm_id, event, actor=self._actor, comment=comment, sight=self._handles)
        self._show(view)

    def _say(self, error: CenterError) -> None:
        self._trouble.clear()
        with self._trouble:
            problem(error, self._)
