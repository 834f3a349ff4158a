"""Searches the archive for the machine of one case: in several requests, merged, ranked and explained."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from center.access.permissions import CameraKey, Identity, Scope
from center.cases import footage_windows as footage
from center.cases import lookalike_query
from center.cases.desk_pictures import DeskPictures, machines_of
from center.cases.errors import (
    CaseTermsError,
    DeskMissingError,
    ForeignPictureError,
    NothingSoughtError,
    UnknownCaseMachineError,
)
from center.cases.footage_windows import Spot, worth_asking
from center.cases.machines import CaseMachines, Ranked, SearchBasis
from center.cases.scoring import Anchor, Score, colour_factor, reach
from center.cases.terms import CaseTerms, Source
from center.cases.views import (
    CaseMachine,
    Explained,
    JudgedMachine,
    MachineList,
    MachineVerdict,
    SearchView,
    WindowList,
    WindowView,
)
from center.cases.workflow import CaseWorkflow
from center.errors import NotComparableError, UnknownObservationError
from center.geometry import Position
from center.search import lookalikes, pictures
from center.search.camera_positions import CameraPositions
from center.search.client import Search
from center.search.views import ObservationView, shown
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.query.lookalike import MAX_HITS, MAX_MACHINES, LookalikePage, LookalikeRequest, MachineRef
from provisioning.contracts.wire.messages import MachineClass, PictureState, TimeMs

PARALLEL: Final = 4
"""Requests at once: the cluster searches four days of each at once."""
DEPTH: Final = 500
"""Hits of one request: rejections and places reorder them, so more are asked for than are shown."""


class SearchFilters(BaseModel):
    """Filters that narrow a search; those left empty are as in the case. Machine classes alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cls: tuple[MachineClass, ...] = Field(default=(), max_length=len(MachineClass))
    """Empty: the sought class and those it is taken for."""
    colours: tuple[MachineColour, ...] = Field(default=(), max_length=len(MachineColour))
    """Empty: any; else machines of unknown colour are not found."""
    cameras: tuple[Source, ...] = Field(default=(), max_length=256)
    """Cameras of the area; empty: all of them."""
    from_ms: TimeMs | None = None
    to_ms: TimeMs | None = None
    limit: int = Field(default=60, ge=1, le=200)

    @model_validator(mode="after")
    def _forwards(self) -> "SearchFilters":
        if self.from_ms is not None and self.to_ms is not None and self.to_ms <= self.from_ms:
            raise ValueError("from_ms, to_ms: the span ends before it begins")
        return self


