"""Draws the contract's terms and the duty roster of each district, and edits them."""

import asyncio
from datetime import date
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from nicegui import ui
from nicegui.elements.mixins.disableable_element import DisableableElement
from nicegui.elements.mixins.validation_element import ValidationElement
from pydantic import ValidationError
from starlette.requests import Request

from center.access.permissions import Permission
from center.alarms.rules.rule import ALWAYS
from center.console.alarms.hours import HoursEditor
from center.console.attempt import at_fault, attempt
from center.console.fleet.camera import labelled_links
from center.console.frame import frame
from center.console.language import Language
from center.console.orders.list import PATH as LIST_PATH
from center.console.orders.list import TITLE as LIST_TITLE
from center.console.widgets import moments
from center.console.widgets.markup import words
from center.console.widgets.table import table
from center.errors import marked
from center.orders.terms import DistrictRoster, DistrictTerms, Duty, OrderTerms
from center.orders.views import RosterView, TermsView
from center.services import identity_of, services_of

PATH: Final = f"{LIST_PATH}/terms"
TITLE: Final = marked("Roster and terms")
_FIELD: Final = "outlined dense"
_NUMBERS: Final = {
    "answer_min": marked("Acceptance (min)"),
    "on_site_min": marked("Arrival on site (min)"),
    "key_on_site_min": marked("Arrival on site, key case (min)"),
    "mended_min": marked("Repair (min)"),
    "remind_before_min": marked("Reminder before the end (min)"),
    "evidence_min": marked("Indicator well before it counts (min)"),
    "reopen_h": marked("The same fault reopens the order (h)"),
    "excused_visit_min": marked("Visits excused in the assessment (min)"),
}
_SWITCHES: Final = {
    "key_always": marked("Key cases count at all hours"),
    "confirm": marked("A second person confirms each repair"),
}


async def terms(request: Request) -> None:
    """Draws the page `/orders/terms`; `?district=` names a district, empty: the common entry."""
    services, asker = services_of(request), identity_of(request)
    book = services.orders.book
    wanted = request.query_params.get("district", "")[:64]
    found = {each.district: each for each in (await asyncio.to_thread(book.terms, asker)).items}
    rosters = {each.district: each for each in (await asyncio.to_thread(book.rosters, asker)).items}
    seen = asker.access.districts(Permission.ORDER_VIEW)
    names = {
        each.district_id: each.name
        for each in await asyncio.to_thread(services.districts.all)
        if seen is None or each.district_id in seen
    }
    wanted = wanted if wanted in names else ""
    edited = asker.access.districts(Permission.ORDER_EDIT)
    may_edit = edited is None or wanted in edited
    with frame(request, title=TITLE, active=LIST_PATH) as _:
        with ui.element("div").classes("ws-title"):
            ui.link(_(LIST_TITLE), LIST_PATH)
            words("h1", _(TITLE))
        with labelled_links(_("District")):
            for district, name in {"": _("Common"), **names}.items():
                link = ui.link(name, f"{PATH}?district={quote(district, safe='')}" if district else PATH)
                if district == wanted:
                    link.props('aria-current="page"')
        _TermsPanel(request, found.get(wanted), found[""], wanted, _, edits=may_edit)
        _RosterPanel(request, rosters.get(wanted), wanted, _, edits=may_edit)


class _TermsPanel:
    """Draws the terms of one district, and saves what the form says."""

    def __init__(
        self, request: Request, own: TermsView | None, common: TermsView, district: str, _: Language, *, edits: bool
    ) -> None:
        self._services, self._asker, self._district, self._ = services_of(request), identity_of(request), district, _
        shown, values = own or common, (own or common).terms
        words("h2", _("Terms of the contract"))
        if own is None:
            words("div", _("This district has no terms of its own: the common ones hold.")).classes("ws-muted")
        elif shown.changed_by:
            said = _("Changed by {name}, {time}. Orders keep the terms of their opening.")
            changed = said.format(name=shown.changed_by, time=moments.local(shown.changed_at_ms))
            words("div", changed).classes("ws-muted")
        self._trouble = ui.element("div")
        with ui.element("div").classes("ws-panel ws-fields"):
            self._maintainer = ui.input(_("Maintainer"), value=values.maintainer).props(f'{_FIELD} maxlength="64"')
            self._numbers = {
                name: ui.number(_(label), value=getattr(values, name), min=0, precision=0).props(_FIELD)
                for name, label in _NUMBERS.items()
            }
            self._hours = HoursEditor(
                _, _("Hours that the contract counts"), ALWAYS, _("Around the clock"), values.calendar.hours
            )
            days = ", ".join(each.isoformat() for each in sorted(values.calendar.holidays))
            self._holidays = ui.input(_("Holidays (dates, e.g. 2027-01-01, 2027-02-06)"), value=days)
            self._holidays.props(_FIELD).classes("ws-field-wide")
            self._switches = {
                name: ui.switch(_(label), value=getattr(values, name)) for name, label in _SWITCHES.items()
            }
            if edits:
                ui.button(_("Save terms"), color=None, on_click=self._save).props("outline no-caps")
        if not edits:
            fields: tuple[DisableableElement, ...] = (self._maintainer, self._holidays)
            for field in (*fields, *self._numbers.values(), *self._switches.values()):
                field.disable()

    async def _save(self) -> None:
        _ = self._
        if fault := self._hours.fault():
            _show(self._trouble, fault)
            return
        try:
            days = [
                date.fromisoformat(part.strip()) for part in (self._holidays.value or "").split(",") if part.strip()
            ]
        except ValueError:
            at_fault(self._holidays, _("Enter dates as 2027-01-01, with commas between them."))
            return
        said: dict[str, Any] = {
            "maintainer": (self._maintainer.value or "").strip(),
            **{name: None if field.value is None else int(field.value) for name, field in self._numbers.items()},
            **{name: bool(switch.value) for name, switch in self._switches.items()},
            "calendar": {"hours": self._hours.value(), "holidays": [each.isoformat() for each in days]},
        }
        try:
            new = DistrictTerms(district=self._district, terms=OrderTerms.model_validate(said))
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)[0]
            name = str(found["loc"][0]) if found["loc"] else ""
            if name in self._numbers:
                at_fault(self._numbers[name], found["msg"])
            else:
                _show(self._trouble, found["msg"])
            return
        call = partial(self._services.orders.book.set_terms, new, asker=self._asker)
        await _saved(self._trouble, call, _)


