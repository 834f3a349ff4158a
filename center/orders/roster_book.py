"""Keeps terms and duty rosters by district. Every change is audited with the values before it."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from center.access.districts import DistrictRecord
from center.access.errors import UnknownDistrictError
from center.access.permissions import Identity, Permission
from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import Store, User
from center.errors import UnknownUserError
from center.orders.errors import OrderTermsError
from center.orders.tables import DutyRosterRecord, OrderRecord, TermsRecord
from center.orders.terms import DistrictRoster, DistrictTerms, Duty, OrderTerms
from center.orders.views import RosterList, RosterView, TermsList, TermsView
from center.orders.workflow import may_work

_DUTIES: Final = TypeAdapter(tuple[Duty, ...])
_BEYOND: Final = "the district is not one of this account"


class OrderBook:
    """Reads and changes terms and rosters. Blocks.

    Raises (all methods):
        StoreUnavailableError: nothing was changed.
    """

    def __init__(self, store: Store, audit: Audit, now_ms: NowMs) -> None:
        self._store = store
        self._audit = audit
        self._now_ms = now_ms

    def terms(self, asker: Identity) -> TermsList:
        """Returns the terms of the districts in sight, with those that hold elsewhere."""
        seen = asker.access.districts(Permission.ORDER_VIEW)
        with self._store.transaction() as session:
            records = session.scalars(select(TermsRecord).order_by(TermsRecord.district)).all()
        found = [
            TermsView(
                district=each.district,
                terms=OrderTerms.model_validate_json(each.terms),
                changed_by=each.changed_by,
                changed_at_ms=each.changed_at_ms,
            )
            for each in records
            if not each.district or seen is None or each.district in seen
        ]
        if not found or found[0].district:
            found.insert(0, TermsView(district="", terms=OrderTerms(), changed_by="", changed_at_ms=0))
        return TermsList(items=tuple(found))

    def set_terms(self, new: DistrictTerms, *, asker: Identity) -> None:
        """Puts terms in force in one district: for orders that are opened from now on.

        Raises:
            UnknownDistrictError: no district of that id is in sight.
            OrderTermsError: the account may not change terms there.
        """
        with self._store.transaction() as session:
            _check(session, new.district, asker)
            record = session.get(TermsRecord, new.district)
            before = None if record is None else json.loads(record.terms)
            after = new.terms.model_dump(mode="json")
            detail = {"district": new.district, "before": before, "after": after}
            self._audit.add(session, asker.actor, "order.terms", detail)
            session.merge(
                TermsRecord(
                    district=new.district,
                    terms=new.terms.model_dump_json(),
                    changed_by=asker.actor[:64],
                    changed_at_ms=self._now_ms(),
                )
            )

    def rosters(self, asker: Identity) -> RosterList:
        """Returns the duty rosters of the districts in sight."""
        seen = asker.access.districts(Permission.ORDER_VIEW)
        now_ms = self._now_ms()
        with self._store.transaction() as session:
            records = session.scalars(select(DutyRosterRecord).order_by(DutyRosterRecord.district)).all()
        return RosterList(
            items=tuple(
                RosterView(
                    district=each.district,
                    duties=(duties := _DUTIES.validate_json(each.duties)),
                    on_duty=next(_covering(duties, now_ms), ""),
                )
                for each in records
                if seen is None or each.district in seen
            )
        )

    def set_roster(self, new: DistrictRoster, *, asker: Identity) -> None:
        """Puts a duty roster in force in one district.

        Raises:
            UnknownDistrictError, UnknownUserError: a district or account that does not exist.
            OrderTermsError: the account may not change the roster there.
        """
        with self._store.transaction() as session:
            _check(session, new.district, asker)
            for duty in new.duties:
                if session.scalar(select(User.id).where(User.username == duty.username)) is None:
                    raise UnknownUserError(username=duty.username)
            record = session.get(DutyRosterRecord, new.district)
            before = None if record is None else json.loads(record.duties)
            after = _DUTIES.dump_python(new.duties, mode="json")
            detail = {"district": new.district, "before": before, "after": after}
            self._audit.add(session, asker.actor, "order.roster", detail)
            session.merge(
                DutyRosterRecord(
                    district=new.district,
                    duties=_DUTIES.dump_json(new.duties).decode(),
                    changed_by=asker.actor[:64],
                    changed_at_ms=self._now_ms(),
                )
            )


class DutyLookup:
    """Finds the technicians on duty at one time, each roster read once."""

    def __init__(self, session: Session, at_ms: int) -> None:
        self._session = session
        self._at_ms = at_ms
        self._on_duty: dict[str, list[str]] = {}

    def technician(self, order: OrderRecord) -> str | None:
        """Returns the first technician on duty who may work on an order. A district without a roster has the common."""
        if order.district not in self._on_duty:
            get = self._session.get
            record = get(DutyRosterRecord, order.district) or get(DutyRosterRecord, "")
            duties = () if record is None else _DUTIES.validate_json(record.duties)
            self._on_duty[order.district] = list(_covering(duties, self._at_ms))
        on_duty = self._on_duty[order.district]
        return next((username for username in on_duty if may_work(self._session, username, order)), None)


def _covering(duties: Sequence[Duty], at_ms: int) -> Iterator[str]:
    return (duty.username for duty in duties if duty.covers(at_ms))


def _check(session: Session, district: str, asker: Identity) -> None:
    given = asker.access.districts(Permission.ORDER_EDIT)
    if district and (given is None or district in given) and session.get(DistrictRecord, district) is None:
        raise UnknownDistrictError(district_id=district)
    if given is not None and district not in given:
        raise OrderTermsError(cause=_BEYOND)
