"""Wires the maintenance orders of one centre, and runs their loop."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import func, select

from center import background
from center.access.permissions import Scope
from center.alarms.rules.inputs import Fault
from center.alarms.rules.rule import Rule
from center.alarms.service import AlarmService
from center.assessment.maintenance import Maintenance
from center.audit.log import Audit
from center.background import Periodic
from center.clock import NowMs
from center.database.store import Store
from center.fleet.devices import Devices
from center.notify.service import Notifier
from center.orders.errors import SigningOffError
from center.orders.evidence_watch import EvidenceWatch
from center.orders.keeper import OrderKeeper
from center.orders.notices import OrderNotices
from center.orders.order_time import OrderTime
from center.orders.reading import OrderReader
from center.orders.report import export
from center.orders.report.months import figures_of, orders_of
from center.orders.report.pdf_signature import Sign
from center.orders.roster_book import OrderBook
from center.orders.states import LIVE, MaintenanceState
from center.orders.tables import OrderNoticeRecord, OrderRecord
from center.orders.views import OrderMonth
from center.orders.windows import VisitWindows
from center.orders.workflow import OrderWorkflow
from center.orders.writer import OrderWriter
from center.retention import Retention
from provisioning.contracts.config.processes import Orders as OrdersConfig

TURN_S: Final = 5.0
FORGET_S: Final = 3600.0


class OrderService:
    """Serves maintenance orders to routes and pages."""

    def __init__(
        self,
        store: Store,
        audit: Audit,
        devices: Devices,
        notifier: Notifier,
        maintenance: Maintenance,
        config: OrdersConfig,
        now_ms: NowMs,
        *,
        alarms: AlarmService,
        retention: Retention,
        sign: Sign | None,
    ) -> None:
        """`sign`: signs the report of a month; None: nothing is configured to sign with."""
        self._store = store
        self._retention = retention
        self._keep_ms = keep_ms(config)
        self._sign = sign
        self._time = OrderTime(retention.clocks)
        self._writer = OrderWriter(store, audit, self._time, retention)
        self._watch = EvidenceWatch(devices)
        self._keeper = OrderKeeper(store, self._writer, self._watch, devices, self._time.boot_ms)
        self._windows = VisitWindows(self._writer, maintenance)
        self._notices = OrderNotices(store, notifier, now_ms, tell=config.tell, escalate=config.escalate)
        self.workflow: Final = OrderWorkflow(self._writer, devices)
        self.reader: Final = OrderReader(self._writer, self._watch)
        self.book: Final = OrderBook(store, audit, now_ms)
        self.loops: Final = (
            Periodic("the maintenance orders", TURN_S, lambda: asyncio.to_thread(self.turn)),
            Periodic("the forgetting of maintenance orders", FORGET_S, lambda: asyncio.to_thread(self.forget)),
        )
        alarms.faults_watched_by(self._look)

    @property
    def signs(self) -> bool:
        """True if the report of a month can be signed."""
        return self._sign is not None

    def turn(self) -> None:
        """Moves orders on, enters visits as maintenance, and hands notices over, now. Blocks.

        Raises:
            CenterError: of the database, or of a full outbox; what was not done is done at the next turn.
        """
        self._keeper.turn()
        self._windows.sync()
        self._notices.hand_over()

    def forget(self) -> None:
        """Deletes orders that are older than they are kept, now. Blocks.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        self._keeper.forget(self._retention, keep_ms=self._keep_ms)

    def month(self, month: str, sight: Scope) -> OrderMonth:
        """Computes the figures of a month for the cameras in sight. Blocks.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        return figures_of(month, *orders_of(self._writer, month, sight))

    def month_sheet(self, month: str, sight: Scope) -> bytes:
        """Writes the figures of a month, and its orders, as a workbook. Blocks.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        orders, moment = orders_of(self._writer, month, sight)
        return export.as_sheet(figures_of(month, orders, moment), orders)

    def month_pdf(self, month: str, sight: Scope) -> bytes:
        """Writes the same as a signed PDF. Blocks.

        Raises:
            SigningOffError: nothing is configured to sign with.
            StoreUnavailableError: the database does not work.
        """
        if self._sign is None:
            raise SigningOffError
        orders, moment = orders_of(self._writer, month, sight)
        return export.as_signed_pdf(figures_of(month, orders, moment), orders, self._sign)

    def live(self) -> tuple[dict[MaintenanceState, int], int, int]:
        """Counts live orders by state, those overdue, and the notices that no channel has taken over. Blocks.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        by_state = (
            select(OrderRecord.state, func.count()).where(OrderRecord.state.in_(LIVE)).group_by(OrderRecord.state)
        )
        waiting = select(func.count()).where(OrderNoticeRecord.handed_at_ms.is_(None))
        with self._writer.reading() as (session, moment):
            found = {MaintenanceState(state): count for state, count in session.execute(by_state)}
            late = select(func.count()).where(
                OrderRecord.state.in_(LIVE), OrderRecord.due_steady_ms <= moment.steady_ms
            )
            return (
                {state: found.get(state, 0) for state in LIVE},
                session.scalar(late) or 0,
                session.scalar(waiting) or 0,
            )

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Runs the loops while `with` lasts."""
        async with background.running(self.loops):
            yield

    def _look(self, faults: Sequence[tuple[Fault, Sequence[Rule]]]) -> None:
        self._watch.look(faults, self._time.boot_ms())


def keep_ms(config: OrdersConfig) -> int:
    """Returns the milliseconds for which an order that has ended is kept."""
    return config.keep_days * 86_400_000
