"""Reads and writes the messages that wait for the archive, in order of arrival. Works in a transaction of `spool`.

Nothing here reads a payload that it does not return, nor more rows than it was asked for: three days of backlog cost no
more to read than a minute's.
"""

import heapq
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from edge_agent.spool.hop_times import UNKNOWN, HopTimes
from provisioning.contracts.wire import codec


@dataclass(frozen=True, slots=True)
class Stored:
    """One message in the spool; `seq` grows with every append and is never given twice."""

    seq: int
    observation_id: str
    camera_id: str
    sha256: str
    payload: bytes
    hop_times: HopTimes = UNKNOWN


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message without its payload."""

    seq: int
    observation_id: str
    camera_id: str
    size: int


_WAITING = "SELECT seq, id, camera, size FROM messages"
_CAMERAS = """
WITH RECURSIVE each (camera) AS (
  SELECT MIN(camera) FROM messages
  UNION ALL SELECT (SELECT MIN(camera) FROM messages WHERE camera > each.camera) FROM each WHERE camera IS NOT NULL
) SELECT camera FROM each WHERE camera IS NOT NULL
"""
"""`DISTINCT` would read every row; this leaps from camera to camera in the index."""


def totals(db: sqlite3.Connection) -> dict[str, tuple[int, int]]:
    """Count messages and their bytes, by camera."""
    rows = db.execute("SELECT camera, COUNT(*), SUM(size) FROM messages INDEXED BY messages_waiting GROUP BY camera")
    return {camera: (count, size) for camera, count, size in rows.fetchall()}


def newest(db: sqlite3.Connection, *, held: Collection[str], at_most: int) -> list[tuple[int, int]]:
    """Return `seq` and size of the newest messages of cameras that are not `held`."""
    if not held:
        return db.execute("SELECT seq, size FROM messages ORDER BY seq DESC LIMIT ?", (at_most,)).fetchall()
    cameras = [camera for (camera,) in db.execute(_CAMERAS).fetchall() if camera not in held]
    lanes: Iterable[list[tuple[int, int]]] = (
        db.execute(
            "SELECT seq, size FROM messages WHERE camera = ? ORDER BY seq DESC LIMIT ?", (camera, at_most)
        ).fetchall()
        for camera in cameras
    )
    return list(heapq.merge(*lanes, reverse=True))[:at_most]


def oldest(db: sqlite3.Connection, *, excess_bytes: int, at_most: int) -> list[Waiting]:
    """Return the oldest messages, until their bytes make up for the excess."""
    found: list[Waiting] = []
    if excess_bytes > 0:
        for row in db.execute(f"{_WAITING} ORDER BY seq LIMIT ?", (at_most,)).fetchall():
            found.append(Waiting(*row))
            excess_bytes -= found[-1].size
            if excess_bytes <= 0:
                break
    return found


def oldest_at_ms(db: sqlite3.Connection) -> int | None:
    """Return the arrival of the oldest message, in the spool's time; None if there is none."""
    row = db.execute("SELECT spooled_at_ms FROM messages ORDER BY seq LIMIT 1").fetchone()
    return None if row is None else int(row[0])


def aged(db: sqlite3.Connection, *, before_ms: int, at_most: int) -> list[Waiting]:
    """Return the oldest messages that came before `before_ms` in the spool's time."""
    rows = db.execute(
        "SELECT seq, id, camera, size FROM (SELECT * FROM messages ORDER BY seq LIMIT ?) WHERE spooled_at_ms < ?",
        (at_most, before_ms),
    )
    return [Waiting(*row) for row in rows.fetchall()]


def acknowledged(db: sqlite3.Connection, observation_id: str, sha256: str) -> Waiting | None:
    """Find the message of an acknowledgement; None if its hash is not that of the message held."""
    row = db.execute(f"{_WAITING} WHERE id = ? AND sha256 = ?", (observation_id, sha256)).fetchone()
    return None if row is None else Waiting(*row)


def by_hash(db: sqlite3.Connection, sha256: str) -> Stored | None:
    """Find the message with this hash."""
    row = db.execute("SELECT seq FROM messages WHERE sha256 = ?", (sha256,)).fetchone()
    return None if row is None else read(db, row[0])


def read(db: sqlite3.Connection, seq: int) -> Stored:
    """Read one message with its payload. It must be there."""
    row = db.execute("SELECT seq, id, camera, sha256, payload FROM messages WHERE seq = ?", (seq,)).fetchone()
    return Stored(*row)


def add(tx: sqlite3.Connection, observation_id: str, camera_id: str, payload: bytes, *, now_ms: int) -> None:
    """Add the newest message. `now_ms` in the spool's time."""
    tx.execute(
        "INSERT INTO messages (id, camera, sha256, spooled_at_ms, size, payload) VALUES (?, ?, ?, ?, ?, ?)",
        (observation_id, camera_id, codec.message_sha256(payload), now_ms, len(payload), payload),
    )


def remove(tx: sqlite3.Connection, seq: int) -> None:
    """Remove a message. Its pages stay in the file, for the next ones."""
    tx.execute("DELETE FROM messages WHERE seq = ?", (seq,))
