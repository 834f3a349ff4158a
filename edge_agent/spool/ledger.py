"""Counts the end of every picture that the selector let through, so that none can vanish unnoticed.

One row per observation in the table below, and one counter per camera and event. The two are written in one transaction
but are independent: counters count events, rows hold states, and `Ledger.balanced` compares them. Counters only grow;
rows that have ended are forgotten after a while, which costs nothing but the memory of duplicates.

```
(new) ──▶ selected ──▶ spooled ──▶ archived
             │            ├──────▶ rejected
             └────────────┴──────▶ dropped:<name>
dropped:interrupted ──▶ selected      a replay that begins again
dropped:spool_full | spool_expired ──▶ (none)   a late acknowledgement finds nothing to delete
```

A device that pushes gets a receipt for each picture, which then waits in memory: a raw picture must never touch a disk.
The receipt does, its id and camera alone, before the device is answered, so that the next start names what a kill lost.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from edge_agent.errors import DropReason, IllegalMove
from provisioning.contracts.wire.messages import Ledger

SELECTED: Final = "selected"
"""Counter of everything the selector let through, duplicates included."""
SPOOLED: Final = "spooled"
REMEMBER_ROWS: Final = 200_000
REMEMBER_MS: Final = 72 * 3600 * 1000
"""An ended observation is remembered this long, and no more of them than `REMEMBER_ROWS`: about 30 MB."""


class ObservationState(StrEnum):
    """State of an observation. A dropped one is `dropped:` and its `DropReason`."""

    SELECTED = "selected"
    SPOOLED = "spooled"
    ARCHIVED = "archived"
    REJECTED = "rejected"


_DROPPED: Final = "dropped:"
_OPEN: Final = frozenset({ObservationState.SELECTED, ObservationState.SPOOLED})
_MOVES: Final[Mapping[str, frozenset[str]]] = {
    ObservationState.SELECTED: frozenset({ObservationState.SPOOLED, _DROPPED}),
    ObservationState.SPOOLED: frozenset({ObservationState.ARCHIVED, ObservationState.REJECTED, _DROPPED}),
}


def dropped(reason: DropReason) -> str:
    """Name the state, and the counter, of observations dropped for `reason`."""
    return f"{_DROPPED}{reason}"


def select(tx: sqlite3.Connection, observation_id: str, camera_id: str) -> bool:
    """Enter an observation. False: it is known already, and this one ends as a duplicate."""
    count(tx, camera_id, SELECTED)
    row = tx.execute("SELECT state FROM observations WHERE id = ?", (observation_id,)).fetchone()
    if row is not None and row[0] != dropped(DropReason.INTERRUPTED):
        count(tx, camera_id, dropped(DropReason.DUPLICATE))
        return False
    tx.execute(
        "INSERT INTO observations (id, camera, state, ended_at_ms) VALUES (?, ?, ?, NULL)"
        " ON CONFLICT (id) DO UPDATE SET state = excluded.state, ended_at_ms = NULL",
        (observation_id, camera_id, ObservationState.SELECTED),
    )
    return True


def is_selected(db: sqlite3.Connection, observation_id: str) -> bool:
    """True if an observation is between selector and spool."""
    row = db.execute("SELECT state FROM observations WHERE id = ?", (observation_id,)).fetchone()
    return row is not None and row[0] == ObservationState.SELECTED


def camera_of(db: sqlite3.Connection, observation_id: str, *, to: str) -> str:
    """Return the camera of an observation that may take this step.

    Raises:
        IllegalMove: the table has no such step from its state.
    """
    row = db.execute("SELECT camera, state FROM observations WHERE id = ?", (observation_id,)).fetchone()
    came_from = None if row is None else row[1]
    step = _DROPPED if to.startswith(_DROPPED) else to
    if step not in _MOVES.get(came_from or "", frozenset()):
        raise IllegalMove(f"observation {observation_id}: {came_from or 'unknown'} cannot become {to}")
    return str(row[0])


def move(tx: sqlite3.Connection, observation_id: str, to: str, *, now_ms: int) -> str:
    """Move an observation one step. Returns its camera. `now_ms` in the spool's time.

    Raises:
        IllegalMove: see `camera_of`.
    """
    camera_id = camera_of(tx, observation_id, to=to)
    ended_at_ms = None if to in _OPEN else now_ms
    tx.execute("UPDATE observations SET state = ?, ended_at_ms = ? WHERE id = ?", (to, ended_at_ms, observation_id))
    count(tx, camera_id, to)
    return camera_id


def add_receipt(tx: sqlite3.Connection, observation_id: str, camera_id: str) -> None:
    """Write the receipt of a picture that waits in memory, before its device is answered."""
    tx.execute("INSERT OR IGNORE INTO promised (id, camera) VALUES (?, ?)", (observation_id, camera_id))


def has_receipt(db: sqlite3.Connection, observation_id: str) -> bool:
    """True while the table of observations has yet to take the picture over."""
    return db.execute("SELECT 1 FROM promised WHERE id = ?", (observation_id,)).fetchone() is not None


def remove_receipt(tx: sqlite3.Connection, observation_id: str) -> None:
    """Remove the receipt: the table knows of the picture from here on, or it was none."""
    tx.execute("DELETE FROM promised WHERE id = ?", (observation_id,))


def count(tx: sqlite3.Connection, camera_id: str, name: str, n: int = 1) -> None:
    """Add to a counter."""
    tx.execute(
        "INSERT INTO counters (camera, name, n) VALUES (?, ?, ?) ON CONFLICT (camera, name) DO UPDATE SET n = n + ?",
        (camera_id, name, n, n),
    )


def interrupt(tx: sqlite3.Connection, *, now_ms: int) -> int:
    """Drop pictures that a crash lost from memory: selected and not spooled, or received and not selected yet.

    Returns their number.
    """
    rows = tx.execute(
        "SELECT id FROM observations WHERE ended_at_ms IS NULL AND state = ?", (ObservationState.SELECTED,)
    )
    ids = [row[0] for row in rows.fetchall()]
    for observation_id in ids:
        move(tx, observation_id, dropped(DropReason.INTERRUPTED), now_ms=now_ms)
    received = tx.execute(
        "SELECT id, camera FROM promised WHERE NOT EXISTS (SELECT 1 FROM observations WHERE id = promised.id)"
    ).fetchall()
    for observation_id, camera_id in received:
        select(tx, observation_id, camera_id)
        move(tx, observation_id, dropped(DropReason.INTERRUPTED), now_ms=now_ms)
    tx.execute("DELETE FROM promised")
    return len(ids) + len(received)


def forget(tx: sqlite3.Connection, *, now_ms: int, keep: int = REMEMBER_ROWS) -> None:
    """Delete rows that ended long ago, or beyond `keep`."""
    tx.execute("DELETE FROM observations WHERE ended_at_ms < ?", (now_ms - REMEMBER_MS,))
    tx.execute(
        "DELETE FROM observations WHERE ended_at_ms < (SELECT ended_at_ms FROM observations"
        " WHERE ended_at_ms IS NOT NULL ORDER BY ended_at_ms DESC LIMIT 1 OFFSET ?)",
        (keep,),
    )


def in_flight(db: sqlite3.Connection) -> dict[str, int]:
    """Count rows that have not ended, by camera. Reads them all: with a day's backlog that takes a second."""
    rows = db.execute("SELECT camera, COUNT(*) FROM observations WHERE ended_at_ms IS NULL GROUP BY camera")
    return dict(rows.fetchall())


