"""Draws the cases in sight, newest first; those that wait for this account's approval are marked."""

import asyncio
import re
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import Permission
from center.cases.states import CaseState
from center.cases.views import CaseView
from center.console import labels
from center.console.frame import case_path, empty, frame, new_case_path, problem
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import moment, words
from center.errors import CenterError, marked
from center.search.client import ROW_KEY_PATTERN
from center.services import identity_of, services_of

TITLE: Final = marked("Cases")
_SEEK: Final = re.compile(rf"({ROW_KEY_PATTERN[1:-1]})~([0-9]{{1,3}})")


def seek_of(request: Request) -> str:
    """Reads from the address the machine that is to be sought; empty for none."""
    return request.query_params.get("seek", "")[:160]


def machine_of(seek: str) -> tuple[str, int] | None:
    """Reads row key and index of a machine from `ROWKEY~INDEX`; None if the text names none."""
    match = _SEEK.fullmatch(seek)
    return (match.group(1), int(match.group(2))) if match is not None else None


def cases(request: Request) -> None:
    """Draws the page `/cases`."""
    services, identity, seek = services_of(request), identity_of(request), seek_of(request)
    with frame(request, title=TITLE, active="/cases") as _:
        with ui.element("div").classes("ws-alarms-head"):
            words("h1", _(TITLE))
            ui.link(_("Thefts by time and place"), "/thefts").classes("ws-grow")
            if identity.access.permits(Permission.CASE_EDIT):
                ui.link(_("New case"), new_case_path(seek)).classes("ws-case-button")
        if seek:
            with ui.element("div").classes("ws-alert ws-alert-warn"):
                words("strong", _("Add this vehicle to a case"))
                words("span", _("Choose a case or create one. The vehicle is added there after you confirm it."))
        body = ui.element("div")

    async def load() -> None:
        try:
            found = await asyncio.to_thread(services.cases.book.cases, identity)
            waiting = await asyncio.to_thread(services.cases.book.to_approve, identity)
        except CenterError as error:
            with body:
                problem(error, _)
            return
        with body:
            if not found.items:
                empty(
                    _("No cases"),
                    _("Create a case for a stolen vehicle: enter type, colour, place and time, and request approval."),
                )
                return
            with ui.element("div").classes("ws-panel ws-scroll"), ui.element("table").classes("ws-table"):
                with ui.element("thead"), ui.element("tr"):
                    for head in (
                        _("Case"),
                        _("Vehicle type"),
                        _("State"),
                        _("In charge"),
                        _("Time range"),
                        _("Expires"),
                    ):
                        words("th", head).props('scope="col"')
                with ui.element("tbody"):
                    to_approve = {each.number for each in waiting}
                    for case in found.items:
                        _row(case, seek, _, approves=case.number in to_approve)

    ui.timer(0, load, once=True)


def _row(case: CaseView, seek: str, _: Language, *, approves: bool) -> None:
    terms = case.terms
    with ui.element("tr"):
        with ui.element("td"):
            ui.link(case.number, case_path(case.number, seek))
            words("div", terms.purpose).classes("ws-sub")
        with ui.element("td"):
            words("div", _(labels.CLASSES[terms.cls]))
            words("div", " · ".join(_(labels.COLOURS[colour]) for colour in terms.colours)).classes("ws-sub")
        with ui.element("td"):
            state(case.state, _)
            if approves:
                words("div", _("You can approve it")).classes("ws-sub")
        words("td", case.owner)
        with ui.element("td"):
            moment(moments.local(terms.from_ms), moments.utc(terms.from_ms), tag="div")
            moment(moments.local(terms.to_ms), moments.utc(terms.to_ms), tag="div").classes("ws-sub")
        with ui.element("td"):
            moment(moments.local(terms.expires_at_ms), moments.utc(terms.expires_at_ms), tag="div")


def state(state: CaseState, _: Language) -> None:
    """Draws a state with its dot."""
    with ui.element("span").classes("ws-state"):
        words("span", "").classes(f"ws-dot ws-dot-{labels.CASE_TONES[state]}")
        words("span", _(labels.CASE_STATES[state]))
