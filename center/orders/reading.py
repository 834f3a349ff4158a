"""Reads orders as lists and details. Blocks."""

import json

from sqlalchemy import select

from center.access.permissions import Identity, Scope
from center.orders.errors import UnknownOrderError
from center.orders.evidence_watch import EvidenceWatch
from center.orders.history import OrderHistory
from center.orders.order_time import Moment
from center.orders.states import LIVE, MaintenanceState, OrderEvent
from center.orders.tables import OrderEventRecord, OrderRecord
from center.orders.terms import OrderTerms
from center.orders.views import ClockView, OrderDetail, OrderEventView, OrderList, OrderView, PartUsed
from center.orders.visibility import in_sight, sees
from center.orders.workflow import may_confirm, needs_second
from center.orders.writer import OrderWriter, clocks_of, history_of, line_now, live_key, wall_ms


class OrderReader:
    """Reads orders in sight.

    Raises (all methods):
        StoreUnavailableError: the database does not work.
    """

    def __init__(self, writer: OrderWriter, watch: EvidenceWatch) -> None:
        self._writer = writer
        self._watch = watch

    def orders(
        self,
        *,
        asker: Identity,
        sight: Scope,
        states: tuple[MaintenanceState, ...] = (),
        district: str | None = None,
        mine: bool = False,
        overdue: bool = False,
        before: int | None = None,
        limit: int = 50,
    ) -> OrderList:
        """Returns a page of orders, newest first; `before` is where the last page ended."""
        query = (
            select(OrderRecord).where(in_sight(sight, asker.username)).order_by(OrderRecord.id.desc()).limit(limit + 1)
        )
        if states:
            query = query.where(OrderRecord.state.in_(states))
        if district is not None:
            query = query.where(OrderRecord.district == district)
        if mine:
            query = query.where(OrderRecord.assignee == asker.username)
        if before is not None:
            query = query.where(OrderRecord.id < before)
        with self._writer.reading() as (session, moment):
            if overdue:
                query = query.where(OrderRecord.state.in_(LIVE), OrderRecord.due_steady_ms <= moment.steady_ms)
            found = session.scalars(query).all()
            page = tuple(view_of(order, history_of(session, order.id), moment) for order in found[:limit])
        return OrderList(items=page, next_cursor=str(page[-1].id) if len(found) > limit else None)

    def order(self, order_id: int, *, asker: Identity, sight: Scope) -> OrderDetail:
        """Returns one order with its clocks and history.

        Raises:
            UnknownOrderError: no order of that number is in sight.
        """
        with self._writer.reading() as (session, moment):
            order = session.get(OrderRecord, order_id)
            if order is None or not sees(sight, order, asker.username):
                raise UnknownOrderError(order_id=order_id)
            history = history_of(session, order_id)
            events = session.scalars(
                select(OrderEventRecord).where(OrderEventRecord.order_id == order_id).order_by(OrderEventRecord.id)
            )
            return OrderDetail(
                order=view_of(order, history, moment),
                terms=OrderTerms.model_validate_json(order.terms),
                clocks=tuple(_clocks(order, history, moment)),
                events=tuple(map(_event, events)),
                well_for_ms=self._watch.well_for_ms(live_key(order.place, order.fault), moment.boot_ms),
                confirmable=order.state == MaintenanceState.WELL and may_confirm(session, order, asker),
            )


def view_of(order: OrderRecord, history: OrderHistory, moment: Moment) -> OrderView:
    """Returns an order as it stands at a moment."""
    due_ms = order.due_steady_ms
    return OrderView(
        id=order.id,
        state=MaintenanceState(order.state),
        fault=order.fault,
        agent_id=order.agent_id,
        camera_id=order.camera_id,
        camera_name=order.camera_name,
        cause=order.cause,
        rule_id=order.rule_id,
        district=order.district,
        maintainer=order.maintainer,
        is_key=order.is_key,
        assignee=order.assignee,
        opened_at_ms=order.opened_at_ms,
        due_at_ms=None if due_ms is None else due_ms - moment.steady_ms + moment.wall_ms,
        overdue=due_ms is not None and due_ms <= moment.steady_ms,
        waiting=history.paused_ms is not None,
        needs_confirmation=needs_second(order),
        ended_at_ms=order.ended_at_ms,
    )


def _clocks(order: OrderRecord, history: OrderHistory, moment: Moment) -> list[ClockView]:
    # Past times as the wall clock showed them at the opening, those to come as it will show them.
    now_ms = line_now(order, moment)

    def shown(line_ms: int) -> int:
        return line_ms if line_ms <= now_ms else line_ms - now_ms + moment.wall_ms

    return [
        ClockView(
            name=each.name,
            opening=each.opening,
            state=each.state,
            term_ms=each.term_ms,
            used_ms=each.used_ms,
            due_at_ms=shown(each.due_ms),
            stopped_at_ms=None if each.stopped_ms is None else shown(each.stopped_ms),
        )
        for each in clocks_of(order, history, moment)
    ]


def _event(record: OrderEventRecord) -> OrderEventView:
    return OrderEventView(
        event=OrderEvent(record.event),
        at_ms=record.at_ms,
        told_at_ms=record.told_at_ms,
        counted_at_ms=wall_ms(record),
        actor=record.actor,
        note=record.note,
        parts=tuple(PartUsed.model_validate(each) for each in json.loads(record.parts)),
        step_id=record.step_id,
    )
