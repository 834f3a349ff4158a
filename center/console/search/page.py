"""Draws the search page: filters left, time above, pictures below, area on a map; the address holds the query."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import CameraKey, Identity, Permission, Scope
from center.console.frame import empty, frame, problem
from center.console.language import Language
from center.console.search import export_dialog, plan_panel
from center.console.search.beside import Beside
from center.console.search.compare import Comparison
from center.console.search.filter_panel import FilterPanel
from center.console.search.map import SearchMap
from center.console.search.people_panel import PeoplePanel
from center.console.search.query import CUSTOM, OPENED, SearchQuery
from center.console.search.results import Results
from center.console.search.saved import SavedPanel
from center.console.widgets import moments
from center.console.widgets.loading import ahead
from center.console.widgets.map import Heat, MapPoint
from center.console.widgets.markup import tool, words
from center.console.widgets.timeline import Timeline, bin_ms
from center.console.widgets.week import Week
from center.errors import CenterError, marked
from center.search.export import SearchExport
from center.search.filters import CountFilters
from center.search.views import ObservationList
from center.services import Services, identity_of, services_of, sight_of
from provisioning.contracts.query.search import MachineCounts

TITLE: Final = marked("Search")
PAGE: Final = 48
SEEK_PAGES: Final = 10
"""Most pages of results that are read to find the one that the address names as open."""
KEYS: Final = (
    ("Enter", marked("Open the result beside the list")),
    ("j", marked("Next result")),
    ("k", marked("Previous result")),
    ("b", marked("Show or hide boxes")),
)
SETTLE_S: Final = 0.05
"""Seconds in which filters that change together become one query."""


def search(request: Request) -> None:
    """Draws the page `/observations`."""
    with frame(request, title=TITLE, active="/observations", keys=KEYS) as _:
        page = _Page(
            services_of(request),
            _,
            identity=identity_of(request),
            sight=sight_of(request),
            question=SearchQuery.read(request.url.query),
            opened=request.query_params.get(OPENED, ""),
        )
    ahead(page.load(), name="search")


class _Page:
    """One open page of the search."""

    def __init__(
        self,
        services: Services,
        _: Language,
        *,
        identity: Identity,
        sight: Scope,
        question: SearchQuery,
        opened: str,
    ) -> None:
        """`opened` is the row key of the result to open beside the list; empty for none."""
        self._services = services
        self._ = _
        self._identity = identity
        self._sight = sight
        self._question = question
        self._asked_at_ms = services.now_ms()
        """Time of the query, so that a span such as the last hour is the same on every page of its results."""
        self._asked = 0
        self._next: str | None = None
        self._keys: dict[str, int] = {}
        """Row keys of the results that are loaded, with their places from 1."""
        self._opened = opened
        self._total: int | None = None
        self._complained: set[str] = set()
        cameras = services.devices.cameras(sight)
        self._names: Mapping[CameraKey, str] = {CameraKey(c.agent_id, c.camera_id): c.title for c in cameras}
        with ui.element("div").classes("ws-search"):
            with ui.element("aside").classes("ws-search-side"):
                words("h1", _(TITLE))
                self._saved = SavedPanel(services.saved_searches, _, identity, lambda: self._question)
                named = {c.camera_id: c.title for c in cameras}
                self._fold = tool(_("Filters"), self._unfold).classes("ws-search-unfold").props('aria-expanded="false"')
                with ui.element("div").classes("ws-search-folded") as self._folded:
                    FilterPanel(_, question, named, change=self._change, when=self._when)
                    self._reason()
            with ui.element("div").classes("ws-search-main"):
                self._head()
                self._trouble = ui.element("div").classes("ws-search-column").props('aria-live="polite"')
                with ui.element("div").classes("ws-search-list"):
                    self._results = Results(_, on_more=self._more, on_open=self._open, on_close=self._close)
                    self._results.question(question.text())
                    self._beside = Beside(
                        services.search,
                        _,
                        actor=identity.actor,
                        sight=sight,
                        names=self._names,
                        seeks=identity.access.permits(Permission.CASE_EDIT),
                        on_walk=self._results.walk,
                        on_leave=self._results.leave,
                        on_compare=self._comparison.choose,
                    )
                self._nothing = ui.element("div")

    def _unfold(self) -> None:
        """Shows or hides the filters where a narrow screen has them folded away."""
        unfolded = self._fold.props["aria-expanded"] == "false"
        self._fold.props["aria-expanded"] = "true" if unfolded else "false"
        self._folded.classes(toggle="ws-unfolded")

    async def load(self) -> None:
        """Runs the query and draws its results. A later query wins over an earlier, slower one."""
        self._asked += 1
        mine = self._asked
        self._quiet()
        if self._question.fault is not None:
            self._complain(self._question.fault)
        self._say(busy=True)
        await self._load_page(mine)
        await self._results.wait_until_drawn()  # counting reads every row of the span: pictures do not wait beside it
        if mine != self._asked:
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._load_counts(mine))
            group.create_task(self._people.reload())
        if mine == self._asked:
            self._say()

    def _head(self) -> None:
        _ = self._
        with ui.element("div").classes("ws-search-head"):
            self._count = words("strong", "").props('aria-live="polite"')
            with ui.element("div").classes("ws-acts"):
                ui.button(_("Map"), icon="map", on_click=self._toggle_map).props("flat dense no-caps")
                ui.button(_("Week"), icon="calendar_view_week", on_click=self._toggle_week).props("flat dense no-caps")
                ui.button(_("People count"), icon="groups", on_click=self._show_people).props("flat dense no-caps")
                ui.button(_("Copy link"), icon="link", on_click=self._copy).props("flat dense no-caps")
                ui.button(_("Export CSV"), icon="download", on_click=self._export).props("flat dense no-caps")
                ui.button(_("Search details"), icon="help_outline", on_click=self._explain).props("flat dense no-caps")
        self._timeline = Timeline(_, on_choose=self._brush)
        with ui.element("div").classes("ws-panel ws-search-week") as self._week_box:
            label = _("Vehicles by hour of the week ({zone})").format(zone=moments.ZONE_TEXT)
            self._week = Week(_, label=label, unit=_("{count} vehicles"))
        self._week_box.set_visibility(False)
        self._map = SearchMap(_, self._services.atlas, on_area=self._drawn)
        self._map.area(self._corners)
        if self._corners:
            self._map.toggle()
        self._people = PeoplePanel(
            self._services,
            _,
            actor=self._identity.actor,
            sight=self._sight,
            names=self._names,
            question=lambda: self._question.asked(self._asked_at_ms),
        )
        self._plan = ui.element("div")
        self._comparison = Comparison(self._services.positions, _, self._names)

    def _reason(self) -> None:
        """Draws the field of the purpose, which goes into the audit and which an export needs."""
        _ = self._
        with ui.element("div").classes("ws-search-filters"):
            case = ui.input(_("Case"), value=self._question.filters.case_id or "").props("outlined dense debounce=600")
            case.props["maxlength"] = 64
            case.on_value_change(lambda event: self._in_case(event.value or None))
            self._purpose = ui.input(_("Purpose (recorded in the audit log)")).props(
                "outlined dense debounce=600 maxlength=200"
            )
            self._purpose.on_value_change(lambda event: self._because(event.value or ""))

    def _in_case(self, case_id: str | None) -> None:
        """Chooses the case and opens the page anew: a case decides which cameras the user sees."""
        try:
            ui.navigate.to(self._question.having(case_id=case_id).path())
        except CenterError as error:
            self._complain(error)

    def _because(self, purpose: str) -> None:
        """Sets the purpose of the next query; the one on show was asked without."""
        said = purpose.strip()
        try:
            self._question = self._question.having(purpose=said if len(said) >= 3 else None)
        except CenterError as error:
            self._complain(error)

    async def _load_page(self, mine: int) -> None:
        try:
            found = await self._found(None)
        except CenterError as error:
            if mine == self._asked:
                self._next, self._keys = None, {}
                self._results.put([], self._names, self._question.filters, more=False, first=True)
                self._nothing.clear()
                self._complain(error, again=True)
            return
        if mine == self._asked:
            self._keys = {}
            self._draw(found, first=True)
            await self._reopen(mine)

    async def _reopen(self, mine: int) -> None:
        """Opens the result that the address names, and reads as many pages of results as it takes to come to it."""
        opened, self._opened = self._opened, ""
        for _page in range(SEEK_PAGES if opened else 0):
            if opened in self._keys or self._next is None or mine != self._asked:
                break
            await self._more()
        if opened in self._keys and mine == self._asked:
            self._results.reveal(opened)

    async def _load_counts(self, mine: int) -> None:
        try:
            from_ms, to_ms = self._question.span(self._asked_at_ms)
            asked = self._question.asked(self._asked_at_ms).model_dump(exclude={"limit", "cursor"})
            filters = CountFilters(**asked | {"bin_ms": bin_ms(to_ms - from_ms)})
            counts = await self._services.search.counts(filters, actor=self._identity.actor, sight=self._sight)
        except CenterError as error:
            if mine == self._asked:
                self._total = None
                self._timeline.set_visibility(False)
                self._complain(error)
            return
        if mine == self._asked:
            self._total = counts.machines
            self._timeline.set_visibility(True)
            self._timeline.show(counts, from_ms, to_ms, filters.bin_ms)
            self._week.show({each.weekday * 24 + each.hour: sum(each.machines.values()) for each in counts.week})
            self._left_out(counts)
            await self._draw_heat(counts, mine)

    async def _found(self, cursor: str | None) -> ObservationList:
        filters = self._question.asked(self._asked_at_ms, limit=PAGE, cursor=cursor)
        return await self._services.search.observations(filters, actor=self._identity.actor, sight=self._sight)

    async def _more(self) -> None:
        """Reads and draws the next page of results."""
        if self._next is None:
            return
        mine = self._asked
        try:
            found = await self._found(self._next)
        except CenterError as error:
            if mine == self._asked:
                self._complain(error, again=True)
            return
        if mine == self._asked:
            self._draw(found, first=False)
            self._say()

    def _draw(self, found: ObservationList, *, first: bool) -> None:
        _ = self._
        self._next = found.next_cursor
        for item in found.items:
            self._keys[item.row_key] = len(self._keys) + 1
        more = self._next is not None
        self._results.put(found.items, self._names, self._question.filters, more=more, first=first)
        self._nothing.clear()
        if self._keys or self._next is not None:
            return
        with self._nothing:
            if self._question.is_plain:
                empty(
                    _("No records in this time range"),
                    _("Choose a longer time range. Pictures appear here a few seconds after an agent sends them."),
                )
            else:
                empty(_("No results"), _("Choose a longer time range, or remove a filter."))

    def _say(self, *, busy: bool = False) -> None:
        _ = self._
        if busy:
            self._count.set_text(_("Searching…"))
        elif self._total is None:
            self._count.set_text("")
        else:
            self._count.set_text(
                _("{machines} vehicles; {pictures} pictures loaded").format(
                    machines=f"{self._total:,}", pictures=f"{len(self._keys):,}"
                )
            )

    def _complain(self, error: CenterError, *, again: bool = False) -> None:
        """Shows an error once, whether pictures, counts or both failed."""
        if error.text() in self._complained:
            return
        self._complained.add(error.text())
        with self._trouble:
            problem(error, self._)
            if again:
                ui.button(self._("Retry"), icon="refresh", on_click=self.load).props("flat dense no-caps")

    def _quiet(self) -> None:
        self._complained.clear()
        self._trouble.clear()

    def _left_out(self, counts: MachineCounts) -> None:
        """Marks counts that are not exact."""
        _ = self._
        for days, text in (
            (counts.days_left_out, _("Too many vehicles to count at once. Days left out: {days}")),
            (counts.days_without, _("Days without the requested data: {days}")),
        ):
            if days:
                with self._trouble, ui.element("div").classes("ws-alert ws-alert-warn"):
                    words("span", text.format(days=", ".join(days)))

    async def _change(self, said: dict[str, Any]) -> None:
        try:
            question = self._question.having(**said)
        except CenterError as error:
            self._quiet()
            self._complain(error)
            return
        await self._ask(question)

    async def _when(self, period: str) -> None:
        await self._ask(replace(self._question, period=period, fault=None))

    async def _ask(self, question: SearchQuery) -> None:
        self._question = question
        self._asked += 1
        mine = self._asked
        await asyncio.sleep(SETTLE_S)
        if mine != self._asked:
            return
        self._asked_at_ms = self._services.now_ms()
        ui.navigate.history.replace(question.path())
        self._results.question(question.text())
        self._plan.clear()
        await self.load()

    async def _open(self, row_key: str) -> None:
        """Shows a result beside the list, and names it in the address: reloaded or copied, it opens there again."""
        if row_key not in self._keys:
            return
        _ = self._
        ui.navigate.history.replace(self._question.path(opened=row_key))
        place = _("{number} of {count}").format(number=self._keys[row_key], count=f"{len(self._keys):,}")
        await self._beside.show(row_key, place, self._question.text())
        self._results.settle()

    def _close(self) -> None:
        self._beside.hide()
        ui.navigate.history.replace(self._question.path())

    def _brush(self, from_ms: int, to_ms: int) -> None:
        """Opens a part of the time line as a page of its own, so that Back leads out of it again."""
        chosen = replace(self._question.having(from_ms=from_ms, to_ms=to_ms), period=CUSTOM)
        ui.navigate.to(chosen.path())

    # --- The map -------------------------------------------------------------------------------------------------

    async def _show_people(self) -> None:
        await self._people.toggle()

    def _toggle_week(self) -> None:
        self._week_box.set_visibility(not self._week_box.visible)

    def _toggle_map(self) -> None:
        self._map.toggle()

    def _drawn(self, corners: tuple[MapPoint, ...]) -> None:
        # A map awaits nothing.
        ui.timer(0, partial(self._area, corners), once=True)

    async def _area(self, corners: tuple[MapPoint, ...]) -> None:
        text = " ".join(f"{corner.longitude:.7f},{corner.latitude:.7f}" for corner in corners)
        await self._change({"area": text or None})
        self._map.area(self._corners)

    @property
    def _corners(self) -> list[MapPoint]:
        """Corners of the area that is searched."""
        return [MapPoint(latitude, longitude) for longitude, latitude in self._question.filters.corners]

    async def _draw_heat(self, counts: MachineCounts, mine: int) -> None:
        _ = self._
        counted = {CameraKey(each.agent_id, each.camera_id): sum(each.machines.values()) for each in counts.cameras}
        try:
            positions = await asyncio.to_thread(self._services.positions.of, counted)
        except CenterError as error:
            positions = {}
            self._complain(error)
        if mine != self._asked:
            return
        heat = []
        for key, position in positions.items():
            said = _("{count} vehicles").format(count=f"{counted[key]:,}")
            title = _.named(self._names.get(key, key.camera_id), said)
            heat.append(Heat(MapPoint(position.latitude, position.longitude), counted[key], title))
        self._map.heat(heat)

    # --- Taken away ----------------------------------------------------------------------------------------------

    def _copy(self) -> None:
        ui.run_javascript("navigator.clipboard?.writeText(location.href)")
        ui.notify(self._("Link copied. Users who open it see only what their account may see."))

    def _export(self) -> None:
        _ = self._
        export_dialog.ask_purpose(
            _,
            _("At most 10,000 rows, newest first."),
            purpose=self._purpose.value or "",
            name="observations.csv",
            made=self._csv,
        )

    async def _csv(self, purpose: str | None) -> bytes:
        made = await SearchExport(self._services.search, self._services.audit).csv(
            self._question.having(purpose=purpose).asked(self._asked_at_ms),
            self._names,
            actor=self._identity.actor,
            sight=self._sight,
        )
        return made.data

    async def _explain(self) -> None:
        """Shows table, index and rows of each day."""
        _ = self._
        self._plan.clear()
        try:
            asked = self._question.asked(self._asked_at_ms)
            plan = await self._services.search.plan(asked, actor=self._identity.actor, sight=self._sight)
        except CenterError as error:
            self._complain(error)
            return
        with self._plan:
            plan_panel.draw(plan, self._asked_at_ms, _)
