"""Draws the maintenance orders with the terms that run; the address holds the filters."""

import asyncio
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import Permission
from center.console.fleet.camera import labelled_links
from center.console.frame import empty, frame, problem
from center.console.language import Language
from center.console.orders import labels
from center.console.widgets import moments
from center.console.widgets.markup import words
from center.console.widgets.rows import Cell
from center.console.widgets.table import listed
from center.errors import CenterError, marked
from center.orders.states import LIVE, MaintenanceState
from center.orders.views import OrderView
from center.services import Services, identity_of, services_of, sight_of

PATH: Final = "/orders"
TITLE: Final = marked("Maintenance orders")
REFRESH_S: Final = 5.0
SHOWN: Final = 100
"""Rows of a page; a link leads to the next."""
MAX_DIGITS: Final = 10


@dataclass(frozen=True, slots=True)
class OrderFilters:
    """The filters of the page; their text form is its query string."""

    state: MaintenanceState | None = None
    """None: all that have not ended."""
    district: str | None = None
    """None: all; empty: orders without one."""
    overdue: bool = False
    mine: bool = False
    before: int | None = None
    """Number of the last order of the page before."""

    @classmethod
    def read(cls, request: Request) -> "OrderFilters":
        """Reads the filters from an address; unreadable ones are left out."""
        said = request.query_params
        state, before = said.get("state", ""), said.get("before", "")
        is_number = before.isascii() and before.isdecimal() and len(before) < MAX_DIGITS
        return cls(
            state=MaintenanceState(state) if state in set(MaintenanceState) else None,
            district=said["district"][:64] if "district" in said else None,
            overdue="overdue" in said,
            mine="mine" in said,
            before=int(before) if is_number else None,
        )

    def path(self) -> str:
        """Writes the address of the page with these filters."""
        said: list[tuple[str, str | int]] = []
        if self.state is not None:
            said.append(("state", self.state.value))
        if self.district is not None:
            said.append(("district", self.district))
        said += [(name, 1) for name, is_on in (("overdue", self.overdue), ("mine", self.mine)) if is_on]
        if self.before is not None:
            said.append(("before", self.before))
        return f"{PATH}?{urlencode(said)}" if said else PATH


def order_path(order_id: int) -> str:
    """Returns the address of an order's page."""
    return f"{PATH}/{order_id}"


def orders(request: Request) -> None:
    """Draws the page `/orders`."""
    services, wanted = services_of(request), OrderFilters.read(request)
    access = identity_of(request).access
    with frame(request, title=TITLE, active=PATH) as _:
        with ui.element("div").classes("ws-alarms-head"):
            words("h1", _(TITLE)).classes("ws-grow")
            ui.link(_("Monthly figures"), f"{PATH}/months")
            ui.link(_("Roster and terms"), f"{PATH}/terms")
            if access.permits(Permission.ORDER_EDIT):
                ui.link(_("New order"), f"{PATH}/new").classes("ws-case-button")
        _draw_filters(wanted, _)
        _Page(request, services, wanted, _)


def _draw_filters(wanted: OrderFilters, _: Language) -> None:
    first = replace(wanted, before=None)
    with labelled_links(_("Order filter")):
        choices = [(None, marked("Not ended")), *labels.STATES.items()]
        for state, name in choices:
            _draw_choice(_(name), replace(first, state=state), is_on=wanted.state is state)
    with labelled_links(_("Order filter, more")):
        _draw_choice(_("Overdue only"), replace(first, overdue=not wanted.overdue), is_on=wanted.overdue)
        _draw_choice(_("Mine only"), replace(first, mine=not wanted.mine), is_on=wanted.mine)
        if wanted.district is not None:
            words("span", _("district {district}").format(district=wanted.district or "–")).classes("ws-muted")
            ui.link(_("All districts"), replace(first, district=None).path())


def _draw_choice(name: str, filters: OrderFilters, *, is_on: bool) -> None:
    link = ui.link(name, filters.path())
    if is_on:
        link.props('aria-current="true"')


class _Page:
    """One open page of orders."""

    def __init__(self, request: Request, services: Services, wanted: OrderFilters, _: Language) -> None:
        self._services, self._wanted, self._ = services, wanted, _
        self._asker, self._sight = identity_of(request), sight_of(request)
        self._trouble = ui.element("div")
        self._empty = ui.element("div")
        with self._empty:
            empty(_("No maintenance orders"), _("A rule for a device fault opens one; so does a user, by hand."))
        self._rows = listed(_("Order"), _("Camera"), _("Fault"), _("State"), _("Technician"), _("Term"))
        self._more = ui.element("div").classes("ws-pager")
        self._empty.set_visibility(False)
        ui.timer(0, self._load, once=True)
        ui.timer(REFRESH_S, self._load, immediate=False)

    async def _load(self) -> None:
        wanted = self._wanted
        self._trouble.clear()
        try:
            page = await asyncio.to_thread(
                self._services.orders.reader.orders,
                asker=self._asker,
                sight=self._sight,
                states=LIVE if wanted.state is None else (wanted.state,),
                district=wanted.district,
                mine=wanted.mine,
                overdue=wanted.overdue,
                before=wanted.before,
                limit=SHOWN,
            )
        except CenterError as error:
            with self._trouble:
                problem(error, self._)
            return
        now_ms = self._services.now_ms()
        self._rows.show({str(order.id): self._cells(order, now_ms) for order in page.items})
        self._empty.set_visibility(not page.items)
        self._more.clear()
        if page.next_cursor is not None:
            with self._more:
                ui.link(self._("Next"), replace(wanted, before=int(page.next_cursor)).path())

    def _cells(self, order: OrderView, now_ms: int) -> tuple[Cell, ...]:
        _ = self._
        tone, text = labels.term(order, now_ms, _)
        due_ms = None if order.waiting else order.due_at_ms
        return (
            Cell(f"{order.id}", href=order_path(order.id), sub=_("Key case") if order.is_key else ""),
            Cell(labels.title(order, _), sub=" · ".join(filter(None, (order.camera_id, order.district)))),
            Cell(labels.fault(order, _)),
            Cell(_(labels.STATES[order.state]), tone=labels.TONES[order.state]),
            Cell(order.assignee or "–"),
            Cell(
                text,
                tone=tone,
                sub="" if due_ms is None else moments.local(due_ms),
                utc="" if due_ms is None else moments.utc(due_ms),
            ),
        )
