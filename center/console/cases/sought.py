"""Draws the pictures of the sought machine, and adds one: through the desk agent, or from an observation."""

import asyncio
from collections.abc import Awaitable, Callable

from nicegui import ui

from center.access.permissions import Identity, Scope
from center.cases.views import CaseMachine, MachineVerdict, PictureView
from center.console import labels
from center.console.cases.list import machine_of
from center.console.frame import problem
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.marked_image import MarkedImage
from center.console.widgets.markup import moment, words
from center.console.widgets.picture import case_crop_path, crop_path
from center.errors import CenterError
from center.services import Services


class SoughtPanel:
    """Draws at its place of construction; `load` reads everything again, and returns the machines."""

    def __init__(
        self,
        services: Services,
        _: Language,
        *,
        number: str,
        identity: Identity,
        sight: Scope,
        edits: Scope | None,
        seek: str,
        changed: Callable[[], Awaitable[None]],
    ) -> None:
        """`edits` are the cameras of which a machine may be added; None: nothing may be changed."""
        self._services = services
        self._ = _
        self._number = number
        self._identity = identity
        self._sight = sight
        self._edits = edits
        self._changed = changed
        self._wanted = machine_of(seek)
        with ui.element("div").classes("ws-panel") as self.panel:
            words("h2", _("Wanted vehicle")).classes("ws-section")
            self._trouble = ui.element("div").classes("ws-inset")
            self._offer = ui.element("div").classes("ws-inset")
            self._crops = ui.element("div").classes("ws-crops")
            self._brought = ui.element("div").classes("ws-inset")

    async def load(self) -> tuple[CaseMachine, ...]:
        """Reads and draws the pictures; returns the machines."""
        try:
            found = await self._services.cases.lookalikes.machines(
                self._number, (MachineVerdict.SOUGHT,), sight=self._sight
            )
        except CenterError as error:
            self._say(error)
            return ()
        machines = tuple(each.machine for each in found.items)
        self._draw(machines)
        return machines

    def _draw(self, machines: tuple[CaseMachine, ...]) -> None:
        _ = self._
        self._crops.clear()
        with self._crops:
            for machine in machines:
                with ui.element("div").classes("ws-crop"):
                    self._image(case_crop_path(self._number, machine.row_key, machine.index), machine)
                    if self._edits is not None:
                        ui.button(_("Remove"), color=None, on_click=self._dropping(machine)).props("flat dense no-caps")
            if not machines:
                words(
                    "p",
                    _(
                        "No pictures yet. Open an observation and choose Add to case; without a picture nothing "
                        "can be compared."
                    ),
                ).classes("ws-muted")
        self._offer.clear()
        here = {(machine.row_key, machine.index) for machine in machines}
        if self._edits is not None and self._wanted is not None and self._wanted not in here:
            with self._offer, ui.element("div").classes("ws-offer"):
                MarkedImage(crop_path(*self._wanted), alt=_("Selected vehicle"))
                ui.button(_("Add this vehicle"), on_click=lambda: self._add_machine(self._wanted)).props(
                    "unelevated no-caps"
                )
        self._brought.clear()
        if self._edits is not None and self._services.cases.pictures.is_set_up:
            with self._brought:
                with ui.element("div").classes("ws-acts ws-acts-left"):
                    ui.button(_("Import picture"), icon="add_a_photo", color=None, on_click=self._place).props(
                        "flat dense no-caps"
                    )
                    ui.button(
                        _("Check for imported pictures"), icon="refresh", color=None, on_click=self._draw_places
                    ).props("flat dense no-caps")
                self._places = ui.element("div")

    def _image(self, src: str, machine: CaseMachine) -> None:
        MarkedImage(src, alt=self._(labels.CLASSES[machine.cls]))

    async def _place(self) -> None:
        try:
            await asyncio.to_thread(
                self._services.cases.pictures.place, self._number, asker=self._identity, sight=self._sight
            )
        except CenterError as error:
            self._say(error)
            return
        await self._draw_places()

    async def _draw_places(self) -> None:
        pictures = self._services.cases.pictures
        try:
            places = await asyncio.to_thread(pictures.places, self._number, asker=self._identity, sight=self._sight)
            found = await pictures.arrived(places)
        except CenterError as error:
            self._say(error)
            return
        self._trouble.clear()
        self._places.clear()
        with self._places:
            for each in found.items:
                self._draw_place(each)

    def _draw_place(self, place: PictureView) -> None:
        _ = self._
        with ui.element("div").classes("ws-place"):
            moment(moments.local(place.started_at_ms), moments.utc(place.started_at_ms)).classes("ws-sub")
            if not place.arrived:
                words("p", _("Not received yet. Run this command where the picture is stored; FILE is the picture:"))
                words("code", place.command).classes("ws-mono")
                note = _("The desk agent covers faces and licence plates before the picture is stored.")
                words("div", note).classes("ws-sub")
            elif not place.machines:
                words("p", _("The picture was received, but no vehicle was found in it. Import another one."))
            with ui.element("div").classes("ws-crops"):
                for machine in place.machines:
                    with ui.element("div").classes("ws-crop"):
                        self._image(case_crop_path(self._number, machine.row_key, machine.index), machine)
                        chosen = (machine.row_key, machine.index)
                        ui.button(
                            _("Add this vehicle"),
                            color=None,
                            on_click=lambda chosen=chosen: self._add_machine(chosen),
                        ).props("flat dense no-caps")

    async def _add_machine(self, chosen: tuple[str, int] | None) -> None:
        if chosen is None or self._edits is None:
            return
        try:
            await self._services.cases.lookalikes.seek(self._number, *chosen, asker=self._identity, sight=self._edits)
        except CenterError as error:
            self._say(error)
            return
        self._trouble.clear()
        await self._changed()

    def _dropping(self, machine: CaseMachine) -> Callable[[], Awaitable[None]]:
        async def drop() -> None:
            try:
                await asyncio.to_thread(
                    self._services.cases.case_machines.drop,
                    self._number,
                    machine.row_key,
                    machine.index,
                    asker=self._identity,
                    sight=self._sight,
                )
            except CenterError as error:
                self._say(error)
                return
            await self._changed()

        return drop

    def _say(self, error: CenterError) -> None:
        self._trouble.clear()
        with self._trouble:
            problem(error, self._)
