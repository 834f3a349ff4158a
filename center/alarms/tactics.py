"""Shares tactics in districts: texts of rules under a name, of which others make rules of their own."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from center.access.districts import DistrictRecord
from center.access.districts import cameras_of as cameras_of_districts
from center.access.errors import UnknownDistrictError
from center.access.permissions import Scope
from center.alarms.errors import BeyondDistrictError, TacticNamedError, TooManyTacticsError, UnknownTacticError
from center.alarms.rule_store import Rules
from center.alarms.rules.rule import RuleText
from center.alarms.tables import TacticRecord
from center.alarms.views import TacticView
from center.alarms.visibility import cameras_of
from center.audit.log import Audit, locked
from center.clock import NowMs
from center.database.store import Store

MAX_TACTICS = 200
"""Most tactics of a district."""
Districts = Collection[str] | None
"""Districts in which the caller may edit rules; None for all."""


class Tactics:
    """Tactics of one centre. A tactic is never changed, and a rule made of it has nothing to do with it afterwards.

    Blocks. `districts` are those in which the caller may edit rules: a tactic of any other is treated as absent.

    Raises (all methods):
        StoreUnavailableError: nothing was changed.
    """

    def __init__(self, store: Store, audit: Audit, rules: Rules, now_ms: NowMs) -> None:
        self._store = store
        self._audit = audit
        self._rules = rules
        self._now_ms = now_ms

    def share(
        self, district_id: str, name: str, rule_id: int, version: int, *, actor: str, sight: Scope, districts: Districts
    ) -> TacticView:
        """Shares a version of a rule.

        Raises:
            UnknownRuleError, UnknownDistrictError: there is no such version in sight, or no such district.
            BeyondDistrictError: it has cameras outside the district, or the caller may edit no rules there.
            TacticNamedError, TooManyTacticsError: the name is taken, or there are `MAX_TACTICS`.
        """
        text = self._rules.text(rule_id, version, sight=sight)
        with self._store.transaction() as session:
            locked(session)
            if session.get(DistrictRecord, district_id) is None:
                raise UnknownDistrictError(district_id=district_id)
            inside = cameras_of_districts(session, {district_id})[district_id].cameras
            beyond = cameras_of(text) - inside
            if beyond or not _among(district_id, districts):
                said = ", ".join("/".join(camera) for camera in sorted(beyond or cameras_of(text)))
                raise BeyondDistrictError(district_id=district_id, cameras=said)
            of_district = select(func.count()).where(TacticRecord.district_id == district_id)
            if session.scalar(of_district.where(TacticRecord.name == name)):
                raise TacticNamedError(district_id=district_id, name=name)
            if (session.scalar(of_district) or 0) >= MAX_TACTICS:
                raise TooManyTacticsError(limit=MAX_TACTICS)
            record = TacticRecord(
                district_id=district_id,
                name=name,
                text=text.model_dump_json(),
                at_ms=self._now_ms(),
                actor=actor[:64],
            )
            session.add(record)
            session.flush()
            detail = {"tactic": record.id, "district_id": district_id, "name": name}
            self._audit.add(session, actor, "tactic.share", detail | {"rule": rule_id, "version": version})
            return _view(record)

    def tactics(self, *, districts: Districts) -> tuple[TacticView, ...]:
        """Lists the tactics of the caller's districts, by district and name."""
        query = select(TacticRecord).order_by(TacticRecord.district_id, TacticRecord.name)
        if districts is not None:
            query = query.where(TacticRecord.district_id.in_(sorted(districts)))
        with self._store.transaction() as session:
            return tuple(_view(record) for record in session.scalars(query))

    def tactic(self, tactic_id: int, *, districts: Districts) -> TacticView:
        """Returns one tactic.

        Raises:
            UnknownTacticError: there is none.
        """
        with self._store.transaction() as session:
            return _view(_existing(session, tactic_id, districts))

    def remove(self, tactic_id: int, *, actor: str, districts: Districts) -> None:
        """Removes a tactic; rules that were made of it stay.

        Raises:
            UnknownTacticError: there is none.
        """
        with self._store.transaction() as session:
            record = _existing(session, tactic_id, districts)
            detail = {"tactic": record.id, "district_id": record.district_id, "name": record.name}
            self._audit.add(session, actor, "tactic.remove", detail)
            session.delete(record)


def _among(district_id: str, districts: Districts) -> bool:
    return districts is None or district_id in districts


def _existing(session: Session, tactic_id: int, districts: Districts) -> TacticRecord:
    record = session.get(TacticRecord, tactic_id)
    if record is None or not _among(record.district_id, districts):
        raise UnknownTacticError(tactic_id=tactic_id)
    return record


def _view(record: TacticRecord) -> TacticView:
    return TacticView(
        id=record.id,
        district_id=record.district_id,
        name=record.name,
        text=RuleText.model_validate_json(record.text),
        shared_at_ms=record.at_ms,
        shared_by=record.actor,
    )
