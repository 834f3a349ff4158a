"""A case is written or changed: its machine, area and times. What is wrong is said beside the form; nothing is lost."""

import asyncio
from typing import Any, Final

from nicegui import ui
from pydantic import ValidationError
from starlette.requests import Request

from center.access import Permission
from center.cases.errors import CaseTermsError
from center.cases.terms import DAY_MS, Terms, is_number
from center.cases.views import CaseView
from center.console import case_words, moments, vocabulary
from center.console.cases import case_path
from center.console.frame import frame, problem
from center.console.markup import words
from center.errors import CenterError, marked
from center.services import identity_of, services_of
from provisioning.contracts.messages import MachineClass

TITLE: Final = marked("New case")
CHANGE: Final = marked("Change case")
BACK_DAYS: Final = 7
LIFE_DAYS: Final = 14
_FIELDS: Final = "outlined dense stack-label"


def new_case(request: Request) -> None:
    """`/new-case`."""
    _form(request, None)


def change_case(request: Request, case_id: str) -> None:
    """`/cases/{case_id}/change`."""
    _form(request, case_id)


def _form(request: Request, number: str | None) -> None:
    services, identity = services_of(request), identity_of(request)
    sight = identity.access.scope(Permission.CASE_EDIT, case_id=number)
    title = TITLE if number is None else CHANGE
    with frame(request, title=title, active="/cases") as _:
        with ui.element("div").classes("ws-title"):
            ui.link(_("Cases"), "/cases")
            words("h1", _(title) if number is None else number)
        trouble = ui.element("div")
        body = ui.element("div").classes("ws-panel ws-form")

    async def load() -> None:
        try:
            districts = await asyncio.to_thread(services.districts.all)
            case: CaseView | None = None
            if number is not None:
                detail = await asyncio.to_thread(services.cases.book.case, number, asker=identity, sight=sight)
                case = detail.case
        except CenterError as error:
            with trouble:
                problem(error, _)
            return
        visible = {
            each.district_id: f"{each.name} ({len(each.cameras)})"
            for each in districts
            if each.cameras and all(sight.holds(*key) for key in each.cameras)
        }
        cameras = {
            f"{camera.agent_id}/{camera.camera_id}": f"{camera.title} ({camera.agent_id})"
            for camera in services.devices.cameras(sight)
        }
        with body:
            _draw(case, visible, cameras)

    def _draw(case: CaseView | None, districts: dict[str, str], cameras: dict[str, str]) -> None:
        terms, now_ms = (case.terms if case else None), services.now_ms()
        known = set(terms.districts) if terms else set()
        listed = set(terms.cameras) if terms else set()
        entry = ui.input(_("Number"), value=number or "").props(f"{_FIELDS} maxlength=64")
        entry.set_enabled(number is None)
        purpose = ui.input(_("Purpose"), value=terms.purpose if terms else "").props(f"{_FIELDS} maxlength=200")
        owner = ui.input(_("Owner"), value=case.owner if case else identity.username).props(f"{_FIELDS} maxlength=64")
        with ui.element("div").classes("ws-filters"):
            cls = ui.select(
                {each.value: _(vocabulary.CLASSES[each]) for each in MachineClass},
                label=_("Type of the machine"),
                value=(terms.cls if terms else MachineClass.MOTORCYCLE).value,
            ).props(_FIELDS)
            colours = ui.select(
                {each.value: _(name) for each, name in case_words.COLOURS.items()},
                label=_("Colours, as its owner says"),
                value=[colour.value for colour in terms.colours] if terms else [],
                multiple=True,
            ).props(f"{_FIELDS} use-chips")
        with ui.element("div").classes("ws-filters"):
            areas = ui.select(
                districts | {each: each for each in known - set(districts)},
                label=_("Districts"),
                value=sorted(known),
                multiple=True,
            ).props(f"{_FIELDS} use-chips")
            single = ui.select(
                cameras | {each: each for each in listed - set(cameras)},
                label=_("Cameras besides"),
                value=sorted(listed),
                multiple=True,
            ).props(f"{_FIELDS} use-chips")
        with ui.element("div").classes("ws-filters"):
            begin = _moment(_("From ({zone})"), terms.from_ms if terms else now_ms - BACK_DAYS * DAY_MS)
            end = _moment(_("To ({zone})"), terms.to_ms if terms else now_ms + LIFE_DAYS * DAY_MS)
            expiry = _moment(_("Expires ({zone})"), terms.expires_at_ms if terms else now_ms + LIFE_DAYS * DAY_MS)
        theft = terms.theft if terms else None
        words("h2", _("Where and when it was taken, if that is known"))
        with ui.element("div").classes("ws-filters"):
            at = _moment(_("Taken ({zone})"), theft.at_ms if theft else None)
            latitude = ui.number(_("Latitude"), value=theft.latitude if theft else None, format="%.6f").props(_FIELDS)
            longitude = ui.number(_("Longitude"), value=theft.longitude if theft else None, format="%.6f")
            longitude.props(_FIELDS)

        def told() -> dict[str, Any]:
            moment = moments.from_input(at.value)
            place = (moment, latitude.value, longitude.value)
            named = None if None in place else dict(zip(("at_ms", "latitude", "longitude"), place, strict=True))
            kept = {} if terms is None else terms.model_dump(include={"standing", "standing_from"})
            return {
                **kept,
                "purpose": purpose.value.strip(),
                "owner": owner.value.strip() or None,
                "districts": tuple(areas.value),
                "cameras": tuple(single.value),
                "from_ms": moments.from_input(begin.value),
                "to_ms": moments.from_input(end.value),
                "expires_at_ms": moments.from_input(expiry.value),
                "cls": cls.value,
                "colours": tuple(colours.value),
                "theft": named,
            }

        async def save() -> None:
            trouble.clear()
            name = entry.value.strip()
            try:
                if not is_number(name):
                    raise CaseTermsError(cause=_("the number may hold letters, digits, brackets, dots and dashes"))
                new = _read(told())
                book = services.cases.book
                if case is None:
                    await asyncio.to_thread(book.create, name, new, asker=identity, sight=sight)
                else:
                    await asyncio.to_thread(book.change, name, new, version=case.version, asker=identity, sight=sight)
            except CenterError as error:
                with trouble:
                    problem(error, _)
                return
            ui.navigate.to(case_path(name))

        with ui.element("div").classes("ws-acts"):
            ui.button(_("Save as draft"), on_click=save).props("unelevated no-caps")

    def _moment(label: str, value: int | None) -> ui.input:
        text = "" if value is None else moments.to_input(value)
        entry = ui.input(label.format(zone=moments.ZONE_TEXT), value=text)
        return entry.props(f"{_FIELDS} type=datetime-local")

    ui.timer(0, load, once=True)


def _read(told: dict[str, Any]) -> Terms:
    """The terms that a form says.

    Raises:
        CaseTermsError: they are none; the first fault is named.
    """
    try:
        return Terms.model_validate(told)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise CaseTermsError(cause=f"{where}: {fault['msg']}" if where else fault["msg"]) from error
