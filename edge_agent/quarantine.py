"""Messages that the centre will never take, kept for a technician. Bounded; the oldest goes first."""

import sqlite3
from dataclasses import dataclass

from provisioning.contracts.messages import Rejected


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One rejected message, without its bytes. `payload_bytes` is 0 where they did not fit."""

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
    """File one message, its bytes only if they fit at all, and let the oldest go where the bound asks for it."""
    kept = payload if len(payload) <= max_bytes else b""
    tx.execute(
        "INSERT INTO quarantine (id, camera, reason, detail, rejected_at_ms, size, payload)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (observation_id, camera_id, rejected.reason, rejected.detail, now_ms, len(kept), kept),
    )
    # 512 stands for the row itself: without bytes to keep, rows must be bounded too.
    tx.execute(
        "DELETE FROM quarantine WHERE seq IN (SELECT seq FROM ("
        " SELECT seq, SUM(size + 512) OVER (ORDER BY seq DESC) AS so_far FROM quarantine) WHERE so_far > ?)",
        (max(max_bytes, 512) + 512,),
    )


def size(db: sqlite3.Connection) -> int:
    """How many there are."""
    (n,) = db.execute("SELECT COUNT(*) FROM quarantine").fetchone()
    return int(n)


def listing(db: sqlite3.Connection) -> list[Quarantined]:
    """All of them, newest first."""
    rows = db.execute("SELECT id, camera, reason, detail, rejected_at_ms, size FROM quarantine ORDER BY seq DESC")
    return [Quarantined(*row) for row in rows.fetchall()]
