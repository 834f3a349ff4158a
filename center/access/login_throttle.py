"""Slows down guessing: counts failures per account and per address, in the database and bounded."""

import json
from math import ceil

from sqlalchemy import BigInteger, String, Text, delete, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from center.clock import NowMs
from center.database.store import Base, Store
from center.errors import LockedOutError

_TAKE = text(
    "INSERT INTO attempts (key, last_at_ms, recent) VALUES (:key, :now_ms, '[]')"
    " ON CONFLICT (key) DO UPDATE SET last_at_ms = excluded.last_at_ms RETURNING recent"
)
"""Returns the key's row and locks it, also where there was none: of two guesses at once one waits for the other."""


class Attempts(Base):
    """The newest attempts of one key, as a JSON list of milliseconds since the Unix epoch."""

    __tablename__ = "attempts"

    key: Mapped[str] = mapped_column(String(192), primary_key=True)
    last_at_ms: Mapped[int] = mapped_column(BigInteger, index=True)
    recent: Mapped[str] = mapped_column(Text)


class Throttle:
    """Allows at most `failures` failed attempts per key in `window_s` seconds.

    An attempt counts from its start, so that parallel guesses cannot all pass before the first has failed. Counts live
    in the database: a restart forgets none, and processes that share it count together. `kind` keeps the keys of two
    throttles apart.

    Raises (all methods):
        StoreUnavailableError: the database does not work; no log-in succeeds then.
    """

    def __init__(
        self, store: Store, kind: str, *, failures: int, window_s: int, now_ms: NowMs, capacity: int = 10_000
    ) -> None:
        self._store = store
        self._kind = kind
        self._failures = failures
        self._window_ms = window_s * 1000
        self._now_ms = now_ms
        self._capacity = capacity

    def attempt(self, key: str) -> int:
        """Counts an attempt. Returns the seconds of the lock-out that begins if it fails; 0: none does.

        Raises:
            LockedOutError: too many before it; this one is not counted.
        """
        now_ms = self._now_ms()
        self._forget(now_ms)
        with self._store.transaction() as session:
            recent = [at_ms for at_ms in self._consume(session, key, now_ms) if at_ms > now_ms - self._window_ms]
            refused = len(recent) >= self._failures
            if not refused:
                recent.append(now_ms)
            self._write(session, key, recent)
        wait_s = max(1, ceil((recent[0] + self._window_ms - now_ms) / 1000))
        if refused:
            raise LockedOutError(retry_after_s=wait_s)
        return wait_s if len(recent) == self._failures else 0

    def note(self, key: str) -> None:
        """Notes that `key` was seen now, and deletes keys beyond time and capacity."""
        now_ms = self._now_ms()
        self._forget(now_ms)
        with self._store.transaction() as session:
            self._consume(session, key, now_ms)
            self._write(session, key, [now_ms])

    def has(self, key: str) -> bool:
        """True if `key` was noted within the window."""
        with self._store.transaction() as session:
            at_ms = session.scalar(select(Attempts.last_at_ms).where(Attempts.key == self._key(key)))
        return at_ms is not None and at_ms > self._now_ms() - self._window_ms

    def withdraw(self, key: str) -> None:
        """Takes the last attempt back because it succeeded; those before it still count."""
        with self._store.transaction() as session:
            self._write(session, key, self._consume(session, key, self._now_ms())[:-1])

    def clear(self, key: str) -> None:
        """Deletes every failure of `key`."""
        with self._store.transaction() as session:
            session.execute(delete(Attempts).where(Attempts.key == self._key(key)))

    def _key(self, key: str) -> str:
        return f"{self._kind} {key}"[:192]

    def _consume(self, session: Session, key: str, now_ms: int) -> list[int]:
        recent: list[int] = json.loads(session.execute(_TAKE, {"key": self._key(key), "now_ms": now_ms}).scalar_one())
        return recent

    def _write(self, session: Session, key: str, recent: list[int]) -> None:
        session.execute(
            update(Attempts)
            .where(Attempts.key == self._key(key))
            .values(recent=json.dumps(recent))
            .execution_options(synchronize_session=False)
        )

    def _forget(self, now_ms: int) -> None:
        """Deletes keys whose attempts count no more, and the oldest where there are too many.

        Rows that another transaction has locked are skipped: two that waited for one another's rows would deadlock.
        """
        mine = Attempts.key.startswith(f"{self._kind} ", autoescape=True)
        with self._store.transaction() as session:
            beyond = (session.scalar(select(func.count(Attempts.key)).where(mine)) or 0) - self._capacity
            old = select(Attempts.key).where(mine, Attempts.last_at_ms <= now_ms - self._window_ms)
            keys = list(session.scalars(old.with_for_update(skip_locked=True)))
            if beyond > len(keys):
                oldest = select(Attempts.key).where(mine).order_by(Attempts.last_at_ms).limit(beyond)
                keys = list(session.scalars(oldest.with_for_update(skip_locked=True)))
            if keys:
                session.execute(
                    delete(Attempts).where(Attempts.key.in_(keys)).execution_options(synchronize_session=False)
                )
