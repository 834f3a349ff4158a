"""Stores the machines of a case: sought, candidates, confirmed, rejected.

Keys and boxes; pictures stay in the archive.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from center.access.permissions import CameraKey, Identity, Scope
from center.audit.log import locked
from center.cases.errors import CaseStateError, UnknownCaseMachineError
from center.cases.scoring import Score
from center.cases.states import ENDED, CaseState
from center.cases.tables import CaseErasureRecord, CaseMachineRecord, CasePictureRecord, CaseRecord
from center.cases.terms import CaseTerms
from center.cases.views import CaseMachine, JudgedMachine, MachineVerdict, ScoreView
from center.cases.workflow import ITSELF, CaseWorkflow
from center.clock import NowMs
from center.database.store import Store
from center.errors import UnknownObservationError

DECIDED = (MachineVerdict.SOUGHT, MachineVerdict.CONFIRMED, MachineVerdict.REJECTED)

FRESH = -1
"""Rank of a candidate that a standing look-alike brought: it stays through searches."""


class Ranked(NamedTuple):
    """A candidate and its score, None where it was compared with nothing."""

    machine: CaseMachine
    score: Score | None


class SearchBasis(NamedTuple):
    """Terms, area and judged machines with which a search is made."""

    terms: CaseTerms
    area: frozenset[CameraKey]
    judged: tuple[JudgedMachine, ...]
    """Without candidates, newest decision first."""

    def of(self, *verdicts: MachineVerdict) -> tuple[JudgedMachine, ...]:
        """Returns the machines of these verdicts."""
        return tuple(each for each in self.judged if each.verdict in verdicts)


class CaseMachines:
    """Stores the machines of all cases. Blocks: call it from a worker thread.

    Raises (all methods):
        StoreUnavailableError: the database does not work; nothing was changed.
        UnknownCaseError: there is no such case in sight.
    """

    def __init__(self, store: Store, book: CaseWorkflow, now_ms: NowMs) -> None:
        self._store = store
        self._book = book
        self._now_ms = now_ms

    def open(self, number: str, *, sight: Scope, action: str, actor: str, **facts: object) -> SearchBasis:
        """Returns the basis of a search; when this returns, the audit says that the archive will be searched.

        Raises:
            CaseNotApprovedError: nothing may be searched.
        """
        with self._store.transaction() as session:
            locked(session)
            record, area = self._book.approved(session, number, sight)
            judged = tuple(map(JudgedMachine.of, _of(session, number, DECIDED)))
            self._book.note(session, record, action, actor, **facts)
            return SearchBasis(CaseTerms.model_validate_json(record.terms), area, judged)

    def machines(self, number: str, verdicts: Sequence[MachineVerdict], *, sight: Scope) -> tuple[JudgedMachine, ...]:
        """Returns machines of cameras in sight; candidates by rank, others by capture time."""
        with self._store.transaction() as session:
            self._book.seen(session, number, sight)
            found = map(JudgedMachine.of, _of(session, number, verdicts))
            return tuple(each for each in found if _in_sight(each, sight))

    def area(self, number: str, *, sight: Scope) -> frozenset[CameraKey]:
        """Returns the cameras of the case that are in sight."""
        with self._store.transaction() as session:
            _record, area = self._book.seen(session, number, sight)
            return frozenset(key for key in area if sight.holds(*key))

    def machine(self, number: str, row_key: str, index: int, *, sight: Scope) -> CaseMachine | None:
        """Returns one machine; None if the case has no such machine in sight."""
        with self._store.transaction() as session:
            self._book.seen(session, number, sight)
            row = session.get(CaseMachineRecord, (number, row_key, index))
            judged = None if row is None else JudgedMachine.of(row)
            return judged.machine if judged is not None and _in_sight(judged, sight) else None

    def found(self, number: str, candidates: Sequence[Ranked], *, asker: Identity, sight: Scope) -> None:
        """Replaces the candidates of the case; machines that a user decided on stay.

        Raises:
            CaseNotApprovedError: the case is no longer approved.
        """
        with self._store.transaction() as session:
            locked(session)
            self._book.approved(session, number, sight)
            table = CaseMachineRecord
            gone = (table.number == number) & (table.verdict == MachineVerdict.CANDIDATE) & (table.rank != FRESH)
            session.execute(delete(table).where(gone))
            kept = {(each.row_key, each.index) for each in _of(session, number, tuple(MachineVerdict))}
            for rank, (machine, score) in enumerate(candidates):
                if (machine.row_key, machine.index) not in kept:
                    session.add(self._row(number, machine, MachineVerdict.CANDIDATE, asker.actor, score, rank))

    def show(self, number: str, row_key: str, what: str, *, asker: Identity, sight: Scope) -> None:
        """Audits that an observation of this case will be shown whole.

        Raises:
            UnknownObservationError: none of its machines is the case's, or its camera is out of sight.
        """
        with self._store.transaction() as session:
            locked(session)
            record, _area = self._book.seen(session, number, sight)
            table = CaseMachineRecord
            machines = session.scalars(select(table).where((table.number == number) & (table.row_key == row_key)))
            place = session.get(CasePictureRecord, row_key)
            is_brought = place is not None and place.number == number
            if not is_brought and not any(_in_sight(JudgedMachine.of(each), sight) for each in machines):
                raise UnknownObservationError(row_key=row_key)
            self._book.note(session, record, what, asker.actor, row_key=row_key)

    def look(self, number: str, row_key: str, *, asker: Identity, sight: Scope) -> None:
        """Audits that an observation will be read for this case.

        Raises:
            CaseStateError: the case has ended.
        """
        with self._store.transaction() as session:
            locked(session)
            record, _area = self._book.seen(session, number, sight)
            self._check_open(record)
            self._book.note(session, record, "look", asker.actor, row_key=row_key)

    def met(self, number: str, machine: CaseMachine, likeness: float) -> None:
        """Adds a machine of a fresh row as a candidate, ranked before all that a search found."""
        with self._store.transaction() as session:
            locked(session)
            record = session.get_one(CaseRecord, number)
            key = (number, machine.row_key, machine.index)
            known = session.get(CaseMachineRecord, key)
            if self._book.state(record) is not CaseState.APPROVED or known is not None:
                return
            score = Score(likeness=likeness, rejected=None, colour=1.0, reach=1.0)
            session.add(self._row(number, machine, MachineVerdict.CANDIDATE, ITSELF, score, FRESH))
            self._book.note(session, record, "met", ITSELF, row_key=machine.row_key, index=machine.index)

    def seek(
        self, number: str, machine: CaseMachine, *, asker: Identity, sight: Scope, signed_by: str | None = None
    ) -> JudgedMachine:
        """Makes a machine the sought one. `signed_by`: SHA-256 of the certificate that signed a brought picture.

        Raises:
            CaseStateError: the case has ended.
        """
        with self._store.transaction() as session:
            locked(session)
            record, _area = self._book.seen(session, number, sight)
            self._check_open(record)
            row = self._row(number, machine, MachineVerdict.SOUGHT, asker.actor)
            session.merge(row)
            facts = {} if signed_by is None else {"certificate_sha256": signed_by}
            self._book.note(session, record, "seek", asker.actor, row_key=machine.row_key, index=machine.index, **facts)
            return JudgedMachine.of(row)

    def judge(
        self, number: str, row_key: str, index: int, verdict: MachineVerdict, *, asker: Identity, sight: Scope
    ) -> JudgedMachine:
        """Confirms or rejects a candidate, or takes that back.

        Raises:
            CaseNotApprovedError: nothing may be decided.
            UnknownCaseMachineError: the machine is none of this case, or of a camera out of sight.
        """
        with self._store.transaction() as session:
            locked(session)
            record, _area = self._book.approved(session, number, sight)
            row = session.get(CaseMachineRecord, (number, row_key, index))
            if row is None or row.verdict == MachineVerdict.SOUGHT or not _in_sight(JudgedMachine.of(row), sight):
                raise UnknownCaseMachineError(row_key=row_key, index=index)
            row.verdict, row.actor, row.at_ms = verdict, asker.actor[:64], self._now_ms()
            self._book.note(session, record, verdict.value, asker.actor, row_key=row_key, index=index)
            session.flush()
            return JudgedMachine.of(row)

    def drop(self, number: str, row_key: str, index: int, *, asker: Identity, sight: Scope) -> None:
        """Removes a machine from the sought ones.

        Raises:
            CaseStateError: the case has ended.
            UnknownCaseMachineError: it is not a sought one.
        """
        with self._store.transaction() as session:
            locked(session)
            record, _area = self._book.seen(session, number, sight)
            self._check_open(record)
            row = session.get(CaseMachineRecord, (number, row_key, index))
            if row is None or row.verdict != MachineVerdict.SOUGHT:
                raise UnknownCaseMachineError(row_key=row_key, index=index)
            session.delete(row)
            self._book.note(session, record, "drop", asker.actor, row_key=row_key, index=index)

    def oldest_ended_ms(self) -> int | None:
        """Returns the earliest end of a case whose derived data is not deleted; None if there is none."""
        with self._store.transaction() as session:
            wanted = select(func.min(CaseRecord.ended_at_ms)).where(CaseRecord.deleted_at_ms.is_(None))
            return session.scalar(wanted)

    def delete_ended(self, before_ms: int) -> int:
        """Deletes derived data of cases that ended, or of drafts that expired, before `before_ms`; returns how many."""
        ended = CaseRecord.ended_at_ms.is_not(None) & (CaseRecord.ended_at_ms <= before_ms)
        idle = (CaseRecord.state == CaseState.DRAFT) & (CaseRecord.expires_at_ms <= before_ms)
        due = select(CaseRecord).where(CaseRecord.deleted_at_ms.is_(None) & (ended | idle))
        with self._store.transaction() as session:
            locked(session)
            records = session.scalars(due).all()
            for record in records:
                facts = {}
                for table in (CaseMachineRecord, CasePictureRecord):
                    gone = session.execute(delete(table).where(table.number == record.number).returning(table.row_key))
                    row_keys = list(gone.scalars())
                    facts[table.__tablename__] = len(row_keys)
                    if table is CasePictureRecord:
                        self._erase(session, record.number, row_keys)
                record.deleted_at_ms = self._now_ms()
                self._book.note(session, record, "delete", ITSELF, **facts)
            return len(records)

    def _row(
        self,
        number: str,
        machine: CaseMachine,
        verdict: MachineVerdict,
        actor: str,
        score: Score | None = None,
        rank: int = 0,
    ) -> CaseMachineRecord:
        return CaseMachineRecord(
            number=number,
            row_key=machine.row_key,
            index=machine.index,
            verdict=verdict,
            machine=machine.model_dump_json(),
            captured_at_ms=machine.captured_at_ms,
            score="" if score is None else ScoreView.of(score).model_dump_json(),
            rank=rank,
            actor=actor[:64],
            at_ms=self._now_ms(),
        )

    def _erase(self, session: Session, number: str, row_keys: Sequence[str]) -> None:
        """Queues the erasure of brought pictures from the archive: `erasures` asks for it."""
        now_ms = self._now_ms()
        for row_key in row_keys:
            wanted = CaseErasureRecord(
                row_key=row_key, number=number, wanted_at_ms=now_ms, next_at_ms=now_ms, trouble="", done_at_ms=None
            )
            session.add(wanted)

    def _check_open(self, record: CaseRecord) -> None:
        if self._book.state(record) in ENDED:
            raise CaseStateError


def _of(session: Session, number: str, verdicts: Sequence[MachineVerdict]) -> Sequence[CaseMachineRecord]:
    table = CaseMachineRecord
    wanted = (table.number == number) & table.verdict.in_([verdict.value for verdict in verdicts])
    order = (table.rank, table.captured_at_ms, table.row_key, table.index)
    return session.scalars(select(table).where(wanted).order_by(*order)).all()


def _in_sight(judged: JudgedMachine, sight: Scope) -> bool:
    return judged.verdict is MachineVerdict.SOUGHT or sight.holds(judged.machine.agent_id, judged.machine.camera_id)
