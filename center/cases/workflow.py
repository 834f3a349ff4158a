"""The cases of one centre: written, requested, approved by a second person, ended. Each act is in the audit with it."""

from collections.abc import Iterable

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
from center.cases.states import ENDED, TABLE, Act, State, after, now
from center.cases.tables import CaseEventRecord, CaseRecord
from center.cases.terms import DAY_MS, MAX_LIFE_DAYS, Terms
from center.cases.views import CaseDetail, CaseList, CaseView, event
from center.clock import NowMs
from center.database.store import Store
from provisioning.contracts.query.standing import MAX_STANDING

ITSELF = "(cases)"
"""Who acts when nobody does: no account can be called so."""
MOST_LISTED = 500


def area_of(session: Session, terms: Terms) -> frozenset[CameraKey]:
    """The cameras of a case, as its districts are now."""
    districts = cameras_of(session, terms.districts).values()
    return terms.named_cameras.union(*(district.cameras for district in districts))


class Casebook:
    """Blocks: call it from a worker thread. `asker` is who acts, `sight` which cameras the permission reaches.

    Raises (all methods):
        StoreUnavailableError: the database does not work; nothing was changed.
        UnknownCaseError: there is no such case in sight.
    """

    def __init__(self, store: Store, audit: Audit, now_ms: NowMs, *, latest_ms: NowMs) -> None:
        """`latest_ms`: from when on what is to be kept is kept, see `Retention.latest_ms`."""
        self._store = store
        self._audit = audit
        self._now_ms = now_ms
        self._latest_ms = latest_ms

    def cases(self, asker: Identity) -> CaseList:
        """Those in sight, newest first: also those that an account sees by a grant in that case alone."""
        newest = select(CaseRecord).order_by(CaseRecord.created_at_ms.desc(), CaseRecord.number).limit(MOST_LISTED)
        with self._store.transaction() as session:
            items = []
            for record in session.scalars(newest):
                area = area_of(session, Terms.model_validate_json(record.terms))
                if _touches(asker.access.scope(Permission.CASE_VIEW, case_id=record.number), area):
                    items.append(CaseView.of(record, now_ms=self._now_ms(), cameras=len(area)))
        return CaseList(items=tuple(items))

    def case(self, number: str, *, asker: Identity, sight: Scope) -> CaseDetail:
        """One, with its history. That it was looked at is in the audit."""
        with self._store.transaction() as session:
            record, _area = self.seen(session, number, sight)
            self.note(session, record, "view", asker.actor)
            return self._detail(session, record)

    def create(self, number: str, terms: Terms, *, asker: Identity, sight: Scope) -> CaseDetail:
        """A draft.

        Raises:
            CaseTakenError, CaseTermsError, AreaOutOfSightError: not like this.
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
                state=State.DRAFT,
                standing=terms.standing,
                owner=owner,
                written_by=asker.username,
                created_at_ms=now_ms,
                expires_at_ms=terms.expires_at_ms,
            )
            session.add(record)
            session.flush()
            self._event(session, record, Act.CREATE, asker.actor, said=terms)
            return self._detail(session, record)

    def change(self, number: str, terms: Terms, *, version: int, asker: Identity, sight: Scope) -> CaseDetail:
        """New terms of a draft.

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
            self._event(session, record, Act.CHANGE, asker.actor, said=terms)
            return self._detail(session, record)

    def act(
        self, number: str, act: Act, *, version: int, asker: Identity, sight: Scope, comment: str = ""
    ) -> CaseDetail:
        """Request, withdraw, refuse, approve, revise or close it.

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
                if asker.username in {record.requested_by, record.owner, record.written_by}:
                    raise SecondPersonError
                if not area or not all(sight.holds(*key) for key in area):
                    raise AreaOutOfSightError
                if record.standing and self._standing(session) >= MAX_STANDING:
                    raise TooManyStandingError(limit=MAX_STANDING)
                record.approved_by, record.approved_at_ms = asker.username, self._now_ms()
            elif act is Act.REQUEST:
                _check(session, Terms.model_validate_json(record.terms), sight, self._now_ms())
                record.requested_by = asker.username
            elif state is State.DRAFT:
                record.requested_by = record.approved_by = record.approved_at_ms = None
                record.deleted_at_ms = None
            record.state = state
            record.ended_at_ms = self._latest_ms() if state in ENDED else None
            self._event(session, record, act, asker.actor, comment)
            return self._detail(session, record)

    def seen(self, session: Session, number: str, sight: Scope) -> tuple[CaseRecord, frozenset[CameraKey]]:
        """The case and its area, for whoever sees any of it."""
        record = session.get(CaseRecord, number)
        if record is not None:
            area = area_of(session, Terms.model_validate_json(record.terms))
            if _touches(sight, area):
                return record, area
        raise UnknownCaseError(number=number)

    def approved(self, session: Session, number: str, sight: Scope) -> tuple[CaseRecord, frozenset[CameraKey]]:
        """As `seen`, of a case in which the archive may be asked.

        Raises:
            CaseNotApprovedError: it is none.
        """
        record, area = self.seen(session, number, sight)
        if self.state(record) is not State.APPROVED:
            raise CaseNotApprovedError(number=number)
        return record, area

    def within(self, number: str, sight: Scope) -> Scope:
        """Of `sight` what an approved case reaches: so far counts a role in that case elsewhere than in the case."""
        with self._store.transaction() as session:
            record = session.get(CaseRecord, number)
            if record is None or self.state(record) is not State.APPROVED:
                return NOWHERE
            area = area_of(session, Terms.model_validate_json(record.terms))
            return Scope(cameras=frozenset(key for key in area if sight.holds(*key)))

    def wholly_in_sight(self, numbers: Iterable[str], access: Access) -> frozenset[str]:
        """Keep those of the cases whose every camera may be looked at: what is kept of one names no camera."""
        with self._store.transaction() as session:
            found = session.scalars(select(CaseRecord).where(CaseRecord.number.in_(sorted(set(numbers)))))
            return frozenset(
                record.number
                for record in found
                if (area := area_of(session, Terms.model_validate_json(record.terms)))
                and access.scope(Permission.CASE_VIEW, case_id=record.number).holds_all(area)
            )

    def expire(self, due_ms: int) -> int:
        """Write down which have expired by `due_ms`. Returns how many.

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
                record.state = after(State(record.state), Act.EXPIRE)
                record.ended_at_ms = self._latest_ms()
                self._event(session, record, Act.EXPIRE, ITSELF)
            return len(records)

    def _standing(self, session: Session) -> int:
        """How many raise alarms now."""
        active = (
            (CaseRecord.state == State.APPROVED) & CaseRecord.standing & (CaseRecord.expires_at_ms > self._now_ms())
        )
        return session.scalar(select(func.count()).select_from(CaseRecord).where(active)) or 0

    def state(self, record: CaseRecord) -> State:
        """What it is now."""
        return now(State(record.state), expires_at_ms=record.expires_at_ms, now_ms=self._now_ms())

    def _event(
        self,
        session: Session,
        record: CaseRecord,
        act: Act,
        actor: str,
        comment: str = "",
        *,
        said: Terms | None = None,
    ) -> None:
        """Into the history of the case and into the audit; `said`: terms that are new."""
        session.add(
            CaseEventRecord(number=record.number, act=act, at_ms=self._now_ms(), actor=actor[:64], comment=comment)
        )
        new = {} if said is None else said.model_dump(mode="json", exclude_defaults=True)
        self.note(session, record, act.value, actor, version=record.version, **({"terms": new} if new else {}))
        session.flush()

    def note(self, session: Session, record: CaseRecord, what: str, actor: str, **facts: object) -> None:
        """Into the audit, with case and purpose."""
        purpose = Terms.model_validate_json(record.terms).purpose
        self._audit.add(session, actor, f"case.{what}", {"case": record.number, "purpose": purpose, **facts})

    def _detail(self, session: Session, record: CaseRecord) -> CaseDetail:
        area = area_of(session, Terms.model_validate_json(record.terms))
        events = session.scalars(
            select(CaseEventRecord).where(CaseEventRecord.number == record.number).order_by(CaseEventRecord.id)
        )
        return CaseDetail(
            case=CaseView.of(record, now_ms=self._now_ms(), cameras=len(area)), events=tuple(map(event, events))
        )


def _touches(sight: Scope, area: Iterable[CameraKey]) -> bool:
    return sight.everywhere or any(sight.holds(*key) for key in area)


def _check(session: Session, terms: Terms, sight: Scope, now_ms: int) -> None:
    """What terms alone cannot tell.

    Raises:
        CaseTermsError, AreaOutOfSightError: they will not do.
    """
    if not now_ms < terms.expires_at_ms <= now_ms + MAX_LIFE_DAYS * DAY_MS:
        raise CaseTermsError(cause=f"it must expire within {MAX_LIFE_DAYS} days from now")
    area = area_of(session, terms)
    if not area or not all(sight.holds(*key) for key in area):
        raise AreaOutOfSightError


def _newest(record: CaseRecord, version: int) -> None:
    if record.version != version:
        raise CaseChangedError(number=record.number, newest=record.version, version=version)