class _RosterPanel:
    """Draws the duty roster of one district, and saves what the form says."""

    def __init__(self, request: Request, roster: RosterView | None, district: str, _: Language, *, edits: bool) -> None:
        self._services, self._asker, self._district, self._ = services_of(request), identity_of(request), district, _
        self._rows: list[_DutyRow] = []
        words("h2", _("Duty roster"))
        on_duty = "" if roster is None else roster.on_duty
        words("div", _("On duty now: {name}").format(name=on_duty or "–")).classes("ws-muted")
        self._trouble = ui.element("div")
        duties = () if roster is None else roster.duties
        if not edits:
            self._show(duties)
            return
        self._list = ui.element("div").classes("ws-column")
        for duty in duties:
            self._draw(duty)
        with ui.element("div").classes("ws-form"):
            ui.button(_("Add technician"), color=None, on_click=lambda: self._draw(None)).props("outline no-caps")
            ui.button(_("Save roster"), color=None, on_click=self._save).props("outline no-caps")
        words(
            "div", _("Of the technicians on duty, the first in the list is assigned; the others may accept.")
        ).classes("ws-muted")

    def _show(self, duties: tuple[Duty, ...]) -> None:
        _ = self._
        with table(_("Technician"), _("From day"), _("To day"), label=_("Duty roster")):
            for duty in duties:
                with ui.element("tr"):
                    words("td", duty.username)
                    for day in (duty.from_day, duty.to_day):
                        words("td", "–" if day is None else day.isoformat())

    def _draw(self, duty: Duty | None) -> None:
        with self._list:
            row = _DutyRow(duty, self._, remove=self._remove)
        self._rows.append(row)

    def _remove(self, row: "_DutyRow") -> None:
        self._rows.remove(row)
        row.panel.delete()

    async def _save(self) -> None:
        _ = self._
        duties = []
        for row in self._rows:
            if fault := row.hours.fault():
                _show(self._trouble, fault)
                return
            try:
                duties.append(Duty.model_validate(row.said()))
            except ValidationError as error:
                at_fault(row.username, error.errors(include_url=False, include_input=False)[0]["msg"])
                return
        new = DistrictRoster(district=self._district, duties=tuple(duties))
        call = partial(self._services.orders.book.set_roster, new, asker=self._asker)
        await _saved(self._trouble, call, _)


class _DutyRow:
    """One duty in the form."""

    def __init__(self, duty: Duty | None, _: Language, *, remove: Any) -> None:
        first, last = (None, None) if duty is None else (duty.from_day, duty.to_day)
        with ui.element("div").classes("ws-panel ws-fields") as self.panel:
            self.username: ValidationElement[Any] = ui.input(
                _("Technician"), value="" if duty is None else duty.username
            ).props(f'{_FIELD} maxlength="64"')
            self._from = ui.input(_("From day"), value="" if first is None else first.isoformat())
            self._to = ui.input(_("To day"), value="" if last is None else last.isoformat())
            for field in (self._from, self._to):
                field.props(f"{_FIELD} stack-label type=date")
            self.hours = HoursEditor(_, _("Hours"), ALWAYS, _("Always"), ALWAYS if duty is None else duty.hours)
            ui.button(_("Remove technician"), color=None, on_click=lambda: remove(self)).props("outline no-caps")

    def said(self) -> dict[str, Any]:
        """Reads the duty from the form."""
        return {
            "username": (self.username.value or "").strip(),
            "from_day": self._from.value or None,
            "to_day": self._to.value or None,
            "hours": self.hours.value(),
        }


def _show(trouble: ui.element, fault: str) -> None:
    trouble.clear()
    with trouble, ui.element("div").classes("ws-alert ws-alert-bad").props('role="alert"'):
        words("strong", fault)


async def _saved(trouble: ui.element, call: Any, _: Language) -> None:
    """Saves, and says so; an error stands in its place."""

    def save() -> bool:
        call()
        return True

    if await attempt(trouble, _, save):
        with trouble, ui.element("div").classes("ws-alert ws-alert-ok").props('role="status"'):
            words("strong", _("Saved"))