class LookalikeSearch:
    """Runs searches of cases, and serves their machines, observations, sightings and footage windows.

    Raises (all methods):
        UnknownCaseError, StoreUnavailableError: see `CaseWorkflow`.
    """

    def __init__(
        self,
        search: Search,
        book: CaseWorkflow,
        case_machines: CaseMachines,
        pictures: DeskPictures,
        positions: CameraPositions,
    ) -> None:
        self._search = search
        self._book = book
        self._case_machines = case_machines
        self._pictures = pictures
        self._positions = positions

    async def search(self, number: str, wanted: SearchFilters, *, asker: Identity, sight: Scope) -> SearchView:
        """Searches the archive, and stores the hits as the candidates of the case.

        Raises:
            CaseNotApprovedError, NothingSoughtError, CaseTermsError, TooManyQuestionsError: this search is not allowed.
            NotComparableError: none of the pictures of the machine can be compared any more.
            QueryError, QueryRefusedError: the archive does not answer, or refuses the request.
        """
        filters = wanted.model_dump(mode="json", exclude_defaults=True)
        basis = await asyncio.to_thread(
            self._case_machines.open, number, sight=sight, action="search", actor=asker.actor, filters=filters
        )
        cameras = frozenset(key for key in basis.area if sight.holds(*key))
        question = _question(number, basis.terms, wanted, cameras, asker.username)
        machines = _sought(basis)
        if not machines:
            raise NothingSoughtError(number=number)
        rejected = [_ref(each.machine) for each in basis.of(MachineVerdict.REJECTED)][:MAX_MACHINES]
        found = await self._ask(question, machines)
        lowering = await self._lowering(question, rejected) if rejected and found.hits else None
        known = basis.of(MachineVerdict.CONFIRMED)
        keys = {CameraKey(each.machine.agent_id, each.machine.camera_id) for each in known}
        places = await asyncio.to_thread(self._positions.of, cameras | keys)
        hits = found.hits.keys() - _keys(basis.of(MachineVerdict.SOUGHT))
        ranked = _ranked(found, lowering, basis, places)
        await asyncio.to_thread(self._case_machines.found, number, ranked[: wanted.limit], asker=asker, sight=sight)
        explained = Explained(
            cameras=len(question.cameras),
            cameras_out_of_sight=len(basis.area) - len(cameras),
            machines=min(len(machines), MAX_MACHINES),
            rejected=len(rejected),
            questions=found.questions + (lowering.questions if lowering is not None else 0),
            days=found.days,
            failed_days=found.failed_days,
            recall=found.recall,
            found=len(hits),
            judged=len(hits) - len(ranked),
            elsewhere=found.elsewhere,
        )
        candidates = await self.machines(number, (MachineVerdict.CANDIDATE,), sight=sight)
        return SearchView(items=candidates.items, explained=explained)

    async def machines(self, number: str, verdicts: Sequence[MachineVerdict], *, sight: Scope) -> MachineList:
        """Returns machines of the case with their positions: candidates best first, all others by capture time."""
        found = await asyncio.to_thread(self._case_machines.machines, number, verdicts, sight=sight)
        keys = {CameraKey(each.machine.agent_id, each.machine.camera_id) for each in found}
        places = await asyncio.to_thread(self._positions.of, keys)
        placed = [_placed(each, places) for each in found]
        if MachineVerdict.CANDIDATE not in verdicts:
            placed.sort(key=lambda each: (each.machine.captured_at_ms, each.machine.row_key, each.machine.index))
        return MachineList(items=tuple(placed))

    async def area(self, number: str, *, sight: Scope) -> tuple[Spot, ...]:
        """Returns the cameras of the case in sight that have a position."""
        area = await asyncio.to_thread(self._case_machines.area, number, sight=sight)
        places = await asyncio.to_thread(self._positions.of, area)
        return tuple(Spot(key, place) for key, place in sorted(places.items()))

    async def seek(self, number: str, row_key: str, index: int, *, asker: Identity, sight: Scope) -> JudgedMachine:
        """Makes a machine of an observation the sought one of the case.

        Raises:
            UnknownObservationError, UnknownCaseMachineError: there is none, or it is out of sight.
            ForeignPictureError, DeskMissingError: the desk agent did not bring it for this case.
            UnsignedPictureError, ForgedPictureError: it is not what the desk agent signed.
            NoPictureError, PictureBrokenError: its picture is gone.
            CaseStateError: the case has ended.
            QueryError: the archive does not answer.
        """
        await asyncio.to_thread(self._case_machines.look, number, row_key, asker=asker, sight=sight)
        row = await self._search.archived(row_key)
        snapshot = row.snapshot
        is_desk = self._pictures.is_desk(row_key, snapshot.camera_id)
        if is_desk:
            await asyncio.to_thread(self._pictures.check, number, row_key)
        elif not sight.holds(snapshot.agent_id, snapshot.camera_id):
            raise UnknownObservationError(row_key=row_key)
        machine = next((each for each in machines_of(row) if each.index == index), None)
        if machine is None or snapshot.picture is not PictureState.KEPT:
            raise UnknownCaseMachineError(row_key=row_key, index=index)
        signed_by = await self._pictures.check_signed(number, snapshot) if is_desk else None
        seek = partial(self._case_machines.seek, asker=asker, sight=sight, signed_by=signed_by)
        return await asyncio.to_thread(seek, number, machine)

    async def observation(self, number: str, row_key: str, *, asker: Identity, sight: Scope) -> ObservationView:
        """Returns one observation of the case with its machines, and audits that it was looked at.

        Raises:
            UnknownObservationError: it is none of the case's, or of a camera out of sight, or not archived any more.
            QueryError: the archive does not answer.
        """
        await asyncio.to_thread(self._case_machines.show, number, row_key, "show", asker=asker, sight=sight)
        return shown(await self._search.archived(row_key))

    async def picture(self, number: str, row_key: str, *, asker: Identity, sight: Scope) -> bytes:
        """Returns the redacted JPEG of an observation of the case, and audits that it was opened.

        Raises:
            NoPictureError, PictureBrokenError: there is none to show.
            UnknownObservationError, QueryError: as `observation`.
        """
        await asyncio.to_thread(self._case_machines.show, number, row_key, "show_picture", asker=asker, sight=sight)
        return await self._search.exported(row_key)

    async def crop(self, number: str, row_key: str, index: int, *, sight: Scope) -> bytes:
        """Crops a machine of the case, or of a picture that the desk agent brought for it, from the redacted picture.

        Writes no audit entry: that of the search or page that led here covers it.

        Raises:
            UnknownCaseMachineError: the case has no such machine in sight.
            UnknownObservationError, NoPictureError, PictureBrokenError: there is nothing to cut from any more.
            QueryError: the archive does not answer.
        """
        machine = await asyncio.to_thread(self._case_machines.machine, number, row_key, index, sight=sight)
        if machine is None:
            try:
                await asyncio.to_thread(self._pictures.check, number, row_key)
            except (ForeignPictureError, DeskMissingError) as error:
                raise UnknownCaseMachineError(row_key=row_key, index=index) from error
            row = await self._search.archived(row_key)
            machine = next((each for each in machines_of(row) if each.index == index), None)
        if machine is None:
            raise UnknownCaseMachineError(row_key=row_key, index=index)
        jpeg = await self._search.exported(row_key)
        return await asyncio.to_thread(
            pictures.crop, jpeg, machine.box, margin=pictures.DEFAULT_MARGIN, row_key=row_key
        )

    async def footage(self, number: str, *, asker: Identity, sight: Scope) -> WindowList:
        """Returns the cameras of the area worth asking for footage, with the times to ask for.

        Raises:
            CaseNotApprovedError: the case is not in force.
        """
        basis = await asyncio.to_thread(
            self._case_machines.open, number, sight=sight, action="footage", actor=asker.actor
        )
        cameras = frozenset(key for key in basis.area if sight.holds(*key))
        places = await asyncio.to_thread(self._positions.of, cameras)
        spots = [Spot(key, place) for key, place in sorted(places.items())]
        windows = worth_asking(_anchors(basis, places), spots, basis.terms.cls)
        return WindowList(
            items=tuple(_window(each, places[each.key]) for each in windows),
            without_place=len(cameras) - len(places),
        )

    async def _ask(
        self, question: lookalike_query.LookalikeQuery, machines: Sequence[MachineRef]
    ) -> lookalike_query.LookalikeAnswer:
        """Asks the archive; machines that cannot be compared any more are left out if others can be."""
        try:
            return lookalike_query.merged(await self._pages(question, machines), question.cameras)
        except NotComparableError:
            if len(machines) == 1:
                raise
        comparable = [machine for machine in machines[:MAX_MACHINES] if await self._is_comparable(question, machine)]
        if not comparable:
            raise NotComparableError
        return lookalike_query.merged(await self._pages(question, comparable), question.cameras)

    async def _lowering(
        self, question: lookalike_query.LookalikeQuery, rejected: Sequence[MachineRef]
    ) -> lookalike_query.LookalikeAnswer | None:
        """Searches for look-alikes of the rejected machines; None if none of these can be compared any more."""
        try:
            return await self._ask(replace(question, limit=MAX_HITS), rejected)
        except NotComparableError:
            return None

    async def _is_comparable(self, question: lookalike_query.LookalikeQuery, machine: MachineRef) -> bool:
        probe = lookalike_query.requests(replace(question, to_ms=question.from_ms + 1, limit=1), [machine])[0]
        try:
            await lookalikes.lookalikes(self._search, probe)
        except NotComparableError:
            return False
        return True

    async def _pages(
        self, question: lookalike_query.LookalikeQuery, machines: Sequence[MachineRef]
    ) -> list[LookalikePage]:
        slots = asyncio.Semaphore(PARALLEL)

        async def one(request: LookalikeRequest) -> LookalikePage:
            async with slots:
                return await lookalikes.lookalikes(self._search, request)

        tasks = [asyncio.create_task(one(request)) for request in lookalike_query.requests(question, machines)]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()


