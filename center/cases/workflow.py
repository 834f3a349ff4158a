"""Keeps the cases of one centre: drafts, requests, approvals by a second person, ends. Each act is audited."""

from collections.abc import Collection, Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from center.access.districts import cameras_of
from center.access.permissions import NOWHERE, Access, CameraKey, Identity, Permission, Scope
from center.audit.log import Audit, locked
from center.cases.errors import (
    AreaOutOfSightError,
    CaseChangedError,
    CaseNotApprovedError,
    CaseTakenError,
    CaseTermsError,
    SecondPersonError,
    TooManyStandingError,
    UnknownCaseError,
)
from center.cases.states import ENDED, TABLE, Act, CaseState, after, now
from center.cases.tables import CaseEventRecord, CaseRecord
from center.cases.terms import DAY_MS, MAX_LIFE_DAYS, CaseTerms, Theft
from center.cases.views import CaseDetail, CaseList, CaseView, event
from center.clock import NowMs
from center.database.store import Store
from provisioning.contracts.query.standing import MAX_STANDING
from provisioning.contracts.wire.messages import MachineClass

ITSELF = "(cases)"
"""Actor of what the centre does by itself: no account can have this name."""
MOST_LISTED = 500


def area_of(session: Session, terms: CaseTerms) -> frozenset[CameraKey]:
    """Returns the cameras of a case, as its districts are now."""
    districts = cameras_of(session, terms.districts).values()
    return terms.named_cameras.union(*(district.cameras for district in districts))


