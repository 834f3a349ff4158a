"""Hands due notices over to the notification channels; a notice stays due until it was taken over."""

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
    """An alarm to notify of.

    Attributes:
        id: the same each time that this notice is handed over; no other notice has it.
        level: 0 when the alarm was raised, and one more for each escalation: selects the channels.
        alarm: as it stands at the hand-over; by then it may be acknowledged.
    """

    id: int
    level: int
    alarm: AlarmView


class NoticeTaker(Protocol):
    """Takes notices over. An implementation has its own queue, retries and limits."""

    def notify(self, notice: Notice) -> None:
        """Takes a notice over for good, or raises; called from a worker thread, in the order of `id`.

        At least once: after a crash a notice may come again, with the same id, and must not be sent twice.

        Raises:
            CenterError: not taken over now. The notice comes again within seconds, and those behind it wait.
        """


class NoticeHandover:
    """Hands over due notices. Blocks.

    Raises:
        CenterError: the notifier's, or StoreUnavailableError; what was not handed over stays due.
    """

    def __init__(self, store: Store, notifier: NoticeTaker, now_ms: NowMs) -> None:
        self._store = store
        self._notifier = notifier
        self._now_ms = now_ms

    def run_once(self) -> int:
        """Hands over the oldest due notices, at most `AT_ONCE`; returns how many."""
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
