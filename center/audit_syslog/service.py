"""Sends each entry of the audit to a syslog server at least once. The audit is the queue, a number is the place in it.

```
append ──▶ audit ──▶ entries behind the cursor ──▶ a delivery over TLS ──▶ read by the server ──▶ cursor
```

Nothing waits for it: a request appends to the audit as ever, and a thread of its own reads, sends and moves the cursor.
The cursor moves after the server has read a delivery, so a death between the two sends that delivery again.
"""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from center import background
from center.audit.chain import ChainEntry
from center.audit.log import Audit, AuditState
from center.audit_syslog import message
from center.audit_syslog.errors import SyslogBehindError, SyslogFailedError
from center.audit_syslog.server import SyslogServer
from center.audit_syslog.tables import SyslogCursor
from center.background import Periodic
from center.clock import NowMs
from center.database.store import AuditEntry, Store
from provisioning.contracts.config.audit_syslog import AuditSyslog

EVERY_S: Final = 1.0
MOST: Final = 256
"""Entries of one delivery; half as many after each that failed, so that a slow server gets on by one at a time."""
GAP: Final = "syslog.gap"
"""Action of the entry about entries that the audit deleted before the server had read them; its detail names `from`
and `to`."""
ACTOR: Final = "-"
_ROW: Final = 1


@dataclass(frozen=True, slots=True)
class SyslogStanding:
    """State of the way to the server. Numbers are of audit entries."""

    server: str
    sent_to: int
    waiting: int
    oldest_ms: int | None
    """Time of the oldest entry that waits; None: none does."""
    cause: str
    """Cause of the last failure; empty after a delivery."""


class SyslogSender:
    """Sends one audit to one server. The standing and the sending block.

    Raises (all methods that block):
        StoreUnavailableError: the database does not work.
    """

    def __init__(
        self,
        settings: AuditSyslog,
        store: Store,
        audit: Audit,
        now_ms: NowMs,
        *,
        hostname: str = "",
        every_s: float = EVERY_S,
    ) -> None:
        """Reads the certificates of `settings`.

        Raises:
            StartError: one cannot be used.
        """
        self._server = SyslogServer(settings)
        self._settings = settings
        self._store = store
        self._audit = audit
        self._now_ms = now_ms
        self._hostname = hostname or socket.gethostname()
        self._most = MOST
        self._cause = ""
        self._stopping = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="audit-syslog")
        self.loop = Periodic("the audit's way to the syslog server", every_s, self.turn)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Sends while `with` lasts; a delivery under way at its end has `timeout_s`."""
        try:
            async with background.running([self.loop]):
                yield
        finally:
            self._stopping.set()
            await asyncio.to_thread(self._thread.shutdown)

    async def turn(self) -> None:
        """Sends what waits, in the thread of its own.

        Raises:
            SyslogFailedError: the server did not take it.
            StoreUnavailableError: the database does not work.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, self.send_waiting)

    def send_waiting(self) -> None:
        """Sends delivery after delivery until no entry waits.

        Raises:
            SyslogFailedError: the server did not take one.
        """
        while not self._stopping.is_set():
            entries = self._waiting()
            if not entries:
                return
            frames = b"".join(message.framed(self._written(entry)) for entry in entries)
            try:
                self._server.deliver(frames)
            except SyslogFailedError as error:
                self._most = max(1, min(self._most, len(entries)) // 2)
                self._cause = str(error.facts["cause"])
                raise
            self._most, self._cause = min(MOST, 2 * self._most), ""
            with self._store.transaction() as session:
                session.merge(SyslogCursor(id=_ROW, number=entries[-1].number, at_ms=self._now_ms()))

    def standing(self) -> SyslogStanding:
        """Reads how far the server is behind."""
        with self._store.transaction() as session:
            sent_to = _sent_to(session) or 0
            newest = session.scalars(select(AuditState.number)).one()
            behind = select(AuditEntry.id, AuditEntry.at_ms).where(AuditEntry.id > sent_to)
            oldest = session.execute(behind.order_by(AuditEntry.id).limit(1)).one_or_none()
        waiting, oldest_ms = (0, None) if oldest is None else (newest - oldest.id + 1, oldest.at_ms)
        return SyslogStanding(self._server.target, sent_to, waiting, oldest_ms, self._cause)

    def behind(self, standing: SyslogStanding) -> SyslogBehindError | None:
        """Returns the fault for health: entries wait longer than `late_after_s`."""
        age_ms = 0 if standing.oldest_ms is None else self._now_ms() - standing.oldest_ms
        if age_ms <= self._settings.late_after_s * 1000:
            return None
        cause = standing.cause or "the server reads more slowly than entries come"
        facts = {"server": standing.server, "waiting": f"{standing.waiting:,}", "minutes": age_ms // 60_000}
        return SyslogBehindError(cause=cause, **facts)

    def _waiting(self) -> tuple[ChainEntry, ...]:
        with self._store.transaction() as session:
            cursor = _sent_to(session)
            wanted = (
                select(
                    AuditEntry.id,
                    AuditEntry.at_ms,
                    AuditEntry.actor,
                    AuditEntry.action,
                    AuditEntry.detail,
                    AuditEntry.previous,
                    AuditEntry.sha256,
                )
                .where(AuditEntry.id > (cursor or 0))
                .order_by(AuditEntry.id)
                .limit(self._most)
            )
            entries = tuple(ChainEntry(*row) for row in session.execute(wanted))
        if cursor is not None and entries and entries[0].number > cursor + 1:
            self._note_gap(cursor + 1, entries[0].number - 1)
        return entries

    def _note_gap(self, first: int, last: int) -> None:
        """Writes into the audit, once, which of its entries were deleted before they could be sent."""
        with self._store.transaction() as session:
            self._audit.add(session, ACTOR, GAP, {"from": first, "to": last})
            session.merge(SyslogCursor(id=_ROW, number=last, at_ms=self._now_ms()))

    def _written(self, entry: ChainEntry) -> bytes:
        settings = self._settings
        return message.write(
            entry, hostname=self._hostname, enterprise_id=settings.enterprise_id, facility=settings.facility
        )


def _sent_to(session: Session) -> int | None:
    return session.scalar(select(SyslogCursor.number))
