"""Counts what is past its time by a clock that a person is about to confirm."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, func, select

from center.alarms.evaluator import keep_ms as alarms_keep_ms
from center.alarms.lifecycle import AlarmState
from center.alarms.tables import AlarmRecord
from center.cases.service import keep_ms as cases_keep_ms
from center.cases.tables import CaseRecord
from center.database.store import AuditEntry, Store
from center.evidence.tables import ExportRecord, ExportState
from center.notify.service import keep_ms as messages_keep_ms
from center.orders.service import keep_ms as orders_keep_ms
from center.orders.states import ENDED
from center.orders.tables import OrderRecord
from center.retention import ALARMS, AUDIT, CASES, MESSAGES, ORDERS
from provisioning.contracts.config.processes import CenterConfig

_DAY_MS = 86_400_000


def keeps_ms(config: CenterConfig) -> dict[str, int]:
    """Returns how long each kind of record is kept, in milliseconds, as this centre is configured."""
    return {
        AUDIT: config.audit_keep_days * _DAY_MS,
        ALARMS: alarms_keep_ms(config.alarms),
        CASES: cases_keep_ms(config.cases),
        MESSAGES: messages_keep_ms(config.notify),
        ORDERS: orders_keep_ms(config.orders),
    }


def count_past(store: Store, keeps: Mapping[str, int], wall_ms: int) -> dict[str, int]:
    """Counts the records of each kind that a confirmation would release for deletion. Blocks.

    Raises:
        StoreUnavailableError: the database does not work.
    """
    ended = CaseRecord.deleted_at_ms.is_(None) & (CaseRecord.ended_at_ms <= wall_ms - keeps[CASES])
    closed = AlarmRecord.state == AlarmState.CLOSED
    ready = ExportRecord.state == ExportState.READY
    wanted: dict[str, ColumnElement[bool]] = {
        "entries of the audit": AuditEntry.at_ms <= wall_ms - keeps[AUDIT],
        "closed alarms": closed & (AlarmRecord.last_at_ms < wall_ms - keeps[ALARMS]),
        "cases that ended": ended,
        "evidence exports": ready & (ExportRecord.ends_at_ms <= wall_ms),
        "maintenance orders": OrderRecord.state.in_(sorted(ENDED))
        & (OrderRecord.ended_at_ms < wall_ms - keeps[ORDERS]),
    }
    tables = (AuditEntry, AlarmRecord, CaseRecord, ExportRecord, OrderRecord)
    with store.transaction() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table).where(condition)) or 0
            for table, (name, condition) in zip(tables, wanted.items(), strict=True)
        }
