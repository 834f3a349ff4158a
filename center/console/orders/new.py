"""Draws the form of an order by hand, for a fault that no rule sees."""

import asyncio
from functools import partial
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.console.attempt import at_fault, attempt
from center.console.frame import frame
from center.console.orders.list import PATH, order_path
from center.console.orders.list import TITLE as LIST_TITLE
from center.console.widgets.markup import words
from center.errors import UnknownCameraError, marked
from center.orders.errors import OrderExistsError
from center.orders.workflow import NewOrder
from center.services import identity_of, services_of, sight_of

TITLE: Final = marked("New order")


async def new(request: Request) -> None:
    """Draws the page `/orders/new`."""
    services, asker, sight = services_of(request), identity_of(request), sight_of(request)
    cameras = await asyncio.to_thread(services.devices.cameras, sight)
    with frame(request, title=TITLE, active=PATH) as _:
        with ui.element("div").classes("ws-title"):
            ui.link(_(LIST_TITLE), PATH)
            words("h1", _(TITLE))
        trouble = ui.element("div")
        with ui.element("div").classes("ws-panel ws-fields"):
            places = {f"{camera.agent_id}/{camera.camera_id}": camera.title for camera in cameras}
            place = ui.select(places, label=_("Camera"), with_input=True).props("outlined dense options-dense")
            cause = ui.input(_("Fault")).props('outlined dense maxlength="500"').classes("ws-field-wide")
            is_key = ui.checkbox(_("Key case"))

            async def create() -> None:
                said = (cause.value or "").strip()
                if not place.value:
                    at_fault(place, _("Choose a camera."))
                    return
                if not said:
                    at_fault(cause, _("Enter what is wrong with the device."))
                    return
                agent_id, camera_id = str(place.value).split("/", 1)
                wanted = NewOrder(agent_id=agent_id, camera_id=camera_id, cause=said, is_key=bool(is_key.value))
                call = partial(services.orders.workflow.create, wanted, asker=asker, sight=sight)
                number = await attempt(trouble, _, call, {UnknownCameraError: place, OrderExistsError: place})
                if number is not None:
                    ui.navigate.to(order_path(number))

            ui.button(_("Create order"), color=None, on_click=create).props("outline no-caps")
        words("div", _("About the device only: no names and no descriptions of people.")).classes("ws-muted")
