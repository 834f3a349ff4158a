"""Writes orders and their events, the one place that does: one transaction an act, under the lock of the audit."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from center.access.districts import DistrictCamera
from center.access.permissions import Scope
from center.audit.log import Audit, locked
from center.clock import ZONE
from center.database.store import Store
from center.orders.errors import UnknownOrderError
from center.orders.history import Happened, OrderClock, OrderHistory, fold, next_telling
from center.orders.order_time import Moment, OrderTime
from center.orders.states import ENDED, MaintenanceState, OrderEvent
from center.orders.tables import OrderEventRecord, OrderNoticeRecord, OrderRecord, TermsRecord
from center.orders.terms import OrderTerms
from center.orders.views import PartUsed
from center.orders.visibility import sees
from center.retention import Retention

ITSELF: Final = "(orders)"
"""Actor of what the program does by itself: no account can have this name."""
HAND: Final = "hand"
"""Fault of an order that a user entered."""


@dataclass(frozen=True, slots=True)
class OrderSubject:
    """Fault that an order is for. `agent_id` and `camera_id` empty: of the centre's chain."""

    place: str
    fault: str
    agent_id: str
    camera_id: str
    camera_name: str
    cause: str

    @property
    def key(self) -> str:
        """Key by which a fault has one live order at most."""
        return live_key(self.place, self.fault)


def live_key(place: str, fault: str) -> str:
    """Returns the key of a fault at a place."""
    return f"{place}#{fault}"


def line_now(order: OrderRecord, moment: Moment) -> int:
    """Returns a moment on the order's line of time."""
    return moment.steady_ms + order.skew_ms


def history_of(session: Session, order_id: int) -> OrderHistory:
    """Reads and folds the events of an order."""
    events = session.scalars(
        select(OrderEventRecord).where(OrderEventRecord.order_id == order_id).order_by(OrderEventRecord.id)
    )
    return fold(Happened(OrderEvent(each.event), each.line_ms, each.actor, told=each.told_counts) for each in events)


def clocks_of(order: OrderRecord, history: OrderHistory, moment: Moment) -> list[OrderClock]:
    """Returns the clocks of an order as of a moment."""
    terms = OrderTerms.model_validate_json(order.terms)
    return history.clocks(terms, is_key=order.is_key, now_ms=line_now(order, moment))


def wall_ms(event: OrderEventRecord) -> int:
    """Returns when an event happened by the wall clock: as told where that counts, else as received."""
    return event.told_at_ms if event.told_counts and event.told_at_ms is not None else event.at_ms


