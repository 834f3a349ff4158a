"""Draws what a user with the permission may do with an order: assign it, stop its clocks, confirm or void it."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import Permission
from center.console.attempt import Fields, at_fault, attempt
from center.console.irreversible import CONFIRM_ORDER, VOID_ORDER, Irreversible, agreed
from center.console.language import Language
from center.orders.errors import NotATechnicianError
from center.orders.states import ENDED, TABLE, MaintenanceState, OrderEvent
from center.orders.views import OrderDetail, OrderView
from center.services import identity_of, services_of

_FIELDS: Final = "outlined dense"


class OrderForms:
    """Draws the forms at the place of the call. `changed` is awaited after each act."""

    def __init__(
        self,
        request: Request,
        technicians: list[str],
        trouble: ui.element,
        _: Language,
        *,
        changed: Callable[[], Awaitable[None]],
    ) -> None:
        """`technicians`: user names that are offered for an assignment."""
        self._workflow = services_of(request).orders.workflow
        self._technicians, self._trouble, self._, self._changed = technicians, trouble, _, changed
        asker = identity_of(request)
        self._sight = asker.access.scope(Permission.ORDER_EDIT)
        self._as: dict[str, Any] = {"asker": asker, "sight": self._sight}

    def draw(self, detail: OrderDetail) -> None:
        """Draws what the order's state and the user's permission allow."""
        shown, sight = detail.order, self._sight
        holds = sight.holds(shown.agent_id, shown.camera_id) if shown.camera_id else sight.everywhere
        if not holds or shown.state in ENDED:
            return
        if (shown.state, OrderEvent.ASSIGNED) in TABLE:
            self._draw_assignment(shown)
        with ui.element("div").classes("ws-form"):
            note = ui.input(self._("Note or reason")).props(f'{_FIELDS} maxlength="500"').classes("ws-grow")
            if shown.state is MaintenanceState.WELL:
                self._draw_verdict(detail, note)
            self._draw_wait(shown, note)
            void = partial(self._workflow.void, shown.id, **self._as)
            self._button(self._("Void order"), note, lambda text: void(reason=text), asks=VOID_ORDER, number=shown.id)

    def _draw_assignment(self, shown: OrderView) -> None:
        _ = self._
        with ui.element("div").classes("ws-form"):
            who = ui.input(_("Technician"), value=shown.assignee, autocomplete=self._technicians).props(_FIELDS)

            async def assign() -> None:
                name = (who.value or "").strip()
                if not name:
                    at_fault(who, _("Enter a user name."))
                    return
                call = partial(self._workflow.assign, shown.id, name, **self._as)
                await self._do(call, {NotATechnicianError: who})

            ui.button(_("Assign"), color=None, on_click=assign).props("outline no-caps")

    def _draw_verdict(self, detail: OrderDetail, note: ui.input) -> None:
        number, confirm = detail.order.id, partial(self._workflow.confirm, detail.order.id, **self._as)
        if detail.confirmable:
            self._button(
                self._("Confirm repair"),
                note,
                lambda text: confirm(confirms=True, note=text),
                needs_note=False,
                asks=CONFIRM_ORDER,
                number=number,
            )
        self._button(self._("Send back"), note, lambda text: confirm(confirms=False, note=text))

    def _draw_wait(self, shown: OrderView, note: ui.input) -> None:
        wait = partial(self._workflow.wait, shown.id, waits=not shown.waiting, **self._as)
        name = self._("End wait") if shown.waiting else self._("Wait for the owner")
        self._button(name, note, lambda text: wait(note=text), needs_note=not shown.waiting)

    def _button(
        self,
        name: str,
        note: ui.input,
        call: Callable[[str], object],
        *,
        needs_note: bool = True,
        asks: Irreversible | None = None,
        number: int = 0,
    ) -> None:
        async def click() -> None:
            text = (note.value or "").strip()
            if needs_note and not text:
                at_fault(note, self._("Enter a reason."))
            elif asks is None or await agreed(asks, self._, number=number):
                await self._do(partial(call, text))

        ui.button(name, color=None, on_click=click).props("outline no-caps")

    async def _do(self, call: Callable[[], object], fields: Fields | None = None) -> None:
        await attempt(self._trouble, self._, call, fields)
        await self._changed()
