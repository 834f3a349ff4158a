"""Draws the open alarms, newest first; new ones appear by themselves."""

import asyncio
from functools import partial
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import Identity, Permission
from center.alarms.lifecycle import AlarmEvent, AlarmState
from center.alarms.views import AlarmView
from center.alarms.visibility import sees
from center.console.alarms.row import AlarmRow
from center.console.frame import empty, frame, problem
from center.console.irreversible import CLOSE_ALARM, agreed
from center.console.language import Language
from center.console.widgets.markup import words
from center.errors import CenterError, marked
from center.services import Services, identity_of, services_of

TITLE: Final = marked("Alarms")
SHOWN: Final = 100
"""Rows of the table; the API lists the rest, page by page."""
POLL_S: Final = 5.0
WAITS: Final = (AlarmState.OPEN, AlarmState.ESCALATED)
OPEN: Final = (AlarmState.OPEN, AlarmState.ESCALATED, AlarmState.ACKNOWLEDGED)


def alarms(request: Request) -> None:
    """Draws the page `/alarms`."""
    with frame(request, title=TITLE, active="/alarms") as _:
        page = _Page(services_of(request), _, identity=identity_of(request), closed=request.query_params.get("closed"))
    ui.context.client.on_delete(page.leave)
    ui.timer(0, page.listen, once=True)


class _Page:
    """One open page of alarms."""

    def __init__(self, services: Services, _: Language, *, identity: Identity, closed: str | None) -> None:
        self._services = services
        self._ = _
        self._actor = identity.actor
        self._sight = identity.access.scope(Permission.ALARM_VIEW)
        self._handles = identity.access.scope(Permission.ALARM_HANDLE)
        self._states = tuple(AlarmState) if closed is not None else OPEN
        self._rows: dict[int, AlarmRow] = {}
        self._left = False
        with ui.element("div").classes("ws-alarms-head"):
            words("h1", _(TITLE))
            if closed is None:
                ui.link(_("Show closed alarms"), "/alarms?closed")
            else:
                ui.link(_("Hide closed alarms"), "/alarms")
        self._trouble = ui.element("div")
        self._empty = ui.element("div")
        with self._empty:
            empty(_("No alarms"), _("New alarms appear here automatically."))
        with ui.element("div").classes("ws-panel") as self._panel, ui.element("table").classes("ws-table ws-alarms"):
            with ui.element("thead"), ui.element("tr"):
                for head in (_("State"), _("Rule"), _("Event"), _("Camera"), _("Time"), ""):
                    words("th", head).props('scope="col"')
            self._body = ui.element("tbody").props('aria-live="polite"')
        self._settle()

    def leave(self) -> None:
        """Stops listening once the page is gone."""
        self._left = True

    async def listen(self) -> None:
        """Draws the alarms, and then their events, until the page is gone."""
        room = self._services.alarms
        try:
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
                self._services.alarms.care.alarms, states=self._states, limit=SHOWN, sight=self._sight
            )
        except CenterError as error:
            self._say(error)
            return
        for alarm in reversed(page.items):
            self._show(alarm)

    def _show(self, alarm: AlarmView) -> None:
        """Draws an alarm's row; a new alarm stands on top, a closed one goes."""
        row = self._rows.get(alarm.id)
        if alarm.state not in self._states:
            if row is not None:
                self._rows.pop(alarm.id).delete()
        else:
            if row is None:
                with self._body:
                    row = self._rows[alarm.id] = AlarmRow(self._, on_act=partial(self._act, alarm.id, alarm.rule_name))
                row.move(target_index=0)
            row.show(alarm, camera=self._camera(alarm), handled=sees(self._handles, alarm.agent_id, alarm.camera_id))
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
            view = await asyncio.to_thread(
                self._services.alarms.care.act, alarm_id, event, actor=self._actor, sight=self._handles
            )
        except CenterError as error:
            self._say(error)
            return
        self._show(view)

    def _say(self, error: CenterError) -> None:
        self._trouble.clear()
        with self._trouble:
            problem(error, self._)
