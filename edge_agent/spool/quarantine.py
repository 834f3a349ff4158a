"""Messages that the centre will never take, kept for a technician. Bounded; the oldest goes first (`drop_oldest`)."""

import sqlite3
from dataclasses import dataclass
from typing import Final

from provisioning.contracts.wire.messages import Rejected

MAX_ROWS: Final = 2000
"""More rows than a person reads; it bounds the cost of adding one if a centre rejects everything."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One rejected message, without its bytes. `payload_bytes` is 0 if they did not fit."""

    observation_id: str
    camera_id: str
    reason: str
    detail: str
    rejected_at_ms: int
    payload_bytes: int


def add(
    tx: sqlite3.Connection,
    rejected: Rejected,
    *,
    observation_id: str,
    camera_id: str,
    payload: bytes,
    now_ms: int,
    max_bytes: int,
) -> None:
    """Add one message, its bytes only if they fit at all, and remove the oldest beyond the bound."""
    kept = payload if len(payload) <= max_bytes else b""
    tx.execute(
        "INSERT INTO quarantine (id, camera, reason, detail, rejected_at_ms, size, payload)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (observation_id, camera_id, rejected.reason, rejected.detail, now_ms, len(kept), kept),
    )
    # 512 stands for the row itself: without bytes to keep, rows must be bounded too.
    tx.execute(
        "DELETE FROM quarantine WHERE seq IN (SELECT seq FROM (SELECT seq, SUM(size + 512) OVER newer AS so_far,"
        " ROW_NUMBER() OVER newer AS nth FROM quarantine WINDOW newer AS (ORDER BY seq DESC))"
        " WHERE so_far > ? OR nth > ?)",
        (max(max_bytes, 512) + 512, MAX_ROWS),
    )


def size(db: sqlite3.Connection) -> int:
    """Count the messages in quarantine."""
    (n,) = db.execute("SELECT COUNT(*) FROM quarantine").fetchone()
    return int(n)


def listing(db: sqlite3.Connection) -> list[Quarantined]:
    """Return all messages, newest first."""
    rows = db.execute("SELECT id, camera, reason, detail, rejected_at_ms, size FROM quarantine ORDER BY seq DESC")
    return [Quarantined(*row) for row in rows.fetchall()]
