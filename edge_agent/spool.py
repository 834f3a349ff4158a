"""What has been redacted and is not yet archived, and the ledger of everything selected.

A message counts once it is on the disk (fsync), and is deleted on an acknowledgement that repeats its hash, nothing
else. Bounded by bytes and age; the oldest goes first, by name. A full disk costs the picture at hand and nothing more:
its drop is remembered in memory and written when there is room.

Thread-safe: cameras select, the redaction worker appends, the publisher reads and confirms.
"""

import sqlite3
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from edge_agent import ledger, quarantine
from edge_agent.clock import Clock
from edge_agent.database import Database
from edge_agent.errors import DropReason, SpoolFull
from edge_agent.frames import Redacted
from provisioning.contracts import codec, config
from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.messages import ArchivedItem, Ledger, PictureState, Rejected

RESERVE_BYTES: Final = 8 * 1024 * 1024
"""Kept free for the write-ahead log, so that acknowledgements still delete when pictures no longer fit."""
_FORGET_EVERY: Final = 1000


@dataclass(frozen=True, slots=True)
class Stored:
    """One message in the spool; `seq` grows with every append and is never given twice."""

    seq: int
    observation_id: str
    camera_id: str
    sha256: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A message that the archive has, and that the spool therefore no longer holds."""

    seq: int
    observation_id: str
    camera_id: str
    picture: PictureState


class Spool:
    """See the module. One per agent."""

    def __init__(self, spool: config.Spool, clock: Clock) -> None:
        """Open, and account for what the last run left behind.

        Raises:
            SpoolError: the directory or the file cannot be used.
        """
        self._limits = spool
        self._clock = clock
        self._lock = threading.RLock()
        self._database = Database(spool.directory, now_ms=clock.now_ms())
        self._unwritten: Counter[tuple[str, str]] = Counter()
        self._undropped: dict[str, DropReason] = {}
        self._selects = 0
        self._messages = 0
        self._bytes = 0
        with self._writing() as tx:
            self.interrupted = ledger.interrupt(tx, now_ms=clock.now_ms())
            row = tx.execute("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM messages").fetchone()
            self._messages, self._bytes = int(row[0]), int(row[1])

    def close(self) -> None:
        """Let go of the directory. After an error of the disk, leave it unclosed: the next start then checks it."""
        with self._lock:
            self._database.close()

    # --- in: from the pipeline

    def select(self, observation_id: str, camera_id: str) -> bool:
        """Enter an observation in the ledger; False when it is a duplicate, which is counted and goes no further.

        Raises:
            SpoolFull: the disk has no room; counted as a drop of that name.
        """
        with self._lock:
            try:
                with self._writing() as tx:
                    self._selects += 1
                    if self._selects % _FORGET_EVERY == 0:
                        ledger.forget(tx, now_ms=self._clock.now_ms())
                    return ledger.select(tx, observation_id, camera_id)
            except SpoolFull:
                self._unwritten[camera_id, ledger.SELECTED] += 1
                self._unwritten[camera_id, ledger.dropped(DropReason.DISK_FULL)] += 1
                raise

    def append(self, redacted: Redacted) -> None:
        """Keep a redacted picture; on return it is on the disk. Drops the oldest messages where the bound asks for it.

        Raises:
            SpoolFull: the disk has no room; counted as a drop of that name.
            ContractError: the message is too large; counted as a drop of that name.
        """
        snapshot = redacted.snapshot
        try:
            payload = self._encoded(redacted)
        except ContractError as error:
            fits = error.reason is not RejectReason.TOO_LARGE
            self.drop(snapshot.observation_id, DropReason.REDACTION_UNAVAILABLE if fits else DropReason.TOO_LARGE)
            raise
        with self._lock:
            try:
                self._insert(snapshot.observation_id, snapshot.camera_id, payload)
            except SpoolFull:
                self.drop(snapshot.observation_id, DropReason.DISK_FULL)
                raise

    def drop(self, observation_id: str, reason: DropReason) -> None:
        """End a selected observation. Needs no disk: what cannot be written now is written later."""
        with self._lock:
            self._undropped[observation_id] = reason
            self._settle()

    # --- out: to the publisher

    def next_unsent(
        self, in_flight: Collection[int], held: Collection[str], *, max_messages: int, max_bytes: int
    ) -> list[Stored]:
        """The newest messages that are not in `in_flight` (their `seq`) and of no camera in `held`.

        The first is returned whatever its size, so that a large one cannot block the way.
        """
        if max_messages <= 0 or max_bytes <= 0:
            return []
        marks = ",".join("?" * len(held))
        with self._lock, self._database.reading() as db:
            rows = db.execute(
                f"SELECT seq, size FROM messages WHERE camera NOT IN ({marks}) ORDER BY seq DESC LIMIT ?",  # noqa: S608 - marks are question marks
                (*held, len(in_flight) + max_messages),
            ).fetchall()
            chosen: list[int] = []
            total_bytes = 0
            for seq, size in rows:
                if seq in in_flight:
                    continue
                total_bytes += size
                if len(chosen) == max_messages or (chosen and total_bytes > max_bytes):
                    break
                chosen.append(seq)
            return [Stored(*self._row(db, seq)) for seq in chosen]

    def confirm(self, items: Iterable[ArchivedItem]) -> tuple[list[Confirmed], int]:
        """Delete what the archive has. Returns those, and how many items matched nothing held here (late or forged).

        Raises:
            SpoolFull: the disk has no room even for that; all stays, and will be acknowledged again.
        """
        confirmed: list[Confirmed] = []
        ignored = 0
        freed = 0
        with self._lock, self._writing() as tx:
            for item in items:
                row = tx.execute(
                    "SELECT seq, camera, size FROM messages WHERE id = ? AND sha256 = ?",
                    (item.observation_id, item.message_sha256),
                ).fetchone()
                if row is None:
                    ignored += 1
                    continue
                seq, camera_id, size = row
                tx.execute("DELETE FROM messages WHERE seq = ?", (seq,))
                ledger.move(tx, item.observation_id, ledger.State.ARCHIVED, now_ms=self._clock.now_ms())
                confirmed.append(Confirmed(seq, item.observation_id, camera_id, item.picture))
                freed += size
            self._forgo(len(confirmed), freed)
        return confirmed, ignored

    def reject(self, rejected: Rejected) -> Stored | None:
        """Move what the centre will never take to quarantine; None when no message here has that hash.

        Raises:
            SpoolFull: the disk has no room; it stays, and will be rejected again.
        """
        with self._lock, self._writing() as tx:
            found = tx.execute("SELECT seq FROM messages WHERE sha256 = ?", (rejected.message_sha256,)).fetchone()
            if found is None:
                return None
            stored = Stored(*self._row(tx, found[0]))
            now_ms = self._clock.now_ms()
            quarantine.add(
                tx,
                rejected,
                observation_id=stored.observation_id,
                camera_id=stored.camera_id,
                payload=stored.payload,
                now_ms=now_ms,
                max_bytes=self._limits.quarantine_max_bytes,
            )
            tx.execute("DELETE FROM messages WHERE seq = ?", (stored.seq,))
            ledger.move(tx, stored.observation_id, ledger.State.REJECTED, now_ms=now_ms)
            self._forgo(1, len(stored.payload))
            return stored

    # --- housekeeping

    def tend(self) -> int:
        """Drop what is over age, and write what the disk had no room for. Returns how many went. Call now and then."""
        oldest_ms = self._clock.now_ms() - round(self._limits.max_age_h * 3_600_000)
        with self._lock:
            self._settle()
            with self._database.reading() as db:
                rows = db.execute("SELECT seq FROM messages WHERE spooled_at_ms < ?", (oldest_ms,)).fetchall()
            if not rows:
                return 0
            try:
                with self._writing() as tx:
                    self._evict(tx, [row[0] for row in rows], DropReason.SPOOL_EXPIRED)
            except SpoolFull:
                return 0  # they are still there, and go at the next call
        return len(rows)

    def ledgers(self) -> dict[str, Ledger]:
        """Each camera's ledger, as of now, what is not written yet included."""
        with self._lock, self._database.reading() as db:
            unwritten = Counter(self._unwritten)
            waiting: Counter[str] = Counter()
            for observation_id, reason in self._undropped.items():
                (camera_id,) = db.execute("SELECT camera FROM observations WHERE id = ?", (observation_id,)).fetchone()
                unwritten[camera_id, ledger.dropped(reason)] += 1
                waiting[camera_id] += 1
            ledgers = ledger.tally(db, unwritten)
            return {
                camera_id: each.model_copy(update={"in_flight": each.in_flight - waiting[camera_id]})
                for camera_id, each in ledgers.items()
            }

    @property
    def messages(self) -> int:
        """How many wait for the archive."""
        return self._messages

    @property
    def payload_bytes(self) -> int:
        """Their size."""
        return self._bytes

    def quarantined(self) -> int:
        """How many messages lie in quarantine."""
        with self._lock, self._database.reading() as db:
            return quarantine.size(db)

    # --- inside

    def _encoded(self, redacted: Redacted) -> bytes:
        payload = codec.encode_snapshot(redacted.snapshot, redacted.picture)
        if len(payload) > self._limits.max_bytes:
            raise ContractError(RejectReason.TOO_LARGE, f"message of {len(payload)} bytes: raise spool.max_bytes")
        return payload

    def _insert(self, observation_id: str, camera_id: str, payload: bytes) -> None:
        if self._database.free_bytes() < RESERVE_BYTES + len(payload):
            raise SpoolFull(f"spool {self._limits.directory}: disk full, {RESERVE_BYTES >> 20} MiB are kept in reserve")
        now_ms = self._clock.now_ms()
        with self._writing() as tx:
            self._make_room(tx, len(payload))
            ledger.move(tx, observation_id, ledger.State.SPOOLED, now_ms=now_ms)
            tx.execute(
                "INSERT INTO messages (id, camera, sha256, spooled_at_ms, size, payload) VALUES (?, ?, ?, ?, ?, ?)",
                (observation_id, camera_id, codec.message_sha256(payload), now_ms, len(payload), payload),
            )
            self._forgo(-1, -len(payload))

    def _make_room(self, tx: sqlite3.Connection, size: int) -> None:
        excess = self._bytes + size - self._limits.max_bytes
        oldest: list[int] = []
        for seq, old_size in tx.execute("SELECT seq, size FROM messages ORDER BY seq"):
            if excess <= 0:
                break
            oldest.append(seq)
            excess -= old_size
        self._evict(tx, oldest, DropReason.SPOOL_FULL)

    def _evict(self, tx: sqlite3.Connection, seqs: Sequence[int], reason: DropReason) -> None:
        for seq in seqs:
            row = tx.execute("SELECT id, size FROM messages WHERE seq = ?", (seq,)).fetchone()
            tx.execute("DELETE FROM messages WHERE seq = ?", (seq,))
            ledger.move(tx, row[0], ledger.dropped(reason), now_ms=self._clock.now_ms())
            self._forgo(1, row[1])

    def _row(self, db: sqlite3.Connection, seq: int) -> tuple[int, str, str, str, bytes]:
        row: tuple[int, str, str, str, bytes] = db.execute(
            "SELECT seq, id, camera, sha256, payload FROM messages WHERE seq = ?", (seq,)
        ).fetchone()
        return row

    def _forgo(self, messages: int, size: int) -> None:
        """Take from the running totals; `_writing` puts them back if the transaction fails."""
        self._messages -= messages
        self._bytes -= size

    def _settle(self) -> None:
        """Write what waits in memory; on a full disk it goes on waiting, counted all the same (`ledgers`)."""
        if not self._unwritten and not self._undropped:
            return
        try:
            with self._writing():
                pass
        except SpoolFull:
            return  # nothing is lost: the numbers stay in memory until the next call

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that first writes what could not be written before."""
        before = self._messages, self._bytes
        try:
            with self._database.transaction() as tx:
                for (camera_id, name), n in self._unwritten.items():
                    ledger.count(tx, camera_id, name, n)
                for observation_id, reason in self._undropped.items():
                    ledger.move(tx, observation_id, ledger.dropped(reason), now_ms=self._clock.now_ms())
                yield tx
        except BaseException:  # the transaction is rolled back, and so are the sums beside it
            self._messages, self._bytes = before
            raise
        self._unwritten.clear()
        self._undropped.clear()
