"""Moves orders on by the program alone: opens, assigns by the roster, proves, voids, reminds and escalates them."""

from collections.abc import Callable
from functools import partial
from typing import Final

from sqlalchemy import delete, func, select

from center.alarms.rules.kinds import OrderUrgency
from center.database.store import Store
from center.fleet.devices import Devices, DeviceState
from center.orders.evidence_watch import EvidenceWatch, NamedFault, WatchedIndicator
from center.orders.history import tellings
from center.orders.notices import NOBODY, OVERDUE, SOON, kind_of
from center.orders.roster_book import DutyLookup
from center.orders.states import BEFORE_WORK, ENDED, LIVE, MaintenanceState, OrderEvent
from center.orders.tables import OrderEventRecord, OrderNoticeRecord, OrderRecord, OrderWindowRecord
from center.orders.terms import OrderTerms
from center.orders.windows import PlannedMaintenance
from center.orders.workflow import assign, needs_second
from center.orders.writer import (
    HAND,
    ITSELF,
    Acting,
    OrderSubject,
    OrderWriter,
    clocks_of,
    history_of,
    line_now,
    live_key,
)
from center.retention import ORDERS, Retention

HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000


class OrderKeeper:
    """Does one turn after another of what no user does. Blocks.

    Raises (all methods):
        StoreUnavailableError: what was not done is done at the next turn.
    """

    def __init__(
        self, store: Store, writer: OrderWriter, watch: EvidenceWatch, devices: Devices, boot_ms: Callable[[], int]
    ) -> None:
        self._store = store
        self._writer = writer
        self._watch = watch
        self._devices = devices
        self._boot_ms = boot_ms

    def turn(self) -> None:
        """Opens orders for named faults, moves live orders on, and records the notices that are due."""
        self._writer.keep_time()
        for named in self._to_meet():
            self._meet(named)
        with self._writer.reading() as (session, moment):
            live = session.scalars(
                select(OrderRecord).where(OrderRecord.state.in_(LIVE)).order_by(OrderRecord.id)
            ).all()
            duties = DutyLookup(session, moment.wall_ms)
            assigned = {order.id: duties.technician(order) for order in live if order.state == MaintenanceState.OPEN}
            told = (
                select(OrderNoticeRecord.order_id)
                .join(OrderRecord, OrderRecord.id == OrderNoticeRecord.order_id)
                .where(OrderNoticeRecord.name == NOBODY, OrderRecord.state.in_(LIVE))
            )
            nobody = set(session.scalars(told))
        self._watch.watch(
            {
                live_key(order.place, order.fault): WatchedIndicator(
                    order.place, order.fault, order.agent_id, order.camera_id
                )
                for order in live
            }
        )
        for order in live:
            if (reason := self._gone(order)) is not None:
                self._act(order.id, partial(_void, reason))
                continue
            if order.state == MaintenanceState.OPEN and (assigned[order.id] or order.id not in nobody):
                self._act(order.id, _assign_on_duty)
            if _is_provable(order) and self._well_for_ms(order) is not None:
                self._act(order.id, self._prove)
            if order.tells_steady_ms is not None and order.tells_steady_ms <= moment.steady_ms:
                self._act(order.id, _tell_due)

    def forget(self, retention: Retention, *, keep_ms: int) -> None:
        """Deletes orders that ended `keep_ms` ago, with all that belongs to them."""
        ended = OrderRecord.state.in_(sorted(ENDED))
        with self._store.transaction() as session:
            oldest_ms = session.scalar(select(func.min(OrderRecord.ended_at_ms)).where(ended))
        horizon_ms = retention.horizon_ms(ORDERS, keep_ms, oldest_ms=oldest_ms)
        if horizon_ms is None:
            return
        with self._store.transaction() as session:
            old = select(OrderRecord.id).where(ended, OrderRecord.ended_at_ms < horizon_ms)
            for table in (OrderWindowRecord, OrderNoticeRecord, OrderEventRecord):
                session.execute(delete(table).where(table.order_id.in_(old)))
            session.execute(delete(OrderRecord).where(ended, OrderRecord.ended_at_ms < horizon_ms))

    def _act(self, order_id: int, change: Callable[[Acting, OrderRecord], None]) -> None:
        """Changes an order in a transaction of its own, if it has not ended meanwhile."""
        with self._writer.acting() as acting:
            order = acting.session.get_one(OrderRecord, order_id)
            if order.state not in ENDED:
                change(acting, order)

    def _to_meet(self) -> list[NamedFault]:
        """Returns the named faults that want an order opened or reopened; planned maintenance wants none."""
        named = self._watch.named(self._boot_ms())
        if not named:
            return []
        with self._writer.reading() as (session, moment):
            live = select(OrderRecord.live_key, OrderRecord.state).where(OrderRecord.live_key.is_not(None))
            busy = {key for key, state in session.execute(live) if state != MaintenanceState.WELL}
            maintenance = PlannedMaintenance(session, moment.wall_ms)
            return [
                each
                for each in named
                if live_key(each.fault.place, each.fault.code) not in busy
                and maintenance.covering(each.fault.agent_id, each.fault.camera_id) is None
            ]

    def _meet(self, named: NamedFault) -> None:
        """Opens an order for a fault, or reopens that of the same fault; a live one is left as it is."""
        fault = named.fault
        with self._writer.acting() as acting:
            live = acting.live(live_key(fault.place, fault.code))
            if live is not None:
                if live.state == MaintenanceState.WELL:
                    self._reopen(acting, live, fault.cause)
                return
            ended = _reopenable(acting, fault.place, fault.code)
            if ended is not None:
                self._reopen(acting, ended, fault.cause)
                return
            camera = self._devices.camera(fault.agent_id, fault.camera_id) if fault.camera_id else None
            subject = OrderSubject(
                place=fault.place,
                fault=fault.code,
                agent_id=fault.agent_id,
                camera_id=fault.camera_id,
                camera_name="" if camera is None else camera.title,
                cause=fault.cause,
            )
            order = acting.open(
                subject, is_key=named.urgency is OrderUrgency.KEY, rule_id=named.rule_id, actor=ITSELF, note=fault.cause
            )
            _assign_on_duty(acting, order)

    def _reopen(self, acting: Acting, order: OrderRecord, cause: str) -> None:
        acting.note(order, OrderEvent.REOPENED, ITSELF, note=cause)
        if order.assignee:
            acting.tell(order, f"assigned-again-{len(history_of(acting.session, order.id).openings)}")

    def _gone(self, order: OrderRecord) -> str | None:
        """Returns why an order's device is not there any more; None while it is."""
        if order.camera_id:
            camera = self._devices.camera(order.agent_id, order.camera_id)
            if camera is None:
                return "camera_removed"
            return "agent_revoked" if camera.state is DeviceState.REVOKED else None
        return None

    def _well_for_ms(self, order: OrderRecord) -> int | None:
        """Returns for how long the indicator was well, if that is as long as the terms want."""
        well_for_ms = self._watch.well_for_ms(live_key(order.place, order.fault), self._boot_ms())
        wanted_ms = OrderTerms.model_validate_json(order.terms).evidence_min * MINUTE_MS
        return well_for_ms if well_for_ms is not None and well_for_ms >= wanted_ms else None

    def _prove(self, acting: Acting, order: OrderRecord) -> None:
        """Notes that an order is well: proved after a repair, or recovered by itself."""
        well_for_ms = self._well_for_ms(order)
        if well_for_ms is None:
            return
        since_ms = line_now(order, acting.moment) - well_for_ms
        if not _is_provable(order):
            return
        if order.state in BEFORE_WORK:
            acting.note(order, OrderEvent.RECOVERED, ITSELF, line_ms=since_ms)
        else:
            acting.note(order, OrderEvent.WELL, ITSELF, line_ms=since_ms)
            if not needs_second(order):
                acting.note(order, OrderEvent.CONFIRMED, ITSELF)


