"""Enters visits as maintenance of the assessment, bounded by the terms, so that nobody enters them a second time.

A visit within maintenance that a user planned joins that. Only visits excuse: the hours of a fault before the arrival
count as they are.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from center.assessment.errors import UnknownWindowError
from center.assessment.maintenance import Maintenance, MaintenanceWindow, Plan, in_force
from center.assessment.tables import RegisteredRecord
from center.orders.duty_hours import MINUTE_MS
from center.orders.history import DEPARTURES
from center.orders.states import LIVE, OrderEvent
from center.orders.tables import OrderEventRecord, OrderRecord, OrderWindowRecord
from center.orders.terms import OrderTerms
from center.orders.writer import ITSELF, OrderWriter, wall_ms

AT_ONCE = 100


class VisitWindows:
    """Keeps the maintenance of visits in step with them. Blocks."""

    def __init__(self, writer: OrderWriter, maintenance: Maintenance) -> None:
        self._writer = writer
        self._maintenance = maintenance

    def sync(self) -> None:
        """Enters visits that began, and ends the maintenance of those that ended.

        Raises:
            StoreUnavailableError: what was not entered is entered at the next turn.
        """
        self._note_arrivals()
        for order, window in self._not_entered():
            plan = Plan(
                scope="camera",
                agent_id=order.agent_id,
                camera_id=order.camera_id,
                from_ms=window.from_ms,
                to_ms=window.to_ms,
                reason=f"order {window.order_id}",
            )
            entered = self._maintenance.enter(plan, actor=ITSELF)
            with self._writer.reading() as (session, _moment):
                session.get_one(OrderWindowRecord, window.arrived_id).window_id = entered.id
        for window, left_ms in self._left():
            self._end(window, left_ms)

    def _note_arrivals(self) -> None:
        """Decides for each new arrival what of it is excused."""
        query = (
            select(OrderEventRecord, OrderRecord)
            .join(OrderRecord, OrderRecord.id == OrderEventRecord.order_id)
            .outerjoin(OrderWindowRecord, OrderWindowRecord.arrived_id == OrderEventRecord.id)
            .where(
                OrderEventRecord.event == OrderEvent.ARRIVED,
                OrderWindowRecord.arrived_id.is_(None),
                OrderRecord.camera_id != "",
                OrderRecord.state.in_(LIVE),
            )
            .order_by(OrderEventRecord.id)
            .limit(AT_ONCE)
        )
        with self._writer.reading() as (session, _moment):
            for arrived, order in session.execute(query).all():
                from_ms = wall_ms(arrived)
                joined = PlannedMaintenance(session, from_ms).covering(order.agent_id, order.camera_id)
                used_ms = sum(
                    each.to_ms - each.from_ms
                    for each in session.scalars(select(OrderWindowRecord).where(OrderWindowRecord.order_id == order.id))
                )
                left_ms = OrderTerms.model_validate_json(order.terms).excused_visit_min * MINUTE_MS - used_ms
                session.add(
                    OrderWindowRecord(
                        arrived_id=arrived.id,
                        order_id=order.id,
                        from_ms=from_ms,
                        to_ms=from_ms if joined else from_ms + max(0, left_ms),
                        window_id=joined.id if joined else None,
                        is_open=joined is None and left_ms > 0,
                    )
                )
                session.flush()

    def _not_entered(self) -> list[tuple[OrderRecord, OrderWindowRecord]]:
        query = (
            select(OrderRecord, OrderWindowRecord)
            .join(OrderWindowRecord, OrderWindowRecord.order_id == OrderRecord.id)
            .where(OrderWindowRecord.window_id.is_(None), OrderWindowRecord.is_open)
            .limit(AT_ONCE)
        )
        with self._writer.reading() as (session, _moment):
            return [(order, window) for order, window in session.execute(query)]

    def _left(self) -> list[tuple[OrderWindowRecord, int]]:
        """Returns the maintenance of visits that ended before it does, with the time of the departure."""
        with self._writer.reading() as (session, moment):
            found = []
            for window in session.scalars(
                select(OrderWindowRecord).where(OrderWindowRecord.is_open, OrderWindowRecord.window_id.is_not(None))
            ).all():
                departed = session.scalar(
                    select(OrderEventRecord)
                    .where(
                        OrderEventRecord.order_id == window.order_id,
                        OrderEventRecord.id > window.arrived_id,
                        OrderEventRecord.event.in_(sorted(DEPARTURES)),
                    )
                    .order_by(OrderEventRecord.id)
                    .limit(1)
                )
                if departed is not None and wall_ms(departed) < window.to_ms:
                    found.append((window, wall_ms(departed)))
                elif departed is not None or window.to_ms < moment.wall_ms:
                    window.is_open = False
            return found

    def _end(self, window: OrderWindowRecord, left_ms: int) -> None:
        assert window.window_id is not None  # noqa: S101 - narrows the type: `_left` returns no other
        to_ms = max(left_ms, window.from_ms)
        try:
            if to_ms > window.from_ms:
                self._maintenance.end(window.window_id, to_ms=to_ms, actor=ITSELF)
            else:
                self._maintenance.withdraw(window.window_id, actor=ITSELF)
        except UnknownWindowError:
            pass  # a user has withdrawn it meanwhile: it excuses nothing any more
        with self._writer.reading() as (session, _moment):
            record = session.get_one(OrderWindowRecord, window.arrived_id)
            record.to_ms, record.is_open = to_ms, False


class PlannedMaintenance:
    """Maintenance that users entered and that is in force at one time."""

    def __init__(self, session: Session, at_ms: int) -> None:
        self._session = session
        self._windows = [each for each in in_force(session, at_ms, at_ms + 1) if each.entered_by != ITSELF]

    def covering(self, agent_id: str, camera_id: str) -> MaintenanceWindow | None:
        """Returns maintenance of a camera, its registered district or the fleet; empty ids: of the fleet alone."""
        for window in self._windows:
            of_camera = bool(camera_id) and (window.agent_id, window.camera_id) == (agent_id, camera_id)
            of_district = window.scope == "district" and window.district == self._district(agent_id, camera_id)
            if window.scope == "fleet" or of_camera or of_district:
                return window
        return None

    def _district(self, agent_id: str, camera_id: str) -> str | None:
        return self._session.scalar(
            select(RegisteredRecord.district).where(
                RegisteredRecord.agent_id == agent_id, RegisteredRecord.camera_id == camera_id
            )
        )
