"""Draws the saved searches on the search page: choose one, save the one on show, share it, delete it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from nicegui import ui
from pydantic import ValidationError

from center.access.permissions import Identity, Permission
from center.console.frame import problem
from center.console.irreversible import DELETE_SEARCH, agreed
from center.console.language import Language
from center.console.search.query import CUSTOM, PERIODS, SearchQuery
from center.console.widgets.markup import words
from center.errors import CenterError, marked
from center.search.saved import NewSavedSearch, SavedSearch, SavedSearches

NOBODY: Final = ""


class BadNameError(CenterError):
    """A saved search cannot have this name."""

    code = "bad_name"
    message = marked("Enter a name for the saved search.")
    remedy = marked("Use 1 to 64 characters.")


class SavedPanel:
    """A button with the saved searches. `on_show` returns the query that would be saved."""

    def __init__(
        self, saved: SavedSearches, _: Language, identity: Identity, on_show: Callable[[], SearchQuery]
    ) -> None:
        self._saved = saved
        self._ = _
        self._identity = identity
        self._on_show = on_show
        with ui.element("div").classes("ws-acts ws-search-saved"):
            ui.button(_("Saved searches"), icon="bookmarks", on_click=self._open).props("flat dense no-caps")
            ui.button(_("Save"), icon="bookmark_add", on_click=self._keep).props("flat dense no-caps")

    async def _open(self) -> None:
        _ = self._
        with ui.dialog() as dialog, ui.card().classes("ws-dialog"):
            words("h2", _("Saved searches"))
            body = ui.element("div").classes("ws-search-column")
            ui.button(_("Close"), on_click=dialog.close).props("flat no-caps")
        dialog.open()
        await self._list(body)

    async def _list(self, body: ui.element) -> None:
        _ = self._
        try:
            kept = await asyncio.to_thread(self._saved.of, self._identity)
        except CenterError as error:
            with body:
                problem(error, _)
            return
        body.clear()
        with body:
            if not kept:
                words("span", _("No saved searches. Set filters, then choose Save.")).classes("ws-muted")
            for each in kept:
                self._line(each, body)

    def _line(self, each: SavedSearch, body: ui.element) -> None:
        _ = self._

        async def remove() -> None:
            if not await agreed(DELETE_SEARCH, _, name=each.name):
                return
            try:
                await asyncio.to_thread(self._saved.remove, each.id, self._identity)
            except CenterError as error:
                with body:
                    problem(error, _)
                return
            await self._list(body)

        with ui.element("div").classes("ws-search-kept"):
            if each.filters is None:
                words("span", each.name)
                words("span", _("Saved by another version: can only be deleted.")).classes("ws-muted")
            else:
                ui.link(each.name, _path(each))
                shared = each.district_id or (_("only me") if each.mine else "")
                words("span", f"{each.owner} · {shared}").classes("ws-muted")
            if each.mine:
                button = ui.button(icon="delete", color=None, on_click=remove).props("flat dense round")
                button.props["aria-label"] = _("Delete {name}").format(name=each.name)

    def _keep(self) -> None:
        _ = self._
        districts = self._identity.access.districts(Permission.OBSERVATION_SEARCH)
        with ui.dialog() as dialog, ui.card().classes("ws-dialog"):
            words("h2", _("Save search"))
            name = ui.input(_("Name")).props("outlined dense maxlength=64 autofocus")
            share: ui.input | ui.select
            if districts is None:
                share = ui.input(_("Share in district (district ID, optional)")).props("outlined dense maxlength=63")
            else:
                options = {NOBODY: _("Not shared")} | {each: each for each in sorted(districts)}
                share = ui.select(options, label=_("Share in district"), value=NOBODY).props("outlined dense")
            trouble = ui.element("div")

            async def keep() -> None:
                trouble.clear()
                try:
                    new = _new(name.value or "", share.value or None, self._on_show())
                    await asyncio.to_thread(self._saved.add, new, self._identity)
                except CenterError as error:
                    with trouble:
                        problem(error, _)
                    return
                dialog.close()
                ui.notify(_("Saved as {name}.").format(name=new.name))

            with ui.element("div").classes("ws-acts"):
                ui.button(_("Cancel"), on_click=dialog.close).props("flat no-caps")
                ui.button(_("Save"), on_click=keep).props("unelevated no-caps")
        dialog.open()


def _new(name: str, district_id: str | None, question: SearchQuery) -> NewSavedSearch:
    """Makes the saved search; raises `BadNameError` for a name that it cannot have."""
    last_ms = PERIODS[question.period][1]
    spanless = {} if last_ms is None else {"from_ms": None, "to_ms": None}
    filters = question.filters.model_copy(update=spanless)
    try:
        return NewSavedSearch(name=name.strip(), filters=filters, last_ms=last_ms, district_id=district_id)
    except ValidationError as error:
        raise BadNameError from error


def _path(each: SavedSearch) -> str:
    period = next((key for key, (_name, span_ms) in PERIODS.items() if span_ms == each.last_ms), CUSTOM)
    assert each.filters is not None  # noqa: S101 - narrows the type: others have no path
    return replace(SearchQuery(), filters=each.filters, period=period).path()
