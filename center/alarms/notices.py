"""The seam to notification channels: what is to be told leaves here, once it is known to have been taken over."""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select

from center.alarms.tables import AlarmRecord, NoticeRecord
from center.alarms.views import AlarmView
from center.clock import NowMs
from center.database.store import Store

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Notice:
    """Tell somebody of an alarm.

    Attributes:
        id: the same each time that this notice is handed over, and of no other.
        level: 0 when it was raised, and one more for each escalation: whom to tell.
        alarm: as it stands at the hand-over; by then it may be acknowledged.
    """

    id: int
    level: int
    alarm: AlarmView


class Notifier(Protocol):
    """Takes notices over. Whoever is behind it has its own queue, retries and limits."""

    def notify(self, notice: Notice) -> None:
        """Take one over for good, or raise; called from a worker thread, in the order of `id`.

        At least once: after a crash a notice may come again, with the same id, and must not be told twice.

        Raises:
            CenterError: not now. It comes again within seconds, and those behind it wait.
        """


class Handover:
    """Hands over what is due. Blocks.

    Raises:
        CenterError: the notifier's, or StoreUnavailableError; what was not handed over stays due.
    """

    def __init__(self, store: Store, notifier: Notifier, now_ms: NowMs) -> None:
        self._store = store
        self._notifier = notifier
        self._now_ms = now_ms

    def run_once(self) -> int:
        """Hand over the oldest that are due; returns how many."""
        with self._store.transaction() as session:
            due = [
                Notice(notice.id, notice.level, AlarmView.of(alarm))
                for notice, alarm in session.execute(
                    select(NoticeRecord, AlarmRecord)
                    .join(AlarmRecord, AlarmRecord.id == NoticeRecord.alarm_id)
                    .where(NoticeRecord.handed_at_ms.is_(None))
                    .order_by(NoticeRecord.id)
                    .limit(AT_ONCE)
                )
            ]
        for notice in due:
            self._notifier.notify(notice)
            with self._store.transaction() as session:
                session.get_one(NoticeRecord, notice.id).handed_at_ms = self._now_ms()
        return len(due)