def narrowed(
    terms: CaseTerms, wanted: SearchFilters, cameras: frozenset[CameraKey]
) -> tuple[frozenset[CameraKey], TimeMs, TimeMs]:
    """Returns cameras, start and end of a search: the case's, narrowed and never widened.

    Raises:
        CaseTermsError: nothing of the case is left.
    """
    named = frozenset(CameraKey(*source.split("/", 1)) for source in wanted.cameras)
    asked = cameras & named if named else cameras
    from_ms = max(terms.from_ms, wanted.from_ms or 0)
    to_ms = terms.to_ms if wanted.to_ms is None else min(terms.to_ms, wanted.to_ms)
    if not asked or from_ms >= to_ms:
        raise CaseTermsError(cause="no camera and time of the case is left in this search")
    return asked, from_ms, to_ms


def _question(
    number: str, terms: CaseTerms, wanted: SearchFilters, cameras: frozenset[CameraKey], asked_by: str
) -> lookalike_query.LookalikeQuery:
    """Makes the search.

    Raises:
        CaseTermsError: nothing of the case is left.
    """
    asked, from_ms, to_ms = narrowed(terms, wanted, cameras)
    return lookalike_query.LookalikeQuery(
        case=number,
        purpose=terms.purpose,
        asked_by=asked_by,
        cameras=asked,
        from_ms=from_ms,
        to_ms=to_ms,
        classes=wanted.cls or terms.classes,
        colours=wanted.colours,
        limit=DEPTH,
    )


