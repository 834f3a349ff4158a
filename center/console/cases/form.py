"""Edits a case: its machine, area and times. Each fault is shown at its field; no input is lost."""

import asyncio
from typing import Any, Final

from nicegui import ui
from nicegui.elements.mixins.validation_element import ValidationElement
from pydantic import ValidationError
from starlette.requests import Request

from center.access.permissions import Permission
from center.cases.errors import AreaOutOfSightError, CaseTakenError, CaseTermsError
from center.cases.terms import DAY_MS, MAX_COLOURS, MAX_LIFE_DAYS, MAX_SPAN_DAYS, CaseTerms, is_number, is_username
from center.cases.views import CaseDetail, CaseView
from center.console import labels
from center.console.attempt import Fields, at_fault, attempt
from center.console.cases.list import machine_of, seek_of
from center.console.frame import case_path, frame, problem
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.marked_image import MarkedImage
from center.console.widgets.markup import words
from center.console.widgets.picture import crop_path
from center.console.widgets.several import SeveralSelect
from center.errors import CenterError, marked
from center.search.views import MachineView
from center.services import identity_of, services_of, sight_of
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import MachineClass

TITLE: Final = marked("New case")
CHANGE: Final = marked("Edit case")
BACK_DAYS: Final = 7
LIFE_DAYS: Final = 14
LEAST_PURPOSE: Final = 3
MAX_LATITUDE: Final = 90
MAX_LONGITUDE: Final = 180
EXAMPLE: Final = "杭公刑立字〔2026〕0123"
_FIELDS: Final = "outlined dense stack-label"
Fault = tuple[ValidationElement[Any], str]
"""A field and what is wrong in it."""


def new_case(request: Request) -> None:
    """Draws the page `/new-case`; with a machine in the address, the case begins with its type and colour."""
    _draw(request, None, seek_of(request))


async def change_case(request: Request, case_id: str) -> None:
    """Draws the page `/cases/{case_id}/change`.

    Raises:
        CenterError: see `CaseWorkflow.case`.
    """
    book, asker, sight = services_of(request).cases.book, identity_of(request), sight_of(request)
    detail = await asyncio.to_thread(book.case, case_id, asker=asker, sight=sight)
    _draw(request, detail.case, "")


def _draw(request: Request, changed: CaseView | None, seek: str) -> None:
    title = TITLE if changed is None else CHANGE
    with frame(request, title=title, active="/cases") as _:
        with ui.element("div").classes("ws-title"):
            ui.link(_("Cases"), "/cases")
            words("h1", _(title) if changed is None else changed.number)
        form = _Form(request, _, changed, seek)
    ui.timer(0, form.load, once=True)


