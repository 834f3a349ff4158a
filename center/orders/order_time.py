"""Measures time for the clocks of orders, so that a wall clock that is set, or jumps, neither meets nor breaks a term.

Order time begins at the wall clock and then follows the machine's boot clock. What passed while the machine was off
only the wall clock can say: it is believed, never backwards, up to `MOST_OFF_MS` at a time.
"""

import threading
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from center.orders.tables import OrderTimeRecord
from center.retention import ReadClocks
from provisioning.retention.state import Clocks

MOST_OFF_MS: Final = 31 * 86_400_000
_ROW: Final = 1


class Moment(NamedTuple):
    """A moment in order time and as the wall clock shows it, both in milliseconds since 1970."""

    steady_ms: int
    wall_ms: int
    boot_ms: int
    """By the boot clock alone, for spans within one run of the centre."""
    boot_id: str


class OrderTime:
    """Order time of one centre, kept in the database."""

    def __init__(self, clocks: ReadClocks) -> None:
        self._clocks = clocks
        self._lock = threading.Lock()
        self._last: tuple[int, Clocks] | None = None

    def now(self, session: Session) -> Moment:
        """Returns the present moment."""
        with self._lock:
            now = self._clocks()
            steady_ms, before = self._last or _stored(session, now)
            steady_ms += passed_ms(before, now)
            self._last = steady_ms, now
        return Moment(steady_ms, now.wall_ms, now.boot_ms, now.boot_id)

    def advance(self, session: Session) -> Moment:
        """Returns the present moment, and stores it in the transaction of what happens then."""
        moment = self.now(session)
        session.merge(OrderTimeRecord(id=_ROW, **moment._asdict()))
        return moment

    def boot_ms(self) -> int:
        """Reads the boot clock."""
        return self._clocks().boot_ms


def passed_ms(before: Clocks, now: Clocks) -> int:
    """Returns the milliseconds that passed between two readings of a machine's clocks."""
    if now.boot_id == before.boot_id and now.boot_ms >= before.boot_ms:
        return now.boot_ms - before.boot_ms
    return max(0, min(now.wall_ms - before.wall_ms, MOST_OFF_MS))


def _stored(session: Session, now: Clocks) -> tuple[int, Clocks]:
    record = session.get(OrderTimeRecord, _ROW)
    if record is None:
        return now.wall_ms, now
    return record.steady_ms, Clocks(record.wall_ms, record.boot_ms, record.boot_id)
