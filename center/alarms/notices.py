"""Hands due notices over to the notification channels as messages; a notice stays due until it was taken over."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy import func, select

from center.alarms.tables import AlarmRecord, NoticeRecord
from center.alarms.views import AlarmView
from center.clock import NowMs
from center.database.store import Store
from center.fleet.devices import Devices
from center.notify.fallback import FallbackDelivery, NoticeStatus, Outage
from center.notify.message import Message, label_or

AT_ONCE: Final = 100
LINK: Final = "/alarms"
PREFIX: Final = "alarm-"
"""Begins the ids of alarms' messages, and of no others."""


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
    """Delivers a notice to the channels of its level, or to their fallbacks. Implements `NoticeTaker`."""

    def __init__(self, delivery: FallbackDelivery, devices: Devices, levels: Sequence[Sequence[str]]) -> None:
        """`levels`: channels when an alarm is raised, then at each escalation; the last entry serves all later ones."""
        self._delivery = delivery
        self._devices = devices
        self._levels = levels

    def notify(self, notice: Notice) -> None:
        """Queues a notice for each channel. On return it is on the disk, and the same notice changes nothing later.

        Raises:
            OutboxFullError, StoreUnavailableError: the notice is not taken over now.
        """
        channels = self._levels[min(notice.level, len(self._levels) - 1)]
        self._delivery.deliver(self._message(notice), channels)

    def _message(self, notice: Notice) -> Message:
        alarm = notice.alarm
        place = alarm.camera_id or alarm.agent_id or "centre"
        camera = self._devices.camera(alarm.agent_id, alarm.camera_id) if alarm.camera_id else None
        return Message(
            id=_message_id(alarm.id, notice.id),
            camera_id=place,
            camera_name=label_or(camera.name if camera is not None else "", place),
            rule=label_or(alarm.rule_name, f"rule {alarm.rule_id}"),
            at_ms=alarm.times.captured_at_ms or alarm.times.decided_at_ms,
            link=LINK,
        )


class NoticeReader:
    """Reads the status of the newest notice of each alarm. Blocks."""

    def __init__(self, store: Store, delivery: FallbackDelivery) -> None:
        self._store = store
        self.delivery: Final = delivery

    def read(self, alarm_ids: Collection[int]) -> tuple[dict[str, Outage], dict[int, NoticeStatus]]:
        """Returns the channels that send nothing, and the status by alarm; an alarm without a notice is absent.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        query = (
            select(NoticeRecord.alarm_id, func.max(NoticeRecord.id))
            .where(NoticeRecord.alarm_id.in_(list(alarm_ids)))
            .group_by(NoticeRecord.alarm_id)
        )
        with self._store.transaction() as session:
            newest = {alarm_id: _message_id(alarm_id, notice_id) for alarm_id, notice_id in session.execute(query)}
        outages = self.delivery.outages()
        found = self.delivery.statuses(newest.values(), outages)
        return outages, {alarm_id: found.get(name, NoticeStatus.PENDING) for alarm_id, name in newest.items()}


def _message_id(alarm_id: int, notice_id: int) -> str:
    return f"{PREFIX}{alarm_id}-{notice_id}"
