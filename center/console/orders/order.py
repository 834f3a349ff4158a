"""Draws one maintenance order: its fault, the contract's clocks, its history, and what may be done."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.console.fleet.camera import path as camera_path
from center.console.frame import frame, opens, problem
from center.console.language import Language
from center.console.orders import labels
from center.console.orders.forms import OrderForms
from center.console.orders.list import PATH, TITLE
from center.console.widgets import moments
from center.console.widgets.markup import moment, words
from center.console.widgets.table import state, table
from center.errors import CenterError
from center.orders.errors import UnknownOrderError
from center.orders.states import MaintenanceState
from center.orders.views import ClockView, OrderDetail, OrderEventView
from center.services import identity_of, services_of, sight_of

REFRESH_S: Final = 5.0
MAX_DIGITS: Final = 10


async def order(request: Request, order_id: str) -> None:
    """Draws the page `/orders/{order_id}`.

    Raises:
        UnknownOrderError: no order of that number is in sight.
    """
    services = services_of(request)
    if not (order_id.isascii() and order_id.isdecimal() and len(order_id) < MAX_DIGITS):
        raise UnknownOrderError(order_id=order_id)
    asker = identity_of(request)
    read = partial(services.orders.reader.order, int(order_id), asker=asker, sight=sight_of(request))
    detail = await asyncio.to_thread(read)
    rosters = await asyncio.to_thread(services.orders.book.rosters, asker)
    technicians = sorted({duty.username for roster in rosters.items for duty in roster.duties})
    with frame(request, title=TITLE, active=PATH) as _:
        with ui.element("div").classes("ws-title"):
            ui.link(_(TITLE), PATH)
            words("h1", f"{detail.order.id} · {labels.title(detail.order, _)}")
        page = _Page(request, read, technicians, _)
        page.show(detail)
    ui.timer(REFRESH_S, page.load, immediate=False)


class _Page:
    """One open page of an order."""

    def __init__(self, request: Request, read: Callable[[], OrderDetail], technicians: list[str], _: Language) -> None:
        """`technicians`: user names that are offered for an assignment."""
        self._services, self._read, self._ = services_of(request), read, _
        self._opens_cameras = opens(request, "/cameras")
        self._shown: OrderDetail | None = None
        self._trouble = ui.element("div")
        self._facts = ui.element("div")
        self._acts = ui.element("div").classes("ws-column")
        self._forms = OrderForms(request, technicians, self._trouble, _, changed=self.load)
        self._course = ui.element("div").classes("ws-column")

    async def load(self) -> None:
        """Reads the order again and draws it."""
        try:
            detail = await asyncio.to_thread(self._read)
        except CenterError as error:
            self._trouble.clear()
            with self._trouble:
                problem(error, self._)
            return
        self.show(detail)

    def show(self, detail: OrderDetail) -> None:
        """Draws the order as it was read; its forms only where something has changed, since a user may be typing."""
        before, self._shown = self._shown, detail
        if before is None or _standing(before) != _standing(detail):
            self._acts.clear()
            with self._acts:
                self._forms.draw(detail)
        self._facts.clear()
        with self._facts:
            self._draw_facts(detail)
        self._course.clear()
        with self._course:
            self._draw_clocks(detail.clocks)
            self._draw_history(detail.events)

    def _draw_facts(self, detail: OrderDetail) -> None:
        _, shown, now_ms = self._, detail.order, self._services.now_ms()
        tone, text = labels.term(shown, now_ms, _)
        with ui.element("dl").classes("ws-panel ws-facts"):
            words("dt", _("State"))
            with ui.element("dd"):
                state(labels.TONES[shown.state], _(labels.STATES[shown.state]))
            if tone:
                words("dt", _("Term"))
                with ui.element("dd"):
                    state(tone, text)
            words("dt", _("Fault"))
            words("dd", labels.fault(shown, _))
            words("dt", _("Camera"))
            with ui.element("dd"):
                if shown.camera_id and self._opens_cameras:
                    ui.link(shown.camera_id, camera_path(shown.agent_id, shown.camera_id))
                else:
                    words("span", shown.camera_id or shown.agent_id or "–")
            for name, value in (
                (_("District"), shown.district or "–"),
                (_("Maintainer"), shown.maintainer or "–"),
                (_("Technician"), shown.assignee or "–"),
                (_("Key case"), _("Yes") if shown.is_key else _("No")),
            ):
                words("dt", name)
                words("dd", value)
            words("dt", _("Opened"))
            moment(moments.local(shown.opened_at_ms), moments.utc(shown.opened_at_ms), tag="dd")
            if shown.state is MaintenanceState.MENDED:
                words("dt", _("Indicator"))
                words("dd", self._proof(detail))

    def _proof(self, detail: OrderDetail) -> str:
        """Writes how far the proof of a repair has come."""
        _, wanted = self._, detail.terms.evidence_min
        if detail.well_for_ms is None:
            return _("not well yet; the repair counts after {minutes} min without the fault").format(minutes=wanted)
        done = labels.duration(detail.well_for_ms, _)
        return _("without the fault for {duration}, of {minutes} min").format(duration=done, minutes=wanted)

    def _draw_clocks(self, clocks: tuple[ClockView, ...]) -> None:
        _ = self._
        words("h2", _("Clocks of the contract"))
        with table(_("Clock"), _("State"), _("Counted"), _("Term"), _("Due"), _("Stopped"), label=_("Clocks")):
            for clock in clocks:
                tone, name = labels.CLOCK_STATES[clock.state]
                with ui.element("tr"):
                    with ui.element("td"):
                        words("div", _(labels.CLOCKS[clock.name]))
                        if clock.opening > 1:
                            words("div", _("after reopening {count}").format(count=clock.opening - 1)).classes("ws-sub")
                    with ui.element("td"):
                        state(tone, _(name))
                    words("td", labels.duration(clock.used_ms, _))
                    words("td", labels.duration(clock.term_ms, _))
                    moment(moments.local(clock.due_at_ms), moments.utc(clock.due_at_ms), tag="td")
                    if clock.stopped_at_ms is None:
                        words("td", "–")
                    else:
                        moment(moments.local(clock.stopped_at_ms), moments.utc(clock.stopped_at_ms), tag="td")

    def _draw_history(self, events: tuple[OrderEventView, ...]) -> None:
        _ = self._
        words("h2", _("History"))
        with table(_("Time"), _("Event"), _("By"), _("Note"), label=_("History")):
            for event in events:
                with ui.element("tr"):
                    with ui.element("td"):
                        moment(moments.local(event.counted_at_ms), moments.utc(event.counted_at_ms), tag="div")
                        if event.told_at_ms is not None:
                            received = _("received {time}").format(time=moments.local(event.at_ms))
                            words("div", received).classes("ws-sub")
                    words("td", _(labels.EVENTS[event.event]))
                    words("td", event.actor)
                    with ui.element("td"):
                        words("div", event.note)
                        for part in event.parts:
                            words("div", f"{part.name} × {part.count}")


def _standing(detail: OrderDetail) -> tuple[object, ...]:
    """Returns what the offered acts depend on."""
    shown = detail.order
    return shown.state, shown.assignee, shown.waiting, detail.confirmable
