"""Puts two vehicles of the results side by side, for the user's eyes: no likeness is computed outside a case."""

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple

from nicegui import ui

from center.access.permissions import CameraKey
from center.console import labels
from center.console.language import Language
from center.console.search import record
from center.console.widgets import moments
from center.console.widgets.marked_image import MarkedImage
from center.console.widgets.markup import moment, tool, words
from center.console.widgets.picture import crop_path, page_path
from center.errors import CenterError
from center.geometry import distance_m
from center.search.camera_positions import CameraPositions
from center.search.views import MachineView, ObservationView

SIDES: Final = 2
MINUTE_S: Final = 60


class Vehicle(NamedTuple):
    """A machine and the observation that it is of."""

    found: ObservationView
    machine: MachineView

    @property
    def camera(self) -> CameraKey:
        """Key of its camera."""
        return CameraKey(self.found.agent_id, self.found.camera_id)


class Comparison:
    """A line that keeps the vehicle to compare with; each other that is chosen opens beside it in a dialogue."""

    def __init__(self, positions: CameraPositions, _: Language, names: Mapping[CameraKey, str]) -> None:
        self._positions = positions
        self._ = _
        self._names = names
        self._reference: Vehicle | None = None
        self._line = ui.element("div").classes("ws-panel ws-compare-line").props('aria-live="polite"')
        self._line.set_visibility(False)
        with ui.dialog() as self._dialog, ui.card().classes("ws-dialog ws-compare") as self._card:
            pass

    async def choose(self, found: ObservationView, machine: MachineView) -> None:
        """Keeps the first vehicle; shows any other beside it."""
        chosen = Vehicle(found, machine)
        if self._reference is None:
            self._reference = chosen
            self._draw_line(chosen)
        elif chosen != self._reference:
            await self._open(self._reference, chosen)

    def _draw_line(self, kept: Vehicle) -> None:
        _ = self._
        self._line.clear()
        self._line.set_visibility(True)
        with self._line:
            MarkedImage(crop_path(kept.found.row_key, kept.machine.index))
            with ui.element("div"):
                words("strong", f"{self._name(kept)} · {moments.local(kept.found.captured_at_ms)}")
                words("div", _("Choose Compare at another vehicle to see both side by side.")).classes("ws-sub")
            ui.button(_("Clear comparison"), color=None, on_click=self._clear).props("flat dense no-caps")

    def _clear(self) -> None:
        self._reference = None
        self._line.set_visibility(False)

    async def _open(self, one: Vehicle, other: Vehicle) -> None:
        _ = self._
        between = await self._between(one, other)
        self._card.clear()
        with self._card:
            words("h2", _("Compare vehicles"))
            with ui.element("div").classes("ws-pair ws-compare-pair"):
                for vehicle in (one, other):
                    with ui.element("div"):
                        self._side(vehicle)
            words("p", between).classes("ws-sub")
            with ui.element("div").classes("ws-acts"):
                tool(_("Close"), self._dialog.close)
        self._dialog.open()

    def _side(self, vehicle: Vehicle) -> None:
        _, found, machine = self._, vehicle.found, vehicle.machine
        box = machine.box
        with ui.element("figure"):
            MarkedImage(crop_path(found.row_key, machine.index), alt=record.machine_label(machine, _))
            with words("figcaption", ""):
                ui.link(self._name(vehicle), page_path(found.row_key))
        with ui.element("dl").classes("ws-facts"):
            _fact(_("Vehicle type"), f"{_(labels.CLASSES[machine.cls])} {machine.score:.0%}")
            colour = _("Not recognised") if machine.colour is None else _(labels.COLOURS[machine.colour])
            _fact(_("Colour"), colour)
            _fact(_("Size"), f"{box.x1 - box.x0} × {box.y1 - box.y0} px")
            _fact(_("Direction in picture"), _heading(machine, _))
            words("dt", _("Captured"))
            moment(moments.local(found.captured_at_ms), moments.utc(found.captured_at_ms), tag="dd")

    async def _between(self, one: Vehicle, other: Vehicle) -> str:
        """Writes how far apart the two are in time and, where both places are known, on the map."""
        _ = self._
        seconds = abs(one.found.captured_at_ms - other.found.captured_at_ms) / 1000
        apart = _("{seconds} s apart") if seconds < MINUTE_S else _("{minutes} min apart")
        said = [apart.format(seconds=round(seconds), minutes=f"{seconds / MINUTE_S:,.0f}")]
        if one.camera == other.camera:
            return " · ".join([*said, _("same camera")])
        try:
            places = await asyncio.to_thread(self._positions.of, (one.camera, other.camera))
        except CenterError as error:
            return " · ".join([*said, *_.error(error)])
        if len(places) == SIDES:
            away = distance_m(places[one.camera], places[other.camera])
            said.append(_("cameras {metres} m apart in a straight line").format(metres=f"{away:,.0f}"))
        return " · ".join(said)

    def _name(self, vehicle: Vehicle) -> str:
        return self._names.get(vehicle.camera, vehicle.found.camera_id)


def _heading(machine: MachineView, _: Language) -> str:
    if machine.heading_deg is None:
        return _("Not tracked")
    nearest = round(machine.heading_deg / 45) * 45 % 360
    return f"{_(labels.HEADINGS[nearest])} ({machine.heading_deg:.0f}°)"


def _fact(name: str, value: str) -> None:
    words("dt", name)
    words("dd", value)