def _is_provable(order: OrderRecord) -> bool:
    """True if a well indicator moves the order on; before a repair it says nothing of what a user saw."""
    return order.state == MaintenanceState.MENDED or (order.state in BEFORE_WORK and order.fault != HAND)


def _assign_on_duty(acting: Acting, order: OrderRecord) -> None:
    """Assigns an open order to the technician on duty; without one the escalation is told, once an order."""
    if order.state != MaintenanceState.OPEN:
        return
    username = DutyLookup(acting.session, acting.moment.wall_ms).technician(order)
    if username is not None:
        assign(acting, order, username, actor=ITSELF)
    else:
        acting.tell(order, NOBODY)


def _tell_due(acting: Acting, order: OrderRecord) -> None:
    """Records reminders and escalations that are due; a reminder that comes after its escalation is not sent."""
    clocks = clocks_of(order, history_of(acting.session, order.id), acting.moment)
    now_ms = line_now(order, acting.moment)
    due = [name for name, at_ms in tellings(clocks) if at_ms <= now_ms]
    for name in due:
        outdated = kind_of(name) == SOON and f"{name.removesuffix(SOON)}{OVERDUE}" in due
        acting.tell(order, name, unsent=outdated)
    acting.session.flush()
    acting.refresh(order)


def _void(reason: str, acting: Acting, order: OrderRecord) -> None:
    acting.note(order, OrderEvent.VOIDED, ITSELF, note=reason)


def _reopenable(acting: Acting, place: str, fault: str) -> OrderRecord | None:
    """Returns the newest order of a fault if it was closed within the term in which the fault reopens it."""
    newest = acting.session.scalar(
        select(OrderRecord)
        .where(OrderRecord.place == place, OrderRecord.fault == fault)
        .order_by(OrderRecord.id.desc())
        .limit(1)
    )
    if newest is None or newest.state != MaintenanceState.CLOSED or newest.ended_steady_ms is None:
        return None
    term_ms = OrderTerms.model_validate_json(newest.terms).reopen_h * HOUR_MS
    return newest if acting.moment.steady_ms - newest.ended_steady_ms < term_ms else None
