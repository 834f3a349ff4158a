"""Compares fresh rows of a case's area with its sought machines; a look-alike raises an alarm.

Rows come as the alarm rules get them, from hints and reconciled commits alike. They wait in a bounded queue, and every
half second one request asks for many cases and rows at once: no vector leaves the cluster, and no case is polled.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import select

from center.access.permissions import CameraKey
from center.alarms.rules.inputs import Alike, SeenRow
from center.alarms.service import AlarmService
from center.background import Periodic
from center.cases.machines import CaseMachines
from center.cases.states import CaseState
from center.cases.tables import CaseMachineRecord, CaseRecord
from center.cases.terms import CaseTerms
from center.cases.views import CaseMachine, MachineVerdict
from center.cases.workflow import ITSELF, area_of
from center.clock import NowMs
from center.database.store import Store
from center.errors import CenterError
from center.search import lookalikes
from center.search.client import Search
from provisioning.contracts.query.lookalike import MAX_MACHINES, MachineRef
from provisioning.contracts.query.standing import MAX_PAIRS, MAX_ROWS, MAX_STANDING, StandingCase, StandingRequest
from provisioning.contracts.wire.messages import MachineClass

ASK_S: Final = 0.5
REREAD_MS: Final = 5_000
"""Milliseconds for which the list of watched cases and their machines is used before it is read again."""
MAX_WAITING: Final = 10_000
"""Rows that may wait; beyond it the oldest are dropped and counted."""
KEEP_EVERY_MS: Final = 300_000
"""Milliseconds between two candidates of one case and camera: a parked machine would fill the list."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A case that is watched: its machines to compare with, classes, least likeness and area."""

    case: str
    machines: tuple[MachineRef, ...]
    classes: tuple[MachineClass, ...]
    at_least: float
    area: frozenset[CameraKey]


