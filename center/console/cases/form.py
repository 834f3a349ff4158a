"""Edits a case: its machine, area and times. Faults are shown beside the form; no input is lost."""

import asyncio
from typing import Any, Final

from nicegui import ui
from pydantic import ValidationError
from starlette.requests import Request

from center.cases.errors import CaseTermsError
from center.cases.terms import DAY_MS, MAX_SPAN_DAYS, CaseTerms, is_number
from center.cases.views import CaseView
from center.console import labels
from center.console.frame import case_path, frame, problem
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import words
from center.errors import CenterError, marked
from center.services import identity_of, services_of, sight_of
from provisioning.contracts.wire.messages import MachineClass

TITLE: Final = marked("New case")
CHANGE: Final = marked("Edit case")
BACK_DAYS: Final = 7
LIFE_DAYS: Final = 14
LEAST_PURPOSE: Final = 3
MAX_LATITUDE: Final = 90
MAX_LONGITUDE: Final = 180
_FIELDS: Final = "outlined dense stack-label"


def new_case(request: Request) -> None:
    """Draws the page `/new-case`."""
    _draw(request, None)


async def change_case(request: Request, case_id: str) -> None:
    """Draws the page `/cases/{case_id}/change`.

    Raises:
        CenterError: see `CaseWorkflow.case`.
    """
    book, asker, sight = services_of(request).cases.book, identity_of(request), sight_of(request)
    detail = await asyncio.to_thread(book.case, case_id, asker=asker, sight=sight)
    _draw(request, detail.case)


def _draw(request: Request, changed: CaseView | None) -> None:
    title = TITLE if changed is None else CHANGE
    with frame(request, title=title, active="/cases") as _:
        with ui.element("div").classes("ws-title"):
            ui.link(_("Cases"), "/cases")
            words("h1", _(title) if changed is None else changed.number)
        form = _Form(request, _, changed)
    ui.timer(0, form.load, once=True)


