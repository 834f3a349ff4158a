"""Draws one case: approval above, search and candidates left, sightings, map and cameras to ask right."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import CameraKey, Permission
from center.cases.lookalike_search import SearchFilters
from center.cases.states import Act, CaseState
from center.cases.views import CaseDetail, CaseMachine, CaseView, Explained, MachineVerdict, SearchView, SpanReviewView
from center.console import labels
from center.console.cases.area import draw_area
from center.console.cases.list import seek_of, state
from center.console.cases.recorder import RecorderPanel
from center.console.cases.review import Review
from center.console.cases.sightings import Sightings
from center.console.cases.sought import SoughtPanel
from center.console.frame import case_path, frame, problem
from center.console.irreversible import CLOSE_CASE, agreed
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.loading import Waiting
from center.console.widgets.markup import moment, words
from center.console.widgets.several import SeveralSelect
from center.errors import CenterError, marked
from center.services import Services, identity_of, services_of, sight_of
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import MachineClass

TITLE: Final = marked("Case")
_FIELDS: Final = "outlined dense stack-label"
_PERMISSIONS: Final = {Act.APPROVE: Permission.CASE_APPROVE, Act.REFUSE: Permission.CASE_APPROVE}
"""Permissions for acts that an editor of the case may not do."""
_OFFERED: Final = {
    CaseState.DRAFT: (Act.REQUEST, Act.CLOSE),
    CaseState.REQUESTED: (Act.APPROVE, Act.REFUSE, Act.WITHDRAW),
    CaseState.APPROVED: (Act.REVISE, Act.CLOSE),
    CaseState.EXPIRED: (Act.REVISE, Act.CLOSE),
    CaseState.CLOSED: (),
}


async def case(request: Request, case_id: str) -> None:
    """Draws the page `/cases/{case_id}`.

    Raises:
        CenterError: see `CaseWorkflow.case`.
    """
    book, asker, sight = services_of(request).cases.book, identity_of(request), sight_of(request)
    detail = await asyncio.to_thread(book.case, case_id, asker=asker, sight=sight)
    with frame(request, title=TITLE, active="/cases") as _:
        page = _Page(request, _, case_id)
    ui.timer(0, lambda: page.show(detail), once=True)


class _Page:
    """One open page of a case."""

    def __init__(self, request: Request, _: Language, number: str) -> None:
        self._services: Services = services_of(request)
        self._ = _
        self._number = number
        self._identity = identity_of(request)
        self._sight = sight_of(request)
        self._seek = seek_of(request)
        with ui.element("div").classes("ws-title"):
            ui.link(_("Cases"), "/cases")
            words("h1", number)
        self._trouble = ui.element("div")
        self._head = ui.element("div").classes("ws-panel ws-case-head")
        self._body = ui.element("div").classes("ws-case")
        self._review: Review | None = None
        self._sought_machines: tuple[CaseMachine, ...] = ()

    async def load(self) -> None:
        """Reads the case again and draws it."""
        try:
            detail = await asyncio.to_thread(
                self._services.cases.book.case, self._number, asker=self._identity, sight=self._sight
            )
        except CenterError as error:
            self._head.set_visibility(False)
            self._say(error)
            return
        await self.show(detail)

    async def show(self, detail: CaseDetail) -> None:
        """Draws the case as it was read."""
        self._draw_head(detail)
        await self._draw_area(detail.case)
        self._body.clear()
        with self._body:
            await self._draw(detail)

    def _may(self, permission: Permission) -> bool:
        return self._identity.access.permits(permission, case_id=self._number)

    def _draw_head(self, detail: CaseDetail) -> None:
        _, shown = self._, detail.case
        terms = shown.terms
        self._head.clear()
        with self._head:
            with ui.element("div") as self._facts:
                with ui.element("div").classes("ws-case-line"):
                    state(shown.state, _)
                    words("strong", terms.purpose)
                colours = ", ".join(_(labels.COLOURS[colour]) for colour in terms.colours)
                facts = [
                    _(labels.CLASSES[terms.cls]),
                    colours,
                    _("cameras: {count}").format(count=shown.cameras),
                    _("in charge: {name}").format(name=shown.owner),
                ]
                words("div", " · ".join(fact for fact in facts if fact)).classes("ws-sub")
                with ui.element("div").classes("ws-sub"):
                    moment(moments.local(terms.from_ms), moments.utc(terms.from_ms))
                    words("span", " – ")
                    moment(moments.local(terms.to_ms), moments.utc(terms.to_ms))
                    words("span", " · " + _("expires") + " ")
                    moment(moments.local(terms.expires_at_ms), moments.utc(terms.expires_at_ms))
                self._history(detail)
            with ui.element("div").classes("ws-acts"):
                if shown.state is CaseState.DRAFT and self._may(Permission.CASE_EDIT):
                    ui.link(_("Edit"), f"{case_path(self._number)}/change")
                for act in _OFFERED[shown.state]:
                    if self._may(_PERMISSIONS.get(act, Permission.CASE_EDIT)) and self._is_second(act, detail):
                        strong = act in {Act.REQUEST, Act.APPROVE}
                        ui.button(_(labels.CASE_BUTTONS[act]), color=None, on_click=self._acting(act, detail)).props(
                            "unelevated no-caps" if strong else "flat dense no-caps"
                        ).classes("ws-strong" if strong else "")

    async def _draw_area(self, case: CaseView) -> None:
        """Draws area and theft; unfolded where the account is to approve them."""
        try:
            area = await asyncio.to_thread(self._services.cases.case_machines.area, self._number, sight=self._sight)
            districts = await asyncio.to_thread(self._services.districts.all)
        except CenterError as error:
            self._say(error)
            return
        names = {each.district_id: each.name for each in districts if not area.isdisjoint(each.cameras)}
        seen = self._services.devices.cameras(self._sight)
        titles = {CameraKey(camera.agent_id, camera.camera_id): camera.title for camera in seen}
        with self._facts, ui.element("details").classes("ws-history") as details:
            words("summary", self._("Area and place of the theft"))
            draw_area(case, area, names, titles, self._)
        if case.state is CaseState.REQUESTED:
            details.props("open")

    def _is_second(self, act: Act, detail: CaseDetail) -> bool:
        shown = detail.case
        first = {shown.requested_by, shown.owner, shown.written_by}
        return act is not Act.APPROVE or self._identity.username not in first

    def _history(self, detail: CaseDetail) -> None:
        _ = self._
        with ui.element("details").classes("ws-history"):
            words("summary", _("History"))
            with ui.element("ol"):
                for event in detail.events:
                    with ui.element("li"):
                        moment(moments.local(event.at_ms), moments.utc(event.at_ms))
                        words("span", f" · {_(labels.CASE_ACTS[event.act])} · {event.actor}")
                        if event.comment:
                            words("span", f" · {event.comment}")

    def _acting(self, act: Act, detail: CaseDetail) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            days = self._services.cases.keep_days
            if act is Act.CLOSE and not await agreed(CLOSE_CASE, self._, number=self._number, days=days):
                return
            permission = _PERMISSIONS.get(act, Permission.CASE_EDIT)
            try:
                await asyncio.to_thread(
                    self._services.cases.book.act,
                    self._number,
                    act,
                    version=detail.case.version,
                    asker=self._identity,
                    sight=self._identity.access.scope(permission, case_id=self._number),
                )
            except CenterError as error:
                self._say(error)
                return
            self._trouble.clear()
            await self.load()

        return run

    async def _draw(self, detail: CaseDetail) -> None:
        in_force = detail.case.state is CaseState.APPROVED
        edits = self._identity.access.scope(Permission.CASE_EDIT, case_id=self._number)
        open_ = detail.case.state not in {CaseState.CLOSED, CaseState.EXPIRED}
        may_edit = self._may(Permission.CASE_EDIT) and open_
        with ui.element("div").classes("ws-side") as left:
            sought = SoughtPanel(
                self._services,
                self._,
                number=self._number,
                identity=self._identity,
                sight=self._sight,
                edits=edits if may_edit else None,
                seek=self._seek,
                changed=self.load,
            )
            if in_force and self._may(Permission.OBSERVATION_SEARCH):
                self._draw_filters(detail)
            with ui.element("div").classes("ws-panel ws-inset"):
                words("h2", self._("Candidates"))
                if detail.case.state in {CaseState.DRAFT, CaseState.REQUESTED}:
                    words("p", self._("The archive can be searched once the case is approved.")).classes("ws-muted")
                self._review = Review(
                    self._services,
                    self._,
                    number=self._number,
                    identity=self._identity,
                    sight=edits,
                    may_decide=in_force and may_edit,
                    decided=self._redraw_sightings,
                )
        with ui.element("div").classes("ws-side") as right:
            recorders = RecorderPanel(
                self._services,
                self._,
                case=detail.case,
                identity=self._identity,
                sight=self._sight,
                settled=self._review.settled,
                reviewed=self._show_reviewed,
            )
            self._sightings = Sightings(
                self._services,
                self._,
                case=detail.case,
                identity=self._identity,
                sight=self._sight,
                recorders=recorders,
            )
        recorders.panel.move(right)
        await recorders.load()
        self._sought_machines = await sought.load()
        if self._sought_machines and in_force and not self._seek and not sought.panel.is_deleted:
            # It stands beside every candidate: the work comes first.
            sought.panel.move(left)
        await self._sightings.load()
        try:
            found = await self._services.cases.lookalikes.machines(
                self._number, (MachineVerdict.CANDIDATE,), sight=self._sight
            )
        except CenterError as error:
            self._say(error)
            return
        self._review.show(self._sought_machines, found.items)

    async def _show_reviewed(self, found: SpanReviewView) -> None:
        """Shows the machines of a task's camera and span, to be decided one by one."""
        if self._review is None:
            return
        self._review.show(self._sought_machines, found.items)
        self._explained.clear()
        text = self._("Candidates from the requested recording: {count}").format(count=len(found.items))
        if found.left_out:
            text += " · " + self._("{count} more once these are decided").format(count=found.left_out)
        with self._explained:
            words("p", text).props('role="status"')

    async def _redraw_sightings(self) -> None:
        await self._sightings.load()

    def _draw_filters(self, detail: CaseDetail) -> None:
        _, terms = self._, detail.case.terms
        cameras = {
            f"{camera.agent_id}/{camera.camera_id}": camera.title
            for camera in self._services.devices.cameras(self._sight)
        }
        with ui.element("div").classes("ws-panel ws-inset"), ui.element("div").classes("ws-filters ws-filters-tight"):
            self._cls = SeveralSelect(
                {each.value: _(labels.CLASSES[each]) for each in MachineClass},
                label=_("Type"),
                value=[each.value for each in terms.classes],
            ).props(_FIELDS)
            self._colours = SeveralSelect(
                {each.value: _(labels.COLOURS[each]) for each in MachineColour},
                label=_("Colour (any)"),
            ).props(_FIELDS)
            self._cameras = SeveralSelect(cameras, label=_("Cameras (all)")).props(_FIELDS)
            self._from = ui.input(
                _("From ({zone})").format(zone=moments.ZONE_TEXT), value=moments.to_input(terms.from_ms)
            ).props(f"{_FIELDS} type=datetime-local")
            self._to = ui.input(
                _("To ({zone})").format(zone=moments.ZONE_TEXT), value=moments.to_input(terms.to_ms)
            ).props(f"{_FIELDS} type=datetime-local")
            self._ask = ui.button(_("Search"), icon="search", on_click=self._search).props("unelevated no-caps")
        self._waiting = Waiting[SearchView](
            _,
            says=_("Searching the archive…"),
            given_up=_("The search was cancelled. It is recorded in the audit log."),
        )
        self._explained = ui.element("div")

    async def _search(self) -> None:
        """Searches the archive, with a button to cancel."""
        if self._waiting.busy:
            return
        self._ask.disable()
        try:
            wanted = SearchFilters(
                cls=tuple(MachineClass(each) for each in self._cls.value),
                colours=tuple(MachineColour(each) for each in self._colours.value),
                cameras=tuple(self._cameras.value),
                from_ms=moments.from_input(self._from.value),
                to_ms=moments.from_input(self._to.value),
            )
            found = await self._waiting.wait(self._found(wanted))
        except CenterError as error:
            self._say(error)
            return
        finally:
            self._ask.enable()
        self._trouble.clear()
        if found is None:
            return
        self._explain(found.explained, len(found.items))
        if self._review is not None:
            self._review.show(self._sought_machines, found.items)

    async def _found(self, wanted: SearchFilters) -> SearchView:
        """Searches once all that was decided before is written: it leaves out what is decided."""
        if self._review is not None:
            await self._review.settled()
        sight = self._identity.access.scope(Permission.OBSERVATION_SEARCH, case_id=self._number)
        return await self._services.cases.lookalikes.search(self._number, wanted, asker=self._identity, sight=sight)

    def _explain(self, said: Explained, shown: int) -> None:
        _ = self._
        self._explained.clear()
        with self._explained, ui.element("details").classes("ws-history"):
            summary = _("Found: {found}, candidates: {shown}. Search details")
            words("summary", summary.format(found=said.found, shown=shown))
            lines = [
                _("Cameras: {cameras}, days: {days}, archive queries: {questions}").format(
                    cameras=said.cameras, days=said.days, questions=said.questions
                ),
                _(
                    "Compared with pictures of the wanted vehicle: {machines}; ranked lower for similarity "
                    "to rejected candidates: {rejected}"
                ).format(machines=said.machines, rejected=said.rejected),
                _("Already decided: {count}").format(count=said.judged),
            ]
            if said.cameras_out_of_sight:
                lines.append(
                    _("Cameras of the case that you cannot see: {count}").format(count=said.cameras_out_of_sight)
                )
            if said.failed_days:
                lines.append(_("Days that could not be searched: {days}").format(days=", ".join(said.failed_days)))
            if said.recall is None:
                lines.append(_("Share of the best matches that the index finds: not measured, or no index was used"))
            else:
                found = _("The index finds {share} of the ten best matches")
                lines.append(found.format(share=f"{said.recall:.0%}"))
            with ui.element("ul"):
                for line in lines:
                    words("li", line)

    def _say(self, error: CenterError) -> None:
        self._trouble.clear()
        with self._trouble:
            problem(error, self._)
