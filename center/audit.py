"""Who asked for what: one row appended per login, query, observation opened and agent revoked."""

import json
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from center.clock import NowMs
from center.store import AuditEntry, Store

MAX_DETAIL_BYTES = 4096


class Audit:
    """The log. Blocks: call it from a worker thread."""

    def __init__(self, store: Store, now_ms: NowMs) -> None:
        self._store = store
        self._now_ms = now_ms

    def append(self, actor: str, action: str, detail: Mapping[str, object]) -> None:
        """Write one entry. `detail` never holds a secret.

        Raises:
            StoreUnavailableError: it cannot be written; what was to be logged must then not be done.
        """
        with self._store.transaction() as session:
            self.add(session, actor, action, detail)

    def add(self, session: Session, actor: str, action: str, detail: Mapping[str, object]) -> None:
        """Write one entry together with what it is about: both are committed, or neither."""
        text = json.dumps(detail, ensure_ascii=False, sort_keys=True)[:MAX_DETAIL_BYTES]
        session.add(AuditEntry(at_ms=self._now_ms(), actor=actor[:64], action=action, detail=text))

    def latest(self, limit: int = 100) -> tuple[AuditEntry, ...]:
        """The newest entries, newest first."""
        with self._store.transaction() as session:
            return tuple(session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)))