class Acting:
    """One transaction in which orders change."""

    def __init__(self, session: Session, moment: Moment, audit: Audit, retention: Retention) -> None:
        self.session = session
        self.moment = moment
        self._audit = audit
        self._retention = retention

    def order(self, order_id: int, sight: Scope, username: str = "") -> OrderRecord:
        """Returns an order in sight.

        Raises:
            UnknownOrderError: no order of that number is in sight.
        """
        order = self.session.get(OrderRecord, order_id)
        if order is None or not sees(sight, order, username):
            raise UnknownOrderError(order_id=order_id)
        return order

    def live(self, key: str) -> OrderRecord | None:
        """Returns the live order of a fault."""
        return self.session.scalar(select(OrderRecord).where(OrderRecord.live_key == key))

    def open(
        self, subject: OrderSubject, *, is_key: bool, rule_id: int | None, actor: str, note: str = ""
    ) -> OrderRecord:
        """Opens an order, under the terms of its district as they are now."""
        district, terms = terms_at(self.session, subject.agent_id, subject.camera_id)
        moment = self.moment
        order = OrderRecord(
            live_key=subject.key,
            place=subject.place,
            fault=subject.fault,
            agent_id=subject.agent_id,
            camera_id=subject.camera_id,
            camera_name=subject.camera_name,
            cause=subject.cause,
            rule_id=rule_id,
            district=district,
            maintainer=terms.maintainer,
            is_key=is_key,
            terms=terms.model_dump_json(),
            state=MaintenanceState.OPEN,
            assignee="",
            month=f"{datetime.fromtimestamp(moment.wall_ms / 1000, ZONE):%Y-%m}",
            opened_at_ms=moment.wall_ms,
            skew_ms=moment.wall_ms - moment.steady_ms,
        )
        self.session.add(order)
        self.session.flush()
        self.note(order, OrderEvent.OPENED, actor, note=note)
        return order

    def note(
        self,
        order: OrderRecord,
        event: OrderEvent,
        actor: str,
        *,
        line_ms: int | None = None,
        told_at_ms: int | None = None,
        note: str = "",
        parts: Sequence[PartUsed] = (),
        step_id: str | None = None,
    ) -> OrderEventRecord:
        """Adds an event to an order's history, and moves the order on.

        `line_ms`: the time that the clocks count; by default now.

        Raises:
            OrderStateError: the state does not allow it; the transaction must not go on.
        """
        detail = {"order": order.id, "event": event.value, "district": order.district}
        self._audit.add(self.session, actor, f"order.{event.value}", detail)
        record = OrderEventRecord(
            order_id=order.id,
            event=event,
            at_ms=self.moment.wall_ms,
            told_at_ms=told_at_ms,
            line_ms=line_now(order, self.moment) if line_ms is None else line_ms,
            told_counts=told_at_ms is not None and line_ms is not None,
            actor=actor[:64],
            note=note,
            parts=json.dumps([part.model_dump() for part in parts], ensure_ascii=False),
            step_id=step_id,
        )
        self.session.add(record)
        self.session.flush()
        self.refresh(order)
        return record

    def refresh(self, order: OrderRecord) -> OrderHistory:
        """Derives the state, the ends of the clocks and the next notice of an order from its history."""
        history = history_of(self.session, order.id)
        before, order.state = order.state, history.state
        if history.state in ENDED:
            order.live_key = order.due_steady_ms = order.tells_steady_ms = None
            if before not in ENDED or order.ended_at_ms is None:
                order.ended_at_ms, order.ended_steady_ms = self._retention.latest_ms(), self.moment.steady_ms
            return history
        order.live_key = live_key(order.place, order.fault)
        order.ended_at_ms = order.ended_steady_ms = None
        clocks = clocks_of(order, history, self.moment)
        running = [each.lates_ms for each in clocks if each.is_live]
        order.due_steady_ms = min(running) - order.skew_ms if running and history.paused_ms is None else None
        told = set(self.session.scalars(select(OrderNoticeRecord.name).where(OrderNoticeRecord.order_id == order.id)))
        tells_ms = next_telling(clocks, told)
        order.tells_steady_ms = None if tells_ms is None else tells_ms - order.skew_ms
        return history

    def tell(self, order: OrderRecord, name: str, *, unsent: bool = False) -> None:
        """Records a notice of an order, once; `unsent`: it is outdated, and no channel gets it."""
        if self.session.get(OrderNoticeRecord, (order.id, name)) is None:
            at_ms = self.moment.wall_ms
            handed_at_ms = at_ms if unsent else None
            self.session.add(OrderNoticeRecord(order_id=order.id, name=name, at_ms=at_ms, handed_at_ms=handed_at_ms))


class OrderWriter:
    """Opens the transactions in which orders change. Blocks."""

    def __init__(self, store: Store, audit: Audit, time: OrderTime, retention: Retention) -> None:
        self._store = store
        self._audit = audit
        self._time = time
        self._retention = retention

    @contextmanager
    def acting(self) -> Iterator[Acting]:
        """Opens a transaction; one at a time, over all processes.

        Raises:
            StoreUnavailableError: nothing of it was written.
        """
        with self._store.transaction() as session:
            locked(session)
            yield Acting(session, self._time.advance(session), self._audit, self._retention)

    def keep_time(self) -> None:
        """Stores how far order time has come.

        Raises:
            StoreUnavailableError: it was not stored.
        """
        with self._store.transaction() as session:
            self._time.advance(session)

    @contextmanager
    def reading(self) -> Iterator[tuple[Session, Moment]]:
        """Opens a transaction in which no order moves on, with the present moment.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        with self._store.transaction() as session:
            yield session, self._time.now(session)


def terms_at(session: Session, agent_id: str, camera_id: str) -> tuple[str, OrderTerms]:
    """Returns the district of a camera and the terms there.

    Of several districts the first by id that has terms counts, else the first.
    """
    named = session.scalars(
        select(DistrictCamera.district_id)
        .where(DistrictCamera.agent_id == agent_id, DistrictCamera.camera_id == camera_id)
        .order_by(DistrictCamera.district_id)
    ).all()
    found = {
        record.district: record
        for record in session.scalars(select(TermsRecord).where(TermsRecord.district.in_([*named, ""])))
    }
    district = next((each for each in named if each in found), named[0] if named else "")
    record = found.get(district, found.get(""))
    return district, OrderTerms() if record is None else OrderTerms.model_validate_json(record.terms)
