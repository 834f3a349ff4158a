"""Closes each day of the audit with a head, signed where there is a key, and deletes entries that are old enough.

Only whole days behind a head that stays are deleted, so the rest can be checked from there on. Retention time says how
old an entry is. The database itself refuses, whatever the caller asks, to delete an entry that is younger than 180 days
by its own clock.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import delete, func, insert, select, update

from center.audit import chain
from center.audit.chain import Head
from center.audit.log import Audit, AuditHead, AuditState, locked
from center.background import Periodic
from center.clock import NowMs
from center.database.store import AuditEntry, Store
from center.errors import CenterError
from center.retention import AUDIT, Retention
from provisioning.contracts.query.archive import ZONE
from provisioning.signing.documents import SealKey

DAY_MS: Final = 86_400_000
EVERY_S: Final = 60.0
ACTOR: Final = "-"


class AuditKeeper:
    """Closes days and prunes one audit. Several processes may work on the same.

    Raises (all methods):
        StoreUnavailableError: the database does not work.
    """

    def __init__(
        self,
        store: Store,
        audit: Audit,
        *,
        key: SealKey | None,
        keep_days: int,
        retention: Retention,
        now_ms: NowMs,
        every_s: float = EVERY_S,
    ) -> None:
        self._store = store
        self._audit = audit
        self._key = key
        self._keep_ms = keep_days * DAY_MS
        self._retention = retention
        self._now_ms = now_ms
        self.loop = Periodic("the audit's days", every_s, partial(asyncio.to_thread, self.close_and_prune))

    @property
    def fault(self) -> CenterError | None:
        """Error of the last turn; the next turn tries again."""
        return self.loop.trouble

    @property
    def signs(self) -> bool:
        """True if heads are signed."""
        return self._key is not None

    @property
    def trusted(self) -> tuple[str, ...]:
        """The public key, in hex, that heads are signed with now; empty without one."""
        return () if self._key is None else (self._key.seal.key,)

    def close_day(self) -> Head | None:
        """Writes the head of the last day that is over, if it has entries that no head covers yet."""
        now = datetime.fromtimestamp(self._now_ms() / 1000, UTC).astimezone(ZONE)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        midnight_ms = int(midnight.timestamp() * 1000)
        with self._store.transaction() as session:
            locked(session)
            covered = session.scalar(select(func.max(AuditHead.number))) or 0
            entry = session.scalar(
                select(AuditEntry)
                .where(AuditEntry.id > covered, AuditEntry.at_ms < midnight_ms)
                .order_by(AuditEntry.id.desc())
                .limit(1)
            )
            if entry is None:
                return None
            day = f"{midnight - timedelta(days=1):%Y-%m-%d}"
            if session.scalar(select(AuditHead.day).where(AuditHead.day == day)) is not None:
                return None  # a clock that was set back made entries of a day that is closed: the next head has them
            # Never earlier than retention time: by a clock that was set back, all that it covers would be old at once.
            at_ms = self._retention.latest_ms()
            head = chain.sign_head(self._key, day=day, number=entry.id, sha256=entry.sha256, at_ms=at_ms)
            values = {name: getattr(head, name) for name in head.__slots__}
            session.execute(insert(AuditHead).values(**values))
            return head

    def prune(self) -> int:
        """Deletes the entries behind the newest head that is old enough; with a key, behind one that is signed.

        Returns their number.
        """
        with self._store.transaction() as session:
            oldest_ms = session.scalar(select(AuditEntry.at_ms).order_by(AuditEntry.id).limit(1))
        horizon_ms = self._retention.horizon_ms(AUDIT, self._keep_ms, oldest_ms=oldest_ms)
        if horizon_ms is None:
            return 0
        with self._store.transaction() as session:
            wanted = select(AuditHead).where(AuditHead.at_ms <= horizon_ms).order_by(AuditHead.number.desc()).limit(1)
            if self._key is not None:
                wanted = wanted.where(AuditHead.signature != "")
            head = session.scalar(wanted)
            if head is None or session.scalar(select(AuditState.pruned_to)) == head.number:
                return 0
            about = {"to": head.number, "day": head.day, "sha256": head.sha256}
            self._audit.add(session, ACTOR, chain.PRUNED, about)
            session.execute(
                update(AuditState).values(pruned_to=head.number).execution_options(synchronize_session=False)
            )
            gone = session.execute(
                delete(AuditEntry).where(AuditEntry.id <= head.number).execution_options(synchronize_session=False)
            )
            return int(gone.rowcount)  # type: ignore[attr-defined] # a DELETE's result has it

    def close_and_prune(self) -> None:
        """Closes the day and prunes, once."""
        self.close_day()
        self.prune()
