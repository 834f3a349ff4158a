"""Serial numbers of time stamps, kept in the centre's database."""

import threading

from sqlalchemy import func, select

from center.database.store import Store
from center.evidence.tables import StampRecord


class Serials:
    """Gives each serial number once. Blocks; any thread may call it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._one_at_a_time = threading.Lock()

    def next(self, now_ms: int, imprint: str) -> int:
        """Returns a number above all before, by the clock: so it is new also after a restore of the database.

        Raises:
            StoreUnavailableError: the number could not be stored.
        """
        with self._one_at_a_time, self._store.transaction() as session:
            last = session.scalar(select(func.max(StampRecord.serial))) or 0
            serial = max(last + 1, now_ms)
            session.add(StampRecord(serial=serial, at_ms=now_ms, imprint_sha256=imprint))
        return serial