class _Form:
    """One open form of a case."""

    def __init__(self, request: Request, _: Language, changed: CaseView | None, seek: str) -> None:
        self._services = services_of(request)
        self._ = _
        self._case = changed
        self._seek = seek
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
        wanted = await self._wanted()
        with self._body:
            self._draw_about(terms, wanted)
            self._draw_where(terms, areas, cameras)
            self._draw_theft(terms)
            with ui.element("div").classes("ws-acts"):
                ui.button(self._("Save as draft"), on_click=self._save).props("unelevated no-caps")

    async def _wanted(self) -> MachineView | None:
        """Reads the machine that the address names, and shows it above the form."""
        key = machine_of(self._seek)
        if key is None:
            return None
        row_key, index = key
        sight = self._identity.access.scope(Permission.OBSERVATION_VIEW)
        try:
            found = await self._services.search.observation(row_key, actor=self._identity.actor, sight=sight)
        except CenterError as error:
            self._say(error)
            return None
        wanted = next((each for each in found.machines if each.index == index), None)
        if wanted is not None:
            with self._body, ui.element("div").classes("ws-offer"):
                MarkedImage(crop_path(row_key, index), alt=self._("Selected vehicle"))
                words("span", self._("Once the case is saved, its page offers to add this vehicle."))
        return wanted

    def _draw_about(self, terms: CaseTerms | None, wanted: MachineView | None) -> None:
        _ = self._
        cls = MachineClass.MOTORCYCLE if wanted is None else wanted.cls
        colours: tuple[MachineColour, ...] = () if wanted is None or wanted.colour is None else (wanted.colour,)
        if terms is not None:
            cls, colours = terms.cls, terms.colours
        number = self._case.number if self._case is not None else ""
        self._entry = ui.input(_("Number"), value=number).props(f"{_FIELDS} maxlength=64")
        self._entry.props["hint"] = _("For example {number}").format(number=EXAMPLE)
        self._entry.set_enabled(self._case is None)
        self._purpose = ui.input(_("Purpose"), value=terms.purpose if terms else "").props(f"{_FIELDS} maxlength=200")
        owner = self._case.owner if self._case else self._identity.username
        self._owner = ui.input(_("In charge"), value=owner).props(f"{_FIELDS} maxlength=64")
        with ui.element("div").classes("ws-filters"):
            self._cls = ui.select(
                {each.value: _(labels.CLASSES[each]) for each in MachineClass},
                label=_("Vehicle type"),
                value=cls.value,
            ).props(_FIELDS)
            options = {each.value: _(name) for each, name in labels.COLOURS.items()}
            chosen = [colour.value for colour in colours]
            self._colours = _several(_("Colours (as described by the owner)"), options, chosen)

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

    def _faults(self, name: str) -> list[Fault]:
        """Lists the faults in the order of the fields, in the user's language; `CaseTerms` finds the rest."""
        _ = self._
        owner = self._owner.value.strip()
        checks = (
            (self._entry, not name, _("Enter the number.")),
            (
                self._entry,
                bool(name) and not is_number(name),
                _("The number may contain letters, digits, brackets, dots and dashes."),
            ),
            (
                self._purpose,
                len(self._purpose.value.strip()) < LEAST_PURPOSE,
                _("Enter a purpose of at least three characters."),
            ),
            (self._owner, bool(owner) and not is_username(owner), _("A user name contains no spaces.")),
            (
                self._colours,
                len(self._colours.value) > MAX_COLOURS,
                _("Choose at most {count} colours.").format(count=MAX_COLOURS),
            ),
            (self._areas, not self._areas.value and not self._cameras.value, _("Choose a district or a camera.")),
        )
        return [(field, text) for field, wrong, text in checks if wrong] + self._time_faults() + self._theft_faults()

    def _time_faults(self) -> list[Fault]:
        _, now_ms = self._, self._services.now_ms()
        begin, end, expires = (moments.from_input(field.value) for field in (self._from, self._to, self._expires))
        faults: list[Fault] = []
        if begin is None:
            faults.append((self._from, _("Enter a start.")))
        elif end is None or not begin < end <= begin + MAX_SPAN_DAYS * DAY_MS:
            late = _("The end must be after the start, at most {days} days later.")
            faults.append((self._to, late.format(days=MAX_SPAN_DAYS)))
        if expires is None or not now_ms < expires <= now_ms + MAX_LIFE_DAYS * DAY_MS:
            soon = _("Enter when the case expires, within {days} days from now.")
            faults.append((self._expires, soon.format(days=MAX_LIFE_DAYS)))
        return faults

    def _theft_faults(self) -> list[Fault]:
        _ = self._
        values: dict[ValidationElement[Any], object] = {
            self._taken: moments.from_input(self._taken.value),
            self._latitude: self._latitude.value,
            self._longitude: self._longitude.value,
        }
        missing = [field for field, value in values.items() if value is None]
        faults: list[Fault] = []
        if len(missing) < len(values):
            faults += [
                (field, _("Enter time, latitude and longitude of the theft, or none of them.")) for field in missing
            ]
        limits = ((self._latitude, MAX_LATITUDE), (self._longitude, MAX_LONGITUDE))
        for field, most in limits:
            if field.value is not None and abs(field.value) > most:
                faults.append((field, _("From -{most} to {most} degrees.").format(most=most)))
        return faults

    async def _save(self) -> None:
        self._trouble.clear()
        fields: tuple[ValidationElement[Any], ...] = (
            *(self._entry, self._purpose, self._owner, self._colours, self._areas),
            *(self._from, self._to, self._expires, self._taken, self._latitude, self._longitude),
        )
        for field in fields:
            field.error = None
        name, book = self._entry.value.strip(), self._services.cases.book
        if faults := self._faults(name):
            for at, text in reversed(faults):  # the first one has the focus in the end
                at_fault(at, text)
            return

        def save() -> CaseDetail:
            new = _read(self._told())
            if self._case is None:
                return book.create(name, new, asker=self._identity, sight=self._sight)
            version = self._case.version
            return book.change(name, new, version=version, asker=self._identity, sight=self._sight)

        at_fields: Fields = {CaseTakenError: self._entry, AreaOutOfSightError: self._areas}
        if await attempt(self._trouble, self._, save, at_fields) is not None:
            ui.navigate.to(case_path(name, self._seek))

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
    return SeveralSelect(known, label=label, value=chosen).props(f"{_FIELDS} use-chips")


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
