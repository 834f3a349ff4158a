"""Hands notices of orders over to the notification channels; a notice stays due until it was taken over."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from center.clock import NowMs
from center.database.store import Store
from center.notify.message import Message, label_or
from center.notify.service import Notifier
from center.orders.tables import OrderNoticeRecord, OrderRecord

AT_ONCE: Final = 100
LINK: Final = "/orders/{order_id}"
SOON: Final = "soon"
OVERDUE: Final = "overdue"
ASSIGNED: Final = "assigned"
NOBODY: Final = "nobody"
_CLOCKS: Final = {"answer": "应答 answer", "on_site": "到场 on site", "mended": "修复 repair"}
_WORDS: Final = {
    SOON: "工单 {id} {clock} 将到期 due soon",
    OVERDUE: "工单 {id} {clock} 已超时 overdue",
    ASSIGNED: "工单 {id} 已派单 assigned",
    NOBODY: "工单 {id} 无人值班 nobody on duty",
}


class OrderNotices:
    """Sends notices. Blocks.

    A channel that has a recipient of the technician's name tells that recipient alone, another one all of its own.
    """

    def __init__(
        self, store: Store, notifier: Notifier, now_ms: NowMs, *, tell: Sequence[str], escalate: Sequence[str]
    ) -> None:
        """`tell`: channels of assignments and reminders. `escalate`: channels of what is overdue."""
        self._store = store
        self._notifier = notifier
        self._now_ms = now_ms
        self._tell = tell
        self._escalate = escalate

    def hand_over(self) -> None:
        """Hands over all due notices, the oldest first.

        Raises:
            OutboxFullError, StoreUnavailableError: what was not handed over stays due.
        """
        while due := self._due():
            for order, notice in due:
                kind = kind_of(notice.name)
                escalates = kind in {OVERDUE, NOBODY}
                for channel in self._escalate if escalates else self._tell:
                    known = self._notifier.channel(channel).recipients
                    alone = (order.assignee,) if not escalates and order.assignee in known else None
                    self._notifier.deliver(_message(order, notice, kind), channel, alone)
                with self._store.transaction() as session:
                    session.get_one(OrderNoticeRecord, (order.id, notice.name)).handed_at_ms = self._now_ms()

    def _due(self) -> list[tuple[OrderRecord, OrderNoticeRecord]]:
        query = (
            select(OrderRecord, OrderNoticeRecord)
            .join(OrderNoticeRecord, OrderNoticeRecord.order_id == OrderRecord.id)
            .where(OrderNoticeRecord.handed_at_ms.is_(None))
            .order_by(OrderNoticeRecord.at_ms, OrderNoticeRecord.order_id)
            .limit(AT_ONCE)
        )
        with self._store.transaction() as session:
            return [(order, notice) for order, notice in session.execute(query)]


def kind_of(name: str) -> str:
    """Returns the kind of a notice: `soon`, `overdue`, `assigned` or `nobody`."""
    first, _, last = name.partition("-")
    return first if first in {ASSIGNED, NOBODY} else last.rpartition("-")[2]


def _message(order: OrderRecord, notice: OrderNoticeRecord, kind: str) -> Message:
    place = order.camera_id or order.agent_id or "centre"
    clock = _CLOCKS.get(notice.name.partition("-")[2].rpartition("-")[0], "")
    return Message(
        id=f"order-{order.id}-{notice.name}",
        camera_id=place,
        camera_name=label_or(order.camera_name, place),
        rule=_WORDS[kind].format(id=order.id, clock=clock),
        at_ms=notice.at_ms,
        link=LINK.format(order_id=order.id),
    )