def _sought(basis: SearchBasis) -> list[MachineRef]:
    """Returns the machines to compare with: pictures of the sought one, then the newest confirmed sightings."""
    confirmed = sorted(basis.of(MachineVerdict.CONFIRMED), key=lambda each: -each.machine.captured_at_ms)
    return [_ref(each.machine) for each in (*basis.of(MachineVerdict.SOUGHT), *confirmed)]


def _ref(machine: CaseMachine) -> MachineRef:
    return MachineRef(row_key=machine.row_key, index=machine.index)


def _anchors(basis: SearchBasis, places: dict[CameraKey, Position]) -> list[Anchor]:
    """Returns the known places and times of the machine: confirmed sightings, and the theft."""
    anchors = []
    for each in basis.of(MachineVerdict.CONFIRMED):
        machine = each.machine
        place = places.get(CameraKey(machine.agent_id, machine.camera_id))
        if place is not None:
            anchors.append(Anchor(machine.captured_at_ms, place, machine.row_key, machine.agent_id, machine.camera_id))
    theft = basis.terms.theft
    if theft is not None:
        anchors.append(Anchor(theft.at_ms, Position(theft.latitude, theft.longitude)))
    return anchors


def _ranked(
    found: lookalike_query.LookalikeAnswer,
    lowering: lookalike_query.LookalikeAnswer | None,
    basis: SearchBasis,
    places: dict[CameraKey, Position],
) -> list[Ranked]:
    """Ranks the hits, best first, without those that a user has decided on."""
    judged = _keys(basis.judged)
    anchors, terms = _anchors(basis, places), basis.terms
    ranked: list[tuple[float, Ranked]] = []
    for key, (row, alike) in found.hits.items():
        if key in judged:
            continue
        agent_id = row.row_key.partition(":")[0]
        place = places.get(CameraKey(agent_id, row.camera_id))
        near = None if lowering is None else lowering.hits.get(key)
        score = Score(
            likeness=alike,
            rejected=None if near is None else near[1],
            colour=colour_factor(row.colour, terms.colours),
            reach=reach(row.captured_at_ms, place, anchors, terms.cls),
        )
        machine = CaseMachine(agent_id=agent_id, **row.model_dump(include=set(CaseMachine.model_fields)))
        ranked.append((score.total, Ranked(machine, score)))
    ranked.sort(key=lambda each: (-each[0], each[1].machine.row_key, each[1].machine.index))
    return [each for _total, each in ranked]


def _keys(judged: Iterable[JudgedMachine]) -> set[tuple[str, int]]:
    return {(each.machine.row_key, each.machine.index) for each in judged}


def _placed(judged: JudgedMachine, places: dict[CameraKey, Position]) -> JudgedMachine:
    place = places.get(CameraKey(judged.machine.agent_id, judged.machine.camera_id))
    if place is None:
        return judged
    return judged.model_copy(update={"latitude": place.latitude, "longitude": place.longitude})


def _window(window: footage.FootageWindow, place: Position) -> WindowView:
    return WindowView(
        agent_id=window.key.agent_id,
        camera_id=window.key.camera_id,
        latitude=place.latitude,
        longitude=place.longitude,
        from_ms=window.from_ms,
        to_ms=window.to_ms,
        distance_m=round(window.distance_m),
        because=window.because,
    )