class StandingSearch:
    """Compares rows for all watched cases. `offer` may be called from any thread; the rest belongs to one loop."""

    def __init__(
        self,
        store: Store,
        case_machines: CaseMachines,
        search: Search,
        alarms: AlarmService,
        now_ms: NowMs,
        *,
        late_after_ms: int,
    ) -> None:
        self._store = store
        self._case_machines = case_machines
        self._search = search
        self._alarms = alarms
        self._now_ms = now_ms
        self._late_after_ms = late_after_ms
        self._watched: tuple[Watched, ...] = ()
        self._areas: frozenset[CameraKey] = frozenset()
        self._read_at_ms: int | None = None
        self._waiting: deque[SeenRow] = deque()
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], int] = {}
        self.dropped_oldest = 0
        self.asked = 0
        """Rows that were compared since the start."""
        self.loop = Periodic("the comparing for standing cases", ASK_S, self.run_once)

    def offer(self, rows: Sequence[SeenRow]) -> None:
        """Queues committed rows; drops those of no case's area at once."""
        wanted = [row for row in rows if row.machines and CameraKey(row.agent_id, row.camera_id) in self._areas]
        if not wanted:
            return
        with self._lock:
            self._waiting.extend(wanted)
            while len(self._waiting) > MAX_WAITING:
                self._waiting.popleft()
                self.dropped_oldest += 1

    async def run_once(self) -> None:
        """Compares the rows that wait.

        Raises:
            QueryError: the archive does not answer; the rows wait while they are fresh.
            StoreUnavailableError: the database does not work; the same.
        """
        now_ms = self._now_ms()
        if self._read_at_ms is None or now_ms - self._read_at_ms >= REREAD_MS:
            self._watched = await asyncio.to_thread(self._read)
            self._areas = frozenset().union(*(each.area for each in self._watched))
            self._read_at_ms = now_ms
        while rows := self._take():
            try:
                await self._ask(rows)
            except CenterError:
                with self._lock:
                    self._waiting.extendleft(reversed(rows))
                raise

    def _take(self) -> list[SeenRow]:
        """Takes the next rows; drops late ones, which raise no alarm."""
        with self._lock:
            taken = [self._waiting.popleft() for _ in range(min(MAX_ROWS, len(self._waiting)))]
        oldest_ms = self._now_ms() - self._late_after_ms
        return [row for row in taken if row.trusted and row.times.captured_at_ms >= oldest_ms]

    async def _ask(self, rows: list[SeenRow]) -> None:
        by_key = {row.row_key: row for row in rows}
        for question in questions(self._watched, list(by_key.values())):
            answer = await lookalikes.standing(self._search, question)
            self.asked += len(question.row_keys)
            found = []
            for hit in answer.hits:
                row = by_key[hit.machine.row_key]
                if hit.machine.index < len(row.machines):
                    found.append(replace(row, alike=Alike(hit.case, row.machines[hit.machine.index])))
                    await self._keep(hit.case, row, hit.machine.index, hit.similarity)
            if found:
                await asyncio.to_thread(self._alarms.alike, found)

    async def _keep(self, case: str, row: SeenRow, index: int, similarity: float) -> None:
        """Adds the machine to the candidates of the case, so that a user can confirm or reject it there."""
        key, now_ms = (case, row.place), self._now_ms()
        if now_ms - self._kept.get(key, -KEEP_EVERY_MS) < KEEP_EVERY_MS:
            return
        machine = row.machines[index]
        met = CaseMachine(
            row_key=row.row_key,
            index=index,
            agent_id=row.agent_id,
            camera_id=row.camera_id,
            captured_at_ms=row.times.captured_at_ms,
            cls=machine.cls,
            colour=None,
            box=machine.box,
        )
        await asyncio.to_thread(self._case_machines.met, case, met, similarity)
        self._kept = {each: at_ms for each, at_ms in self._kept.items() if now_ms - at_ms < KEEP_EVERY_MS}
        self._kept[key] = now_ms

    def _read(self) -> tuple[Watched, ...]:
        """Reads approved, unexpired cases that have a sought machine, at most `MAX_STANDING`."""
        table = CaseRecord
        active = (table.state == CaseState.APPROVED) & table.standing & (table.expires_at_ms > self._now_ms())
        wanted = [MachineVerdict.SOUGHT.value, MachineVerdict.CONFIRMED.value]
        found = []
        with self._store.transaction() as session:
            for record in session.scalars(select(table).where(active).order_by(table.number).limit(MAX_STANDING)):
                terms = CaseTerms.model_validate_json(record.terms)
                machines = session.execute(
                    select(CaseMachineRecord.row_key, CaseMachineRecord.index)
                    .where(CaseMachineRecord.number == record.number, CaseMachineRecord.verdict.in_(wanted))
                    # The sought ones first ("sought" comes after "confirmed"), then the newest sightings.
                    .order_by(CaseMachineRecord.verdict.desc(), CaseMachineRecord.captured_at_ms.desc())
                    .limit(MAX_MACHINES)
                ).all()
                refs = tuple(MachineRef(row_key=row_key, index=index) for row_key, index in machines)
                if refs:
                    area = area_of(session, terms)
                    found.append(Watched(record.number, refs, terms.classes, terms.standing_from, area))
        if found:
            self._alarms.rules.have_standing(actor=ITSELF)
        return tuple(found)


def questions(watched: Iterable[Watched], rows: Sequence[SeenRow]) -> list[StandingRequest]:
    """Makes the requests: of each case the rows of its area and classes alone, in as few as their size allows."""
    asked: list[StandingRequest] = []
    cases: list[StandingCase] = []
    pairs = 0
    for each in watched:
        places = tuple(
            place
            for place, row in enumerate(rows)
            if CameraKey(row.agent_id, row.camera_id) in each.area
            and any(machine.cls in each.classes for machine in row.machines)
        )
        if not places:
            continue
        if pairs + len(places) > MAX_PAIRS:
            asked.append(_question(cases, rows))
            cases, pairs = [], 0
        cases.append(
            StandingCase(
                case=each.case, machines=each.machines, classes=each.classes, at_least=each.at_least, rows=places
            )
        )
        pairs += len(places)
    if cases:
        asked.append(_question(cases, rows))
    return asked


def _question(cases: Sequence[StandingCase], rows: Sequence[SeenRow]) -> StandingRequest:
    return StandingRequest(cases=tuple(cases), row_keys=tuple(row.row_key for row in rows))
