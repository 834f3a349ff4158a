"""Draws one observation on a page of its own, on its way from and back to the search or the case."""

from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import Permission
from center.console.frame import case_path, frame, opens
from center.console.search import record
from center.console.search.query import PATH as SEARCH
from center.console.search.query import SearchQuery
from center.console.widgets.boxes import BoxesButton
from center.console.widgets.markup import words
from center.console.widgets.neighbours import Neighbours
from center.console.widgets.picture import Picture, case_picture_path, picture_path
from center.errors import marked
from center.search.views import ObservationView
from center.services import identity_of, services_of, sight_of

TITLE: Final = marked("Observation")
KEYS: Final = (("j", marked("Next result")), ("k", marked("Previous result")), ("b", marked("Show or hide boxes")))


async def observation(request: Request, row_key: str) -> None:
    """Draws the page `/observations/{row_key}`.

    Raises:
        CenterError: see `Search.observation`.
    """
    found = await services_of(request).search.observation(
        row_key, actor=identity_of(request).actor, sight=sight_of(request)
    )
    _draw(request, found, None)


async def case_observation(request: Request, case_id: str, row_key: str) -> None:
    """Draws `/cases/{case_id}/observations/{row_key}`, also for users with a role in that case alone.

    Raises:
        CenterError: see `CaseObservations.observation`.
    """
    found = await services_of(request).cases.lookalikes.observation(
        case_id, row_key, asker=identity_of(request), sight=sight_of(request)
    )
    _draw(request, found, case_id)


def _draw(request: Request, found: ObservationView, number: str | None) -> None:
    access = identity_of(request).access
    camera = services_of(request).devices.camera(found.agent_id, found.camera_id)
    name = found.camera_id if camera is None else camera.title
    active = SEARCH if number is None else "/cases"
    with frame(request, title=TITLE, active=active, keys=KEYS) as _:
        with ui.element("div").classes("ws-title"):
            if number is not None:
                ui.link(number, case_path(number))
            elif opens(request, SEARCH):
                ui.link(_("Search"), _back(request, found.row_key))
            words("h1", name)
            with ui.element("div").classes("ws-title-tools"):
                if number is None and request.url.query:
                    Neighbours(_, found.row_key, request.url.query)
                BoxesButton(_)
        with ui.element("div").classes("ws-detail"):
            with ui.element("div").classes("ws-panel"):
                src = picture_path(found.row_key) if number is None else case_picture_path(number, found.row_key)
                record.show_picture(Picture(_), found, src, name, _)
            with ui.element("div").classes("ws-side"):
                record.facts(found, _)
                if number is None:
                    record.crops(found, _, seeks=access.permits(Permission.CASE_EDIT))
                record.more(found, _)


def _back(request: Request, row_key: str) -> str:
    """Returns the address of the search that led here, this observation open in it; of a new search if none did."""
    return SearchQuery.read(request.url.query).path(opened=row_key) if request.url.query else SEARCH
