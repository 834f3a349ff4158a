"""Makes the machines that one camera saw in one span the candidates of a case, to be looked through one by one."""

import asyncio
from collections.abc import Iterator
from typing import Final

from center.access.permissions import CameraKey, Identity, Scope
from center.cases.lookalike_search import LookalikeSearch, SearchFilters, narrowed
from center.cases.machines import CaseMachines, Ranked
from center.cases.terms import CaseTerms
from center.cases.views import CaseMachine, JudgedMachine, MachineVerdict, SpanReviewView
from center.search.client import Search
from center.search.filters import Filters
from center.search.views import ObservationView
from provisioning.contracts.wire.messages import PictureState

MOST: Final = 200
"""Candidates of one review."""
PAGES: Final = 20
"""Pages of the archive that one review reads at most."""
_PAGE: Final = 200


class SpanReview:
    """Reviews spans: by likeness where the case has a picture of the sought machine, else by capture time."""

    def __init__(self, search: Search, case_machines: CaseMachines, lookalikes: LookalikeSearch) -> None:
        self._search = search
        self._case_machines = case_machines
        self._lookalikes = lookalikes

    async def review(
        self, number: str, camera: CameraKey, from_ms: int, to_ms: int, *, asker: Identity, sight: Scope
    ) -> SpanReviewView:
        """Replaces the candidates of the case by the machines of this camera and span.

        Raises:
            CenterError: as `LookalikeSearch.search`, but for `NothingSoughtError`.
        """
        wanted = SearchFilters(cameras=("/".join(camera),), from_ms=from_ms, to_ms=to_ms, limit=MOST)
        known = (MachineVerdict.SOUGHT, MachineVerdict.CONFIRMED)
        if await asyncio.to_thread(self._case_machines.machines, number, known, sight=sight):
            found = await self._lookalikes.search(number, wanted, asker=asker, sight=sight)
            count = found.explained.found - found.explained.judged
        else:
            count = await self._list(number, wanted, asker=asker, sight=sight)
        candidates = await self._lookalikes.machines(number, (MachineVerdict.CANDIDATE,), sight=sight)
        items = tuple(each for each in candidates.items if _is_of(each, camera, from_ms, to_ms))
        return SpanReviewView(items=items, left_out=max(0, count - len(items)))

    async def _list(self, number: str, wanted: SearchFilters, *, asker: Identity, sight: Scope) -> int:
        """Stores the machines of the case's classes as candidates, oldest first; returns how many there are."""
        filters = wanted.model_dump(mode="json", exclude_defaults=True)
        basis = await asyncio.to_thread(
            self._case_machines.open, number, sight=sight, action="review", actor=asker.actor, filters=filters
        )
        asked = narrowed(basis.terms, wanted, frozenset(key for key in basis.area if sight.holds(*key)))
        judged = {(each.machine.row_key, each.machine.index) for each in basis.judged}
        rows = await self._rows(basis.terms, *asked)
        found = [
            Ranked(machine, None)
            for row in reversed(rows)
            for machine in _machines(row, basis.terms)
            if (machine.row_key, machine.index) not in judged
        ]
        await asyncio.to_thread(self._case_machines.found, number, found[:MOST], asker=asker, sight=sight)
        return len(found)

    async def _rows(
        self, terms: CaseTerms, cameras: frozenset[CameraKey], from_ms: int, to_ms: int
    ) -> list[ObservationView]:
        """Reads the kept pictures with a machine of the case's classes, newest first."""
        rows: list[ObservationView] = []
        filters = Filters(from_ms=from_ms, to_ms=to_ms, cls=terms.classes, limit=_PAGE)
        for _turn in range(PAGES):
            page = await self._search.page(filters, sight=Scope(cameras=cameras))
            rows += (row for row in page.items if row.picture is PictureState.KEPT)
            if page.next_cursor is None:
                break
            filters = filters.model_copy(update={"cursor": page.next_cursor})
        return rows


def _machines(row: ObservationView, terms: CaseTerms) -> Iterator[CaseMachine]:
    for machine in row.machines:
        if machine.cls in terms.classes:
            yield CaseMachine(
                row_key=row.row_key,
                agent_id=row.agent_id,
                camera_id=row.camera_id,
                captured_at_ms=row.captured_at_ms,
                **machine.model_dump(include={"index", "cls", "colour", "box"}),
            )


def _is_of(judged: JudgedMachine, camera: CameraKey, from_ms: int, to_ms: int) -> bool:
    machine = judged.machine
    here = (machine.agent_id, machine.camera_id) == camera
    return here and from_ms <= machine.captured_at_ms < to_ms
