"""Draws the result that is open beside the list: its picture, its vehicles, its facts, and the way to the next."""

from collections.abc import Callable, Mapping

from nicegui import ui

from center.access.permissions import CameraKey, Scope
from center.console.frame import problem
from center.console.language import Language
from center.console.search import record
from center.console.widgets.boxes import BoxesButton
from center.console.widgets.markup import labelled, tool, words
from center.console.widgets.picture import Picture, page_path, picture_path
from center.errors import CenterError
from center.search.client import Search
from center.search.views import MachineView, ObservationView


class Beside:
    """Hidden until `show`. On a narrow screen it covers the lower part of it, the list stays above."""

    def __init__(
        self,
        search: Search,
        _: Language,
        *,
        actor: str,
        sight: Scope,
        names: Mapping[CameraKey, str],
        seeks: bool,
        on_walk: Callable[[int], object],
        on_leave: Callable[[], object],
        on_compare: Callable[[ObservationView, MachineView], object],
    ) -> None:
        """`seeks`: the user may add a vehicle to a case."""
        self._search = search
        self._ = _
        self._actor = actor
        self._sight = sight
        self._names = names
        self._seeks = seeks
        self._on_compare = on_compare
        self._asked = 0
        with labelled("section", _("Selected result")).classes("ws-panel ws-beside") as self._box:
            with ui.element("div").classes("ws-beside-head"):
                self._title = words("h2", "").props('aria-live="polite"')
                tool("‹", lambda: on_walk(-1), name=_("Previous result (K)"))
                tool("›", lambda: on_walk(1), name=_("Next result (J)"))
                BoxesButton(_)
                self._page = words("a", "⤢").classes("ws-tool")
                self._page.props["title"] = self._page.props["aria-label"] = _("Open as a page")
                tool("✕", on_leave, name=_("Close (Esc)"))
            self._stage = ui.element("div")
            self._picture: Picture | None = None
            self._facts = ui.element("div").classes("ws-side")
        self.hide()

    async def show(self, row_key: str, place: str, query: str) -> None:
        """Reads a result and shows it; `place` is its place in the list, `query` what its page's address carries."""
        self._asked += 1
        mine = self._asked
        self._box.set_visibility(True)
        try:
            found = await self._search.observation(row_key, actor=self._actor, sight=self._sight)
        except CenterError as error:
            if mine == self._asked:
                self._facts.clear()
                with self._facts:
                    problem(error, self._)
            return
        if mine == self._asked:
            self._draw(found, place, query)

    def hide(self) -> None:
        """Hides it; a result that is still being read is not shown."""
        self._asked += 1
        self._box.set_visibility(False)

    def _draw(self, found: ObservationView, place: str, query: str) -> None:
        _ = self._
        camera = self._names.get(CameraKey(found.agent_id, found.camera_id), found.camera_id)
        self._title.set_text(f"{place} · {camera}")
        self._page.props["href"] = f"{page_path(found.row_key)}?{query}"
        self._page.update()
        if self._picture is None:
            with self._stage:
                self._picture = Picture(_)
        record.show_picture(self._picture, found, picture_path(found.row_key), camera, _)
        self._facts.clear()
        with self._facts:
            record.crops(found, _, seeks=self._seeks, compare=lambda machine: self._on_compare(found, machine))
            record.facts(found, _)
            record.more(found, _)
