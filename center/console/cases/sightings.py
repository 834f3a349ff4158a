"""Draws the sightings of the machine: map, time line, cameras to ask for footage, and the export as evidence."""

from typing import Final

from nicegui import ui

from center.access.permissions import Identity, Permission, Scope
from center.cases.footage_windows import Spot
from center.cases.states import CaseState
from center.cases.views import CaseView, JudgedMachine, MachineVerdict, WindowView
from center.console.cases.recorder import RecorderPanel
from center.console.frame import problem
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.map import Map, MapPoint, Marker, Step
from center.console.widgets.marked_image import MarkedImage
from center.console.widgets.markup import moment, words
from center.console.widgets.picture import case_crop_path, case_page_path
from center.errors import CenterError
from center.evidence.service import ExportRequest
from center.evidence.tables import ExportState
from center.evidence.visibility import Viewer
from center.geometry import Position, distance_m
from center.services import Services

SHOWN_WINDOWS: Final = 12
POLL_S: Final = 1.0
MINUTE_S: Final = 60
KILOMETRE_M: Final = 1000


class Sightings:
    """Draws at its place of construction; `load` reads everything again."""

    def __init__(
        self,
        services: Services,
        _: Language,
        *,
        case: CaseView,
        identity: Identity,
        sight: Scope,
        recorders: RecorderPanel,
    ) -> None:
        """`sight` are the cameras at which this account may see the case."""
        self._services = services
        self._ = _
        self._number = case.number
        self._recorders = recorders
        self._terms = case.terms
        self._in_force = case.state is CaseState.APPROVED
        self._identity = identity
        self._sight = sight
        self._found: tuple[JudgedMachine, ...] = ()
        with ui.element("div").classes("ws-panel"):
            self._map = Map(_, services.atlas, label=_("Map of confirmed sightings")).classes("ws-case-map")
        with ui.element("div").classes("ws-panel"):
            words("h2", _("Confirmed sightings")).classes("ws-section")
            self._list = ui.element("div").classes("ws-case-timeline")
            self._export = ui.element("div").classes("ws-case-export")
        with ui.element("div").classes("ws-panel"):
            words("h2", _("Cameras to request footage from")).classes("ws-section")
            self._footage = ui.element("div").classes("ws-case-timeline")

    async def load(self) -> None:
        """Draws the sightings and, while the case is in force, the cameras to ask."""
        lookalikes = self._services.cases.lookalikes
        windows: tuple[WindowView, ...] = ()
        without = 0
        try:
            spots = await lookalikes.area(self._number, sight=self._sight)
            found = await lookalikes.machines(self._number, (MachineVerdict.CONFIRMED,), sight=self._sight)
            if self._in_force:
                asked = await lookalikes.footage(self._number, asker=self._identity, sight=self._sight)
                windows, without = asked.items, asked.without_place
        except CenterError as error:
            self._list.clear()
            with self._list:
                problem(error, self._)
            return
        self._found = found.items
        self._draw_map(spots, windows)
        self._draw_list()
        self._draw_footage(windows, without)
        self._draw_export()

    def _draw_map(self, spots: tuple[Spot, ...], windows: tuple[WindowView, ...]) -> None:
        steps = [
            Step(
                MapPoint(each.latitude, each.longitude),
                f"{self._camera(each.machine.agent_id, each.machine.camera_id)} · "
                f"{moments.local(each.machine.captured_at_ms)}",
                href=case_page_path(self._number, each.machine.row_key),
                at_ms=each.machine.captured_at_ms,
            )
            for each in self._found
            if each.latitude is not None and each.longitude is not None
        ]
        markers = {
            "/".join(spot.key): Marker(
                "/".join(spot.key), MapPoint(spot.place.latitude, spot.place.longitude), self._camera(*spot.key)
            )
            for spot in spots
        }
        markers |= {
            f"{each.agent_id}/{each.camera_id}": Marker(
                f"{each.agent_id}/{each.camera_id}",
                MapPoint(each.latitude, each.longitude),
                self._camera(each.agent_id, each.camera_id),
                "warn",
                note=self._("request footage"),
            )
            for each in windows
        }
        theft = self._terms.theft
        if theft is not None:
            taken = self._("Stolen here")
            markers["theft"] = Marker("theft", MapPoint(theft.latitude, theft.longitude), taken, "bad")
        self._map.path(steps, plays=self._in_force)
        self._map.show(list(markers.values()))

    def _draw_list(self) -> None:
        _ = self._
        self._list.clear()
        with self._list:
            if not self._found:
                said = _("No sightings yet. Confirm a candidate.") if self._in_force else _("No sightings.")
                words("p", said).classes("ws-muted")
                return
            with ui.element("ol"):
                before: JudgedMachine | None = None
                for each in self._found:
                    self._sighting(each, before)
                    before = each

    def _sighting(self, each: JudgedMachine, before: JudgedMachine | None) -> None:
        machine = each.machine
        with ui.element("li"):
            if before is not None:
                words("div", self._gap(before, each)).classes("ws-gap")
            with ui.element("a").classes("ws-sighting") as link:
                link.props["href"] = case_page_path(self._number, machine.row_key)
                MarkedImage(case_crop_path(self._number, machine.row_key, machine.index))
                with ui.element("div"):
                    words("div", self._camera(machine.agent_id, machine.camera_id)).classes("ws-name")
                    moment(moments.local(machine.captured_at_ms), moments.utc(machine.captured_at_ms), tag="div")
                    words("div", self._("confirmed by {name}").format(name=each.decided_by)).classes("ws-sub")

    def _gap(self, one: JudgedMachine, other: JudgedMachine) -> str:
        _, seconds = self._, round((other.machine.captured_at_ms - one.machine.captured_at_ms) / 1000)
        short = seconds < MINUTE_S
        later = _("{seconds} s later") if short else _("{minutes} min later")
        later = later.format(seconds=seconds, minutes=round(seconds / MINUTE_S))
        if None in (one.latitude, one.longitude, other.latitude, other.longitude):
            return later
        way_m = distance_m(
            Position(one.latitude or 0, one.longitude or 0), Position(other.latitude or 0, other.longitude or 0)
        )
        near = way_m < KILOMETRE_M
        away = _("{metres} m away") if near else _("{km} km away")
        return f"{later} · {away.format(metres=round(way_m), km=f'{way_m / KILOMETRE_M:.1f}')}"

    def _draw_footage(self, windows: tuple[WindowView, ...], without: int) -> None:
        _ = self._
        self._footage.clear()
        with self._footage:
            if not windows:
                words("p", self._no_window()).classes("ws-muted")
            with ui.element("ul"):
                for window in windows[:SHOWN_WINDOWS]:
                    with ui.element("li").classes("ws-window"):
                        words("div", self._camera(window.agent_id, window.camera_id)).classes("ws-name")
                        with ui.element("div"):
                            moment(moments.local(window.from_ms), moments.utc(window.from_ms))
                            words("span", " – ")
                            end = moments.local(window.to_ms)
                            moment(end.split(" ")[1], moments.utc(window.to_ms))
                        words("div", self._distance(window)).classes("ws-sub")
                        if self._recorders.has_recorder(window):
                            self._ask_button(window)
            if without:
                words("p", _("Cameras without coordinates: {count}").format(count=without)).classes("ws-muted")

    def _ask_button(self, window: WindowView) -> None:
        text = self._("Ask the recorder")
        button = ui.button(text, icon="video_library", color=None, on_click=lambda: self._recorders.ask(window))
        button.props("flat dense no-caps").classes("ws-ask")
        button.props["aria-label"] = self._.named(text, self._camera(window.agent_id, window.camera_id))

    def _no_window(self) -> str:
        _ = self._
        if not self._in_force:
            return _("Calculated while the case is approved.")
        if self._found or self._terms.theft is not None:
            return _("No camera of the case is near enough.")
        return _("None. Confirm a sighting, or enter the place of the theft.")

    def _distance(self, window: WindowView) -> str:
        """Writes how far a camera is, and from what: an empty row key is the theft."""
        _ = self._
        if "" not in window.because:
            text = _("{metres} m from the nearest sighting")
        elif any(window.because):
            text = _("{metres} m from the place of the theft or the nearest sighting")
        else:
            text = _("{metres} m from the place of the theft")
        return text.format(metres=window.distance_m)

    def _draw_export(self) -> None:
        _ = self._
        self._export.clear()
        if not self._found or not self._identity.access.permits(Permission.EVIDENCE_EXPORT):
            return
        with self._export:
            if self._services.evidence is None:
                words("p", _("To export evidence, configure [evidence] for the centre."))
                return
            ui.button(_("Export evidence"), icon="verified", color=None, on_click=self._start).props(
                "flat dense no-caps"
            )

    async def _start(self) -> None:
        """Starts an export of the confirmed sightings, and shows its progress until its file can be fetched."""
        exports, _ = self._services.evidence, self._
        if exports is None:
            return
        order = ExportRequest(
            case=self._number,
            purpose=self._terms.purpose,
            requester=self._identity.username,
            row_keys=tuple(each.machine.row_key for each in self._found),
        )
        access = self._identity.access
        viewer = Viewer(access.scope(Permission.EVIDENCE_EXPORT), self._identity.actor, access)
        try:
            export = await exports.start(order, viewer)
        except CenterError as error:
            with self._export:
                problem(error, _)
            return
        self._export.clear()
        with self._export:
            said = words("span", "").props('role="status"')
            link = ui.link(_("Download evidence package"), f"/api/evidence/{export.id}/file")
            link.set_visibility(False)

        async def refresh() -> None:
            try:
                now = await exports.get(export.id, viewer)
            except CenterError as error:
                timer.deactivate()
                said.set_text(" ".join(_.error(error)))
                return
            said.set_text(_("{done} of {count} pictures").format(done=now.done, count=now.asked_for))
            if now.state is not ExportState.RUNNING:
                timer.deactivate()
                link.set_visibility(now.state is ExportState.READY)
                if now.cause:
                    said.set_text(now.cause)

        with self._export:
            timer = ui.timer(POLL_S, refresh)

    def _camera(self, agent_id: str, camera_id: str) -> str:
        camera = self._services.devices.camera(agent_id, camera_id)
        return camera_id if camera is None else camera.title