class CaseWorkflow:
    """Applies acts to cases. `asker` is the user who acts, `sight` the cameras that the permission covers.

    Blocks: call it from a worker thread.

    Raises (all methods):
        StoreUnavailableError: the database does not work; nothing was changed.
        UnknownCaseError: there is no such case in sight.
    """

    def __init__(self, store: Store, audit: Audit, now_ms: NowMs, *, latest_ms: NowMs) -> None:
        """`latest_ms` gives the time from which retention counts, see `Retention.latest_ms`."""
        self._store = store
        self._audit = audit
        self._now_ms = now_ms
        self._latest_ms = latest_ms

    def cases(self, asker: Identity) -> CaseList:
        """Returns the cases in sight, newest first, with those that an account sees by a grant in that case alone."""
        newest = select(CaseRecord).order_by(CaseRecord.created_at_ms.desc(), CaseRecord.number).limit(MOST_LISTED)
        with self._store.transaction() as session:
            items = []
            for record in session.scalars(newest):
                area = area_of(session, CaseTerms.model_validate_json(record.terms))
                if _touches(asker.access.scope(Permission.CASE_VIEW, case_id=record.number), area):
                    items.append(CaseView.of(record, now_ms=self._now_ms(), cameras=len(area)))
        return CaseList(items=tuple(items))

    def to_approve(self, asker: Identity) -> tuple[CaseView, ...]:
        """Returns the cases that wait for approval and that this account may approve, oldest first."""
        waiting = (
            select(CaseRecord)
            .where(CaseRecord.state == CaseState.REQUESTED)
            .order_by(CaseRecord.created_at_ms, CaseRecord.number)
            .limit(MOST_LISTED)
        )
        with self._store.transaction() as session:
            items = []
            for record in session.scalars(waiting):
                area = area_of(session, CaseTerms.model_validate_json(record.terms))
                sight = asker.access.scope(Permission.CASE_APPROVE, case_id=record.number)
                is_open = self.state(record) is CaseState.REQUESTED
                if is_open and _is_second(record, asker) and _holds(sight, area):
                    items.append(CaseView.of(record, now_ms=self._now_ms(), cameras=len(area)))
        return tuple(items)

    def thefts(self, asker: Identity, *, from_ms: int, classes: Collection[MachineClass]) -> tuple[Theft, ...]:
        """Returns the thefts from `from_ms` on, one a case: of all cases in sight that seek one of these classes."""
        with self._store.transaction() as session:
            found = []
            for record in session.scalars(select(CaseRecord)):
                terms = CaseTerms.model_validate_json(record.terms)
                if terms.theft is None or terms.theft.at_ms < from_ms or terms.cls not in classes:
                    continue
                sight = asker.access.scope(Permission.CASE_VIEW, case_id=record.number)
                if sight.everywhere or _touches(sight, area_of(session, terms)):
                    found.append(terms.theft)
        return tuple(found)

    def case(self, number: str, *, asker: Identity, sight: Scope) -> CaseDetail:
        """Returns one case with its history, and audits that it was looked at."""
        with self._store.transaction() as session:
            record, _area = self.seen(session, number, sight)
            self.note(session, record, "view", asker.actor)
            return self._detail(session, record)

    def create(self, number: str, terms: CaseTerms, *, asker: Identity, sight: Scope) -> CaseDetail:
        """Creates a case as a draft.

        Raises:
            CaseTakenError, CaseTermsError, AreaOutOfSightError: the case is not acceptable like this.
        """
        now_ms = self._now_ms()
        owner = terms.owner or asker.username
        with self._store.transaction() as session:
            locked(session)
            if session.get(CaseRecord, number) is not None:
                raise CaseTakenError(number=number)
            _check(session, terms, sight, now_ms)
            record = CaseRecord(
                number=number,
                version=1,
                terms=terms.model_dump_json(),
                state=CaseState.DRAFT,
                standing=terms.standing,
                owner=owner,
                written_by=asker.username,
                created_at_ms=now_ms,
                expires_at_ms=terms.expires_at_ms,
            )
            session.add(record)
            session.flush()
            self._event(session, record, Act.CREATE, asker.actor, new_terms=terms)
            return self._detail(session, record)

    def change(self, number: str, terms: CaseTerms, *, version: int, asker: Identity, sight: Scope) -> CaseDetail:
        """Changes the terms of a draft.

        Raises:
            CaseChangedError, CaseStateError, CaseTermsError, AreaOutOfSightError: not now, or not like this.
        """
        with self._store.transaction() as session:
            locked(session)
            record, _area = self.seen(session, number, sight)
            _newest(record, version)
            record.state = after(self.state(record), Act.CHANGE)
            _check(session, terms, sight, self._now_ms())
            record.version += 1
            record.terms = terms.model_dump_json()
            record.owner = terms.owner or record.owner
            record.standing = terms.standing
            record.written_by = asker.username
            record.expires_at_ms = terms.expires_at_ms
            record.deleted_at_ms = None
            self._event(session, record, Act.CHANGE, asker.actor, new_terms=terms)
            return self._detail(session, record)

    def act(
        self, number: str, act: Act, *, version: int, asker: Identity, sight: Scope, comment: str = ""
    ) -> CaseDetail:
        """Requests, withdraws, refuses, approves, revises or closes a case.

        Raises:
            CaseChangedError, CaseStateError, CaseTermsError: not now, or not what was read.
            SecondPersonError, AreaOutOfSightError: not by this account.
            TooManyStandingError: as many raise alarms as may.
        """
        with self._store.transaction() as session:
            locked(session)
            record, area = self.seen(session, number, sight)
            _newest(record, version)
            # One that has expired is revised, or it could never be asked for again.
            state = after(self.state(record), act)
            if act is Act.APPROVE:
                if not _is_second(record, asker):
                    raise SecondPersonError
                if not _holds(sight, area):
                    raise AreaOutOfSightError
                if record.standing and self._standing(session) >= MAX_STANDING:
                    raise TooManyStandingError(limit=MAX_STANDING)
                record.approved_by, record.approved_at_ms = asker.username, self._now_ms()
            elif act is Act.REQUEST:
                _check(session, CaseTerms.model_validate_json(record.terms), sight, self._now_ms())
                record.requested_by = asker.username
            elif state is CaseState.DRAFT:
                record.requested_by = record.approved_by = record.approved_at_ms = None
                record.deleted_at_ms = None
            record.state = state
            record.ended_at_ms = self._latest_ms() if state in ENDED else None
            self._event(session, record, act, asker.actor, comment)
            return self._detail(session, record)

    def seen(self, session: Session, number: str, sight: Scope) -> tuple[CaseRecord, frozenset[CameraKey]]:
        """Returns the case and its area, if the caller sees any of it."""
        record = session.get(CaseRecord, number)
        if record is not None:
            area = area_of(session, CaseTerms.model_validate_json(record.terms))
            if _touches(sight, area):
                return record, area
        raise UnknownCaseError(number=number)

    def approved(self, session: Session, number: str, sight: Scope) -> tuple[CaseRecord, frozenset[CameraKey]]:
        """Returns the same as `seen`, of a case in which the archive may be searched.

        Raises:
            CaseNotApprovedError: the case is not approved.
        """
        record, area = self.seen(session, number, sight)
        if self.state(record) is not CaseState.APPROVED:
            raise CaseNotApprovedError(number=number)
        return record, area

    def is_approved(self, session: Session, number: str) -> bool:
        """True while a case of this number is approved."""
        record = session.get(CaseRecord, number)
        return record is not None and self.state(record) is CaseState.APPROVED

    def within(self, number: str, sight: Scope) -> Scope:
        """Returns the part of `sight` in an approved case's area: a role in that case counts elsewhere for no more."""
        with self._store.transaction() as session:
            record = session.get(CaseRecord, number)
            if record is None or not self.is_approved(session, number):
                return NOWHERE
            area = area_of(session, CaseTerms.model_validate_json(record.terms))
            return Scope(cameras=frozenset(key for key in area if sight.holds(*key)))

    def wholly_in_sight(self, numbers: Iterable[str], access: Access) -> frozenset[str]:
        """Returns those of the cases whose every camera is in sight, since audit entries of a case name no camera."""
        with self._store.transaction() as session:
            found = session.scalars(select(CaseRecord).where(CaseRecord.number.in_(sorted(set(numbers)))))
            return frozenset(
                record.number
                for record in found
                if (area := area_of(session, CaseTerms.model_validate_json(record.terms)))
                and access.scope(Permission.CASE_VIEW, case_id=record.number).holds_all(area)
            )

    def expire(self, due_ms: int) -> int:
        """Stores the expiry of cases that have expired by `due_ms`; returns how many.

        A wall clock that is ahead shows them as expired meanwhile, and takes nothing from them.
        """
        due = (
            select(CaseRecord)
            .where(CaseRecord.expires_at_ms <= due_ms)
            .where(CaseRecord.state.in_([state.value for state, act in TABLE if act is Act.EXPIRE]))
        )
        with self._store.transaction() as session:
            locked(session)
            records = session.scalars(due).all()
            for record in records:
                record.state = after(CaseState(record.state), Act.EXPIRE)
                record.ended_at_ms = self._latest_ms()
                self._event(session, record, Act.EXPIRE, ITSELF)
            return len(records)

    def _standing(self, session: Session) -> int:
        """Counts the cases that raise alarms now."""
        active = (
            (CaseRecord.state == CaseState.APPROVED) & CaseRecord.standing & (CaseRecord.expires_at_ms > self._now_ms())
        )
        return session.scalar(select(func.count()).select_from(CaseRecord).where(active)) or 0

    def state(self, record: CaseRecord) -> CaseState:
        """Returns the present state of a case."""
        return now(CaseState(record.state), expires_at_ms=record.expires_at_ms, now_ms=self._now_ms())

    def _event(
        self,
        session: Session,
        record: CaseRecord,
        act: Act,
        actor: str,
        comment: str = "",
        *,
        new_terms: CaseTerms | None = None,
    ) -> None:
        """Writes an act to the history of the case and to the audit. `said`: terms that are new."""
        session.add(
            CaseEventRecord(number=record.number, act=act, at_ms=self._now_ms(), actor=actor[:64], comment=comment)
        )
        new = {} if new_terms is None else new_terms.model_dump(mode="json", exclude_defaults=True)
        self.note(session, record, act.value, actor, version=record.version, **({"terms": new} if new else {}))
        session.flush()

    def note(self, session: Session, record: CaseRecord, what: str, actor: str, **facts: object) -> None:
        """Writes an audit entry with case and purpose."""
        purpose = CaseTerms.model_validate_json(record.terms).purpose
        self._audit.add(session, actor, f"case.{what}", {"case": record.number, "purpose": purpose, **facts})

    def _detail(self, session: Session, record: CaseRecord) -> CaseDetail:
        area = area_of(session, CaseTerms.model_validate_json(record.terms))
        events = session.scalars(
            select(CaseEventRecord).where(CaseEventRecord.number == record.number).order_by(CaseEventRecord.id)
        )
        return CaseDetail(
            case=CaseView.of(record, now_ms=self._now_ms(), cameras=len(area)), events=tuple(map(event, events))
        )


def _touches(sight: Scope, area: Iterable[CameraKey]) -> bool:
    return sight.everywhere or any(sight.holds(*key) for key in area)


def _is_second(record: CaseRecord, asker: Identity) -> bool:
    """True if the account has not written or requested the case and does not own it."""
    return asker.username not in {record.requested_by, record.owner, record.written_by}


def _holds(sight: Scope, area: Collection[CameraKey]) -> bool:
    """True if the area has cameras and all of them are in sight."""
    return bool(area) and all(sight.holds(*key) for key in area)


def _check(session: Session, terms: CaseTerms, sight: Scope, now_ms: int) -> None:
    """Checks the terms against the clock and the area in sight.

    Raises:
        CaseTermsError, AreaOutOfSightError: the terms are not acceptable.
    """
    if not now_ms < terms.expires_at_ms <= now_ms + MAX_LIFE_DAYS * DAY_MS:
        raise CaseTermsError(cause=f"it must expire within {MAX_LIFE_DAYS} days from now")
    if not _holds(sight, area_of(session, terms)):
        raise AreaOutOfSightError


def _newest(record: CaseRecord, version: int) -> None:
    if record.version != version:
        raise CaseChangedError(number=record.number, newest=record.version, version=version)