class _Form:
    """One open form of a case."""

    def __init__(self, request: Request, _: Language, changed: CaseView | None) -> None:
        self._services = services_of(request)
        self._ = _
        self._case = changed
        self._identity = identity_of(request)
        self._sight = sight_of(request)
        self._trouble = ui.element("div")
        self._body = ui.element("div").classes("ws-panel ws-case-form")

    async def load(self) -> None:
        """Reads the choices and draws the form."""
        try:
            districts = await asyncio.to_thread(self._services.districts.all)
        except CenterError as error:
            self._say(error)
            return
        sees_all = (each for each in districts if each.cameras and all(self._sight.holds(*key) for key in each.cameras))
        areas = {each.district_id: f"{each.name} ({len(each.cameras)})" for each in sees_all}
        cameras = {
            f"{camera.agent_id}/{camera.camera_id}": f"{camera.title} ({camera.agent_id})"
            for camera in self._services.devices.cameras(self._sight)
        }
        terms = self._case.terms if self._case is not None else None
        with self._body:
            self._draw_about(terms)
            self._draw_where(terms, areas, cameras)
            self._draw_theft(terms)
            with ui.element("div").classes("ws-acts"):
                ui.button(self._("Save as draft"), on_click=self._save).props("unelevated no-caps")

    def _draw_about(self, terms: CaseTerms | None) -> None:
        _ = self._
        number = self._case.number if self._case is not None else ""
        self._entry = ui.input(_("Number"), value=number).props(f"{_FIELDS} maxlength=64")
        self._entry.set_enabled(self._case is None)
        self._purpose = ui.input(_("Purpose"), value=terms.purpose if terms else "").props(f"{_FIELDS} maxlength=200")
        owner = self._case.owner if self._case else self._identity.username
        self._owner = ui.input(_("In charge"), value=owner).props(f"{_FIELDS} maxlength=64")
        with ui.element("div").classes("ws-filters"):
            self._cls = ui.select(
                {each.value: _(labels.CLASSES[each]) for each in MachineClass},
                label=_("Vehicle type"),
                value=(terms.cls if terms else MachineClass.MOTORCYCLE).value,
            ).props(_FIELDS)
            colours = {each.value: _(name) for each, name in labels.COLOURS.items()}
            chosen = [colour.value for colour in terms.colours] if terms else []
            self._colours = _several(_("Colours (as described by the owner)"), colours, chosen)

    def _draw_where(self, terms: CaseTerms | None, areas: dict[str, str], cameras: dict[str, str]) -> None:
        _, now_ms = self._, self._services.now_ms()
        with ui.element("div").classes("ws-filters"):
            self._areas = _several(_("Districts"), areas, list(terms.districts) if terms else [])
            self._cameras = _several(_("Additional cameras"), cameras, list(terms.cameras) if terms else [])
        later_ms = now_ms + LIFE_DAYS * DAY_MS
        with ui.element("div").classes("ws-filters"):
            self._from = _moment(_("From ({zone})"), terms.from_ms if terms else now_ms - BACK_DAYS * DAY_MS)
            self._to = _moment(_("To ({zone})"), terms.to_ms if terms else later_ms)
            self._expires = _moment(_("Expires ({zone})"), terms.expires_at_ms if terms else later_ms)

    def _draw_theft(self, terms: CaseTerms | None) -> None:
        _, theft = self._, terms.theft if terms else None
        words("h2", _("Place and time of the theft (if known)"))
        with ui.element("div").classes("ws-filters"):
            self._taken = _moment(_("Stolen at ({zone})"), theft.at_ms if theft else None)
            self._latitude = _degrees(_("Latitude"), theft.latitude if theft else None)
            self._longitude = _degrees(_("Longitude"), theft.longitude if theft else None)
        alarm = _("Raise an alarm when a new picture shows a similar vehicle")
        self._standing = ui.checkbox(alarm, value=terms.standing if terms else False)

    def _told(self) -> dict[str, Any]:
        taken = (moments.from_input(self._taken.value), self._latitude.value, self._longitude.value)
        theft = dict(zip(("at_ms", "latitude", "longitude"), taken, strict=True))
        kept = self._case.terms.model_dump(include={"standing_from"}) if self._case else {}
        return {
            **kept,
            "standing": self._standing.value,
            "purpose": self._purpose.value.strip(),
            "owner": self._owner.value.strip() or None,
            "districts": tuple(self._areas.value),
            "cameras": tuple(self._cameras.value),
            "from_ms": moments.from_input(self._from.value),
            "to_ms": moments.from_input(self._to.value),
            "expires_at_ms": moments.from_input(self._expires.value),
            "cls": self._cls.value,
            "colours": tuple(self._colours.value),
            "theft": None if None in taken else theft,
        }

    def _faults(self, name: str) -> list[str]:
        """Lists the most common faults, in the user's language; `CaseTerms` finds the rest."""
        _ = self._
        begin, end = moments.from_input(self._from.value), moments.from_input(self._to.value)
        latitude, longitude = self._latitude.value, self._longitude.value
        theft = [moments.from_input(self._taken.value), latitude, longitude]
        limits = ((latitude, MAX_LATITUDE), (longitude, MAX_LONGITUDE))
        found = {
            _("enter the number"): not name,
            _("the number may contain letters, digits, brackets, dots and dashes"): name and not is_number(name),
            _("enter a purpose of at least three characters"): len(self._purpose.value.strip()) < LEAST_PURPOSE,
            _("choose a district or a camera"): not self._areas.value and not self._cameras.value,
            _("the end must be after the start, at most {days} days later").format(days=MAX_SPAN_DAYS): begin is None
            or end is None
            or not begin < end <= begin + MAX_SPAN_DAYS * DAY_MS,
            _("enter when the case expires"): moments.from_input(self._expires.value) is None,
            _("enter time, latitude and longitude of the theft, or none of them"): 0 < theft.count(None) < len(theft),
            _("latitude is -90 to 90 degrees, longitude -180 to 180"): any(
                value is not None and abs(value) > most for value, most in limits
            ),
        }
        return [text for text, wrong in found.items() if wrong]

    async def _save(self) -> None:
        self._trouble.clear()
        name, book = self._entry.value.strip(), self._services.cases.book
        try:
            if faults := self._faults(name):
                raise CaseTermsError(cause="; ".join(faults))
            new = _read(self._told())
            if self._case is None:
                await asyncio.to_thread(book.create, name, new, asker=self._identity, sight=self._sight)
            else:
                await asyncio.to_thread(
                    book.change, name, new, version=self._case.version, asker=self._identity, sight=self._sight
                )
        except CenterError as error:
            self._say(error)
            return
        ui.navigate.to(case_path(name))

    def _say(self, error: CenterError) -> None:
        self._trouble.clear()
        with self._trouble:
            problem(error, self._)


def _moment(label: str, value: int | None) -> ui.input:
    text = "" if value is None else moments.to_input(value)
    entry = ui.input(label.format(zone=moments.ZONE_TEXT), value=text)
    return entry.props(f"{_FIELDS} type=datetime-local")


def _degrees(label: str, value: float | None) -> ui.number:
    return ui.number(label, value=value, format="%.6f").props(_FIELDS)


def _several(label: str, options: dict[str, str], chosen: list[str]) -> ui.select:
    """Draws a choice of several; chosen values stay choices, whether or not this account sees them."""
    known = options | {each: each for each in chosen if each not in options}
    return ui.select(known, label=label, value=chosen, multiple=True).props(f"{_FIELDS} use-chips")


def _read(told: dict[str, Any]) -> CaseTerms:
    """Reads the terms from a form.

    Raises:
        CaseTermsError: they are invalid; the first fault is named.
    """
    try:
        return CaseTerms.model_validate(told)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise CaseTermsError(cause=f"{where}: {fault['msg']}" if where else fault["msg"]) from error
