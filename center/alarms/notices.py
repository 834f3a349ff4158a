"""Hands due notices over to the notification channels as messages; a notice stays due until it was taken over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy import select

from center.alarms.tables import AlarmRecord, NoticeRecord
from center.alarms.views import AlarmView
from center.clock import NowMs
from center.database.store import Store
from center.fleet.devices import Devices
from center.notify.message import Message, label_or
from center.notify.service import Notifier

AT_ONCE: Final = 100
LINK: Final = "/alarms"


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


class NoticeSender:
    """Delivers a notice to the channels of its level. Implements `NoticeTaker`."""

    def __init__(self, notifier: Notifier, devices: Devices, levels: Sequence[Sequence[str]]) -> None:
        """`levels`: channels when an alarm is raised, then at each escalation; the last entry serves all later ones."""
        self._notifier = notifier
        self._devices = devices
        self._levels = levels

    def notify(self, notice: Notice) -> None:
        """Queues a notice for each channel. On return it is on the disk, and the same notice changes nothing later.

        Raises:
            OutboxFullError, StoreUnavailableError: the notice is not taken over now.
        """
        message = self._message(notice)
        for channel in self._levels[min(notice.level, len(self._levels) - 1)]:
            self._notifier.deliver(message, channel)

    def _message(self, notice: Notice) -> Message:
        alarm = notice.alarm
        place = alarm.camera_id or alarm.agent_id or "centre"
        camera = self._devices.camera(alarm.agent_id, alarm.camera_id) if alarm.camera_id else None
        return Message(
            id=f"alarm-{alarm.id}-{notice.id}",
            camera_id=place,
            camera_name=label_or(camera.name if camera is not None else "", place),
            rule=label_or(alarm.rule_name, f"rule {alarm.rule_id}"),
            at_ms=alarm.times.captured_at_ms or alarm.times.decided_at_ms,
            link=LINK,
        )
