"""Writes alarms, the one place that does: events of a transaction go to the pages after its commit."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from center.alarms.events import AlarmFan
from center.alarms.lifecycle import AlarmEvent
from center.alarms.tables import AlarmRecord, EventRecord, NoticeRecord
from center.alarms.views import AlarmEventView, AlarmPush, AlarmView
from center.clock import NowMs
from center.database.store import Store

ITSELF: Final = "(alarms)"
"""Actor of what the centre does by itself. No user can have this name."""
PAGE: Final = 200


class Writing:
    """One transaction. `afterwards`: called once it is committed, before another writer may begin."""

    def __init__(self, session: Session, now_ms: int, *, notifies: bool) -> None:
        self.session = session
        self.now_ms = now_ms
        self.afterwards: list[Callable[[], None]] = []
        self.happened: list[tuple[AlarmRecord, EventRecord]] = []
        self._notifies = notifies

    def note(self, alarm: AlarmRecord, event: AlarmEvent, actor: str, comment: str = "") -> None:
        """Records an event of an alarm."""
        record = EventRecord(
            alarm_id=alarm.id, event=event, at_ms=self.now_ms, actor=actor[:64], level=alarm.level, comment=comment
        )
        self.session.add(record)
        self.happened.append((alarm, record))

    def notify(self, alarm: AlarmRecord) -> None:
        """Records a notice of an alarm, if there is a notifier."""
        if self._notifies:
            self.session.add(NoticeRecord(alarm_id=alarm.id, level=alarm.level, at_ms=self.now_ms))


class AlarmWriter:
    """Writes the alarms of one centre. Blocks: one writer at a time, so that pages get events in order of their ids."""

    def __init__(self, store: Store, pushes: AlarmFan, now_ms: NowMs, *, notifies: bool) -> None:
        self._store = store
        self._pushes = pushes
        self._now_ms = now_ms
        self._notifies = notifies
        self._lock = threading.RLock()

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Opens a transaction of all that is done to alarms inside `with`.

        Raises:
            StoreUnavailableError: nothing of it was written.
        """
        with self._lock:
            with self._store.transaction() as session:
                writing = Writing(session, self._now_ms(), notifies=self._notifies)
                yield writing
                session.flush()
                pushed = [
                    AlarmPush(event=AlarmEventView.model_validate(event), alarm=AlarmView.of(alarm))
                    for alarm, event in writing.happened
                ]
            stored_at_ms = self._now_ms()
            for act in writing.afterwards:
                act()
            self._pushes.spread([push.stored(stored_at_ms) for push in pushed])

    def since(self, event_id: int) -> list[AlarmPush]:
        """Returns at most `PAGE` events after `event_id`, oldest first, each with its alarm as it stands now."""
        with self._store.transaction() as session:
            rows = session.execute(
                select(EventRecord, AlarmRecord)
                .join(AlarmRecord, AlarmRecord.id == EventRecord.alarm_id)
                .where(EventRecord.id > event_id)
                .order_by(EventRecord.id)
                .limit(PAGE)
            )
            return [
                AlarmPush(event=AlarmEventView.model_validate(event), alarm=AlarmView.of(alarm))
                for event, alarm in rows
            ]

    def newest_event(self) -> int:
        """Returns the id of the newest event; 0 before the first."""
        with self._store.transaction() as session:
            return session.scalar(select(EventRecord.id).order_by(EventRecord.id.desc()).limit(1)) or 0
