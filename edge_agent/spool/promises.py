"""Receipts given to devices for pictures still in memory: the picture's id and camera, and nothing of its content.

A raw picture must never touch a disk, so one that waits when the agent is killed is lost. Its receipt is not: it is on
the disk before the device is answered, and the next start names the loss in the ledger.
"""

import sqlite3

from edge_agent.errors import DropReason
from edge_agent.spool import ledger


def add(tx: sqlite3.Connection, observation_id: str, camera_id: str) -> None:
    """Write the receipt, before the device is answered."""
    tx.execute("INSERT OR IGNORE INTO promised (id, camera) VALUES (?, ?)", (observation_id, camera_id))


def is_open(db: sqlite3.Connection, observation_id: str) -> bool:
    """True while the ledger has yet to take the picture over."""
    return db.execute("SELECT 1 FROM promised WHERE id = ?", (observation_id,)).fetchone() is not None


def settle(tx: sqlite3.Connection, observation_id: str) -> None:
    """Remove the receipt: the ledger knows of the picture from here on, or it was none."""
    tx.execute("DELETE FROM promised WHERE id = ?", (observation_id,))


def interrupt(tx: sqlite3.Connection, *, now_ms: int) -> int:
    """Drop pictures that a crash lost from memory. Returns the number of those that the ledger did not know of."""
    rows = tx.execute(
        "SELECT id, camera FROM promised WHERE NOT EXISTS (SELECT 1 FROM observations WHERE id = promised.id)"
    ).fetchall()
    for observation_id, camera_id in rows:
        ledger.select(tx, observation_id, camera_id)
        ledger.move(tx, observation_id, ledger.dropped(DropReason.INTERRUPTED), now_ms=now_ms)
    tx.execute("DELETE FROM promised")
    return len(rows)