def tally(
    db: sqlite3.Connection,
    unwritten: Mapping[tuple[str, str], int] | None = None,
    open_rows: Mapping[str, int] | None = None,
) -> dict[str, Ledger]:
    """Build the ledger of every camera that ever selected.

    Args:
        db: to read from.
        unwritten: counts that the disk had no room for yet, by camera and counter.
        open_rows: `in_flight`, if the caller has counted along; None: it is read.
    """
    rows = in_flight(db) if open_rows is None else open_rows
    counters: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for camera, name, n in db.execute("SELECT camera, name, n FROM counters"):
        counters[camera][name] += n
    for (camera, name), n in (unwritten or {}).items():
        counters[camera][name] += n
    return {
        camera: Ledger(
            selected=names[SELECTED],
            spooled=names[SPOOLED],
            archived=names[ObservationState.ARCHIVED],
            rejected=names[ObservationState.REJECTED],
            dropped={
                name.removeprefix(_DROPPED): n for name, n in sorted(names.items()) if name.startswith(_DROPPED) and n
            },
            in_flight=rows.get(camera, 0),
        )
        for camera, names in sorted(counters.items())
    }


def total(ledgers: Mapping[str, Ledger]) -> Ledger:
    """Sum the ledgers of all cameras."""
    by_reason: Counter[str] = Counter()
    for ledger in ledgers.values():
        by_reason.update(ledger.dropped)
    return Ledger(
        selected=sum(ledger.selected for ledger in ledgers.values()),
        spooled=sum(ledger.spooled for ledger in ledgers.values()),
        archived=sum(ledger.archived for ledger in ledgers.values()),
        rejected=sum(ledger.rejected for ledger in ledgers.values()),
        dropped=dict(sorted(by_reason.items())),
        in_flight=sum(ledger.in_flight for ledger in ledgers.values()),
    )
