"""Holds redacted pictures until they are archived, and the ledger of everything selected.

A message counts once it is on the disk (fsync), and is deleted on an acknowledgement that repeats its hash, nothing
else. Bounded by bytes and age; the oldest goes first, by name. A full disk costs the pictures that find no room and
nothing more: messages held are still acknowledged, and drops are counted in room that was kept for them.

Thread-safe: cameras select, the redaction worker appends, the publisher reads and confirms.
"""

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from edge_agent.clock import Clock
from edge_agent.errors import DropReason, EnrolmentError, IllegalMove, SpoolFull
from edge_agent.frames import Redacted
from edge_agent.spool import database, ledger, quarantine
from edge_agent.spool import messages as backlog
from edge_agent.spool.hop_times import RecentHopTimes
from edge_agent.spool.messages import Stored, Waiting
from edge_agent.spool.steady_time import SpoolTime
from provisioning.contracts.config import processes
from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import ArchivedItem, Ledger, PictureState, Rejected, Snapshot

RESERVE_BYTES: Final = database.RESERVE_BYTES
DROP_AT_MOST: Final = 2000
"""Messages that one `maintain` drops, so that its caller gets on with other things: about a second's work."""
_CHUNK: Final = 100
"""Messages dropped in one transaction: cameras wait for no longer."""
_FORGET_EVERY: Final = 1000
_HOUR_MS: Final = 3_600_000
Sign: TypeAlias = Callable[[Snapshot], Snapshot]
"""Puts the agent's signature into an envelope (`enrolment.signing`). Raises EnrolmentError."""


def unsigned(snapshot: Snapshot) -> Snapshot:
    """Return the envelope as it is: a camera's picture relies on the connection's certificate."""
    return snapshot


def drop_for(error: SpoolFull | ContractError | EnrolmentError) -> DropReason:
    """Return the name under which `Spool.append` drops a picture that it could not keep."""
    match error:
        case SpoolFull():
            return DropReason.DISK_FULL
        case EnrolmentError():
            return DropReason.UNSIGNED
        case ContractError(reason=RejectReason.TOO_LARGE):
            return DropReason.TOO_LARGE
        case _:
            return DropReason.REDACTION_UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A message that the archive has, and that the spool therefore no longer holds."""

    seq: int
    observation_id: str
    camera_id: str
    picture: PictureState


@dataclass(slots=True)
class _Sums:
    """Sums beside the tables, so that rows need not be counted. Restored when a transaction fails."""

    messages: int = 0
    size: int = 0
    open_rows: Counter[str] = field(default_factory=Counter)

    def copy(self) -> "_Sums":
        return replace(self, open_rows=Counter(self.open_rows))


class Spool:
    """Stores the pictures of one agent. One per agent."""

    def __init__(self, spool: processes.Spool, clock: Clock) -> None:
        """Open, and account for what the last run left behind.

        Raises:
            SpoolError: the directory or the file cannot be used.
        """
        self._limits = spool
        self._max_age_ms = round(spool.max_age_h * _HOUR_MS)
        self._lock = threading.RLock()
        self._database = database.Database(spool.directory, clock)
        self._clock = clock
        self._unwritten: Counter[tuple[str, str]] = Counter()
        self._undropped: dict[str, DropReason] = {}
        self._selects = 0
        self._hop_times = RecentHopTimes()
        self._sums = _Sums()
        with self._writing() as tx:
            self._time = SpoolTime(tx, clock, most_gap_ms=self._max_age_ms // 2)
            self._time.write_down(tx)
            self.interrupted = ledger.interrupt(tx, now_ms=self._time.now_ms())
            for camera_id, (messages, size) in backlog.totals(tx).items():
                self._sums.messages += messages
                self._sums.size += size
                self._sums.open_rows[camera_id] = messages

    def close(self) -> None:
        """Close the directory. After an error of the disk, leave it unclosed: the next start then checks it."""
        with self._lock:
            with suppress(SpoolFull), self._writing() as tx:  # then the wall clock tells the time since the last one
                self._time.write_down(tx)
            self._database.close()

    # --- in: from devices that push

    def promise(self, observation_id: str, camera_id: str) -> None:
        """Write the receipt of a picture taken into memory, so that its loss in a kill gets a name.

        Raises:
            SpoolFull: the disk has no room; nothing was promised.
        """
        with self._lock, self._writing(adds_bytes=0) as tx:
            ledger.add_receipt(tx, observation_id, camera_id)

    def settle(self, observation_id: str) -> None:
        """Remove the receipt of a picture that was read, whatever became of it."""
        with self._lock:
            with self._database.reading() as db:
                is_open = ledger.has_receipt(db, observation_id)
            if is_open:  # `select` settles too: this one was no picture, or came a second time
                with suppress(SpoolFull), self._writing() as tx:
                    ledger.remove_receipt(tx, observation_id)

    # --- in: from the pipeline

    def select(self, observation_id: str, camera_id: str) -> bool:
        """Enter an observation in the ledger; False when it is a duplicate, which is counted and goes no further.

        Raises:
            SpoolFull: the disk has no room; counted as a drop of that name.
        """
        with self._lock:
            try:
                with self._writing(adds_bytes=0) as tx:
                    self._selects += 1
                    if self._selects % _FORGET_EVERY == 0:
                        ledger.forget(tx, now_ms=self._time.now_ms())
                    ledger.remove_receipt(tx, observation_id)
                    is_new = ledger.select(tx, observation_id, camera_id)
                    self._sums.open_rows[camera_id] += is_new
                    if is_new:
                        self._hop_times.selected(observation_id, self._clock.now_ms())
                    return is_new
            except SpoolFull:
                self._unwritten[camera_id, ledger.SELECTED] += 1
                self._unwritten[camera_id, ledger.dropped(DropReason.DISK_FULL)] += 1
                self._settle()
                raise

    def append(self, redacted: Redacted, sign: Sign = unsigned) -> None:
        """Keep a redacted picture; on return it is on the disk. Drops the oldest messages beyond the bound.

        Raises:
            SpoolFull: the disk has no room; counted as a drop of that name.
            ContractError: the message is too large; counted as a drop of that name.
            EnrolmentError: it could not be signed; counted as a drop of that name.
        """
        snapshot, redacted_at_ms = redacted.snapshot, self._clock.now_ms()
        try:
            payload = self._encoded(sign(snapshot), redacted.picture)
        except (EnrolmentError, ContractError) as error:
            self.drop(snapshot.observation_id, drop_for(error))
            raise
        with self._lock:
            try:
                self._insert(snapshot.observation_id, snapshot.camera_id, payload)
            except SpoolFull as error:
                self.drop(snapshot.observation_id, drop_for(error))
                raise
            self._hop_times.spooled(
                snapshot.observation_id, redacted_at_ms=redacted_at_ms, spooled_at_ms=self._clock.now_ms()
            )

    def drop(self, observation_id: str, reason: DropReason) -> None:
        """End a selected observation. Needs no disk: a count that cannot be written now is written later.

        Raises:
            IllegalMove: it is not selected.
        """
        with self._lock:
            with self._database.reading() as db:
                is_selected = ledger.is_selected(db, observation_id)
            if not is_selected or observation_id in self._undropped:
                raise IllegalMove(f"observation {observation_id}: not in the pipeline, so it cannot be dropped there")
            self._undropped[observation_id] = reason
            self._settle()

    # --- out: to the publisher

    def next_unsent(
        self, in_flight: Collection[int], held: Collection[str], *, max_messages: int, max_bytes: int
    ) -> list[Stored]:
        """Return the newest messages that are not in `in_flight` (their `seq`) and of no camera in `held`.

        The first is returned whatever its size, so that a large one cannot block the way.
        """
        if max_messages <= 0 or max_bytes <= 0:
            return []
        with self._lock, self._database.reading() as db:
            chosen: list[int] = []
            total_bytes = 0
            for seq, size in backlog.newest(db, held=held, at_most=len(in_flight) + max_messages):
                if seq in in_flight:
                    continue
                total_bytes += size
                if len(chosen) == max_messages or (chosen and total_bytes > max_bytes):
                    break
                chosen.append(seq)
            stored = [backlog.read(db, seq) for seq in chosen]
            return [replace(each, hop_times=self._hop_times.of(each.observation_id)) for each in stored]

    def confirm(self, items: Iterable[ArchivedItem]) -> tuple[list[Confirmed], int]:
        """Delete archived messages.

        Returns them, and the number of items that matched nothing held here (late or forged).

        Raises:
            SpoolFull: the disk has no room even for that; all stays, and will be acknowledged again.
        """
        confirmed: list[Confirmed] = []
        ignored = 0
        with self._lock, self._writing() as tx:
            for item in items:
                found = backlog.acknowledged(tx, item.observation_id, item.message_sha256)
                if found is None:
                    ignored += 1
                    continue
                self._let_go(tx, found, ledger.ObservationState.ARCHIVED)
                confirmed.append(Confirmed(found.seq, item.observation_id, found.camera_id, item.picture))
        return confirmed, ignored

    def reject(self, rejected: Rejected) -> Stored | None:
        """Move a rejected message to quarantine; None when no message here has that hash.

        Raises:
            SpoolFull: the disk has no room; it stays, and will be rejected again.
        """
        with self._lock, self._writing() as tx:
            stored = backlog.by_hash(tx, rejected.message_sha256)
            if stored is None:
                return None
            found = Waiting(stored.seq, stored.observation_id, stored.camera_id, len(stored.payload))
            self._let_go(tx, found, ledger.ObservationState.REJECTED)  # first: a full disk has room for one copy only
            quarantine.add(
                tx,
                rejected,
                observation_id=stored.observation_id,
                camera_id=stored.camera_id,
                payload=stored.payload,
                now_ms=self._clock.now_ms(),
                max_bytes=self._limits.quarantine_max_bytes,
            )
            return stored

    # --- housekeeping

    def maintain(self) -> int:
        """Drop messages over age, and write counts that the disk had no room for. Call periodically.

        Returns the number dropped. If it is `DROP_AT_MOST`, more wait: call again, as soon as other work allows.
        """
        with self._lock:
            self._settle()
            with suppress(SpoolFull):  # there is no more room than before, and the next call asks again
                self._database.reserve_room()
            with suppress(SpoolFull), self._writing() as tx:
                self._time.write_down(tx)
        gone = 0
        while gone < DROP_AT_MOST:
            with self._lock:
                before_ms = self._time.now_ms() - self._max_age_ms
                with self._database.reading() as db:
                    aged = backlog.aged(db, before_ms=before_ms, at_most=_CHUNK)
                try:
                    self._evict(aged, DropReason.SPOOL_EXPIRED)
                except SpoolFull:
                    break  # they are still there, and go at the next call
            gone += len(aged)
            if len(aged) < _CHUNK:
                break
        return gone

    def ledgers(self) -> dict[str, Ledger]:
        """Return each camera's ledger as of now, with unwritten counts. Costs no more with a backlog."""
        with self._lock, self._database.reading() as db:
            unwritten = Counter(self._unwritten)
            open_rows = Counter(self._sums.open_rows)
            for observation_id, reason in self._undropped.items():
                name = ledger.dropped(reason)
                camera_id = ledger.camera_of(db, observation_id, to=name)
                unwritten[camera_id, name] += 1
                open_rows[camera_id] -= 1
            return ledger.tally(db, unwritten, open_rows)

    @property
    def messages(self) -> int:
        """Messages that wait for the archive."""
        return self._sums.messages

    @property
    def payload_bytes(self) -> int:
        """Bytes of the messages that wait."""
        return self._sums.size

    def oldest_s(self) -> float | None:
        """Age of the oldest message, by the spool's own time; None while there is none."""
        with self._lock, self._database.reading() as db:
            spooled_at_ms = backlog.oldest_at_ms(db)
            return None if spooled_at_ms is None else max(0, self._time.now_ms() - spooled_at_ms) / 1000

    def quarantined(self) -> int:
        with self._lock, self._database.reading() as db:
            return quarantine.size(db)

    # --- inside

    def _encoded(self, snapshot: Snapshot, picture: bytes) -> bytes:
        payload = codec.encode_snapshot(snapshot, picture)
        if len(payload) > self._limits.max_bytes:
            raise ContractError(RejectReason.TOO_LARGE, f"message of {len(payload)} bytes: raise spool.max_bytes")
        return payload

    def _insert(self, observation_id: str, camera_id: str, payload: bytes) -> None:
        """Insert in one transaction with the drops that make room, if those are a handful and not a lowered bound."""
        while len(victims := self._in_excess(len(payload))) == _CHUNK:
            self._evict(victims, DropReason.SPOOL_FULL)
        freed = sum(victim.size for victim in victims)
        with self._writing(adds_bytes=max(0, len(payload) - freed)) as tx:
            for victim in victims:
                self._let_go(tx, victim, ledger.dropped(DropReason.SPOOL_FULL))
            ledger.move(tx, observation_id, ledger.ObservationState.SPOOLED, now_ms=self._time.now_ms())
            backlog.add(tx, observation_id, camera_id, payload, now_ms=self._time.now_ms())
            self._sums.messages += 1
            self._sums.size += len(payload)

    def _in_excess(self, size: int) -> list[Waiting]:
        with self._database.reading() as db:
            return backlog.oldest(db, excess_bytes=self._sums.size + size - self._limits.max_bytes, at_most=_CHUNK)

    def _evict(self, victims: Collection[Waiting], reason: DropReason) -> None:
        if victims:
            with self._writing() as tx:
                for victim in victims:
                    self._let_go(tx, victim, ledger.dropped(reason))

    def _let_go(self, tx: sqlite3.Connection, found: Waiting, to: str) -> None:
        backlog.remove(tx, found.seq)
        ledger.move(tx, found.observation_id, to, now_ms=self._time.now_ms())
        self._sums.messages -= 1
        self._sums.size -= found.size
        self._sums.open_rows[found.camera_id] -= 1

    def _settle(self) -> None:
        """Write counts that wait in memory; without room they wait on, and `ledgers` includes them all the same."""
        if self._unwritten or self._undropped:
            with suppress(SpoolFull), self._writing():
                pass

    @contextmanager
    def _writing(self, *, adds_bytes: int | None = None) -> Iterator[sqlite3.Connection]:
        """Begin a transaction that also writes the counts that wait in memory."""
        before = self._sums.copy()
        try:
            with self._database.transaction(adds_bytes=adds_bytes) as tx:
                self._write_down(tx)
                yield tx
        except BaseException:  # the transaction is rolled back, and so are the sums beside it
            self._sums = before
            raise
        self._unwritten.clear()
        self._undropped.clear()

    def _write_down(self, tx: sqlite3.Connection) -> None:
        for (camera_id, name), n in self._unwritten.items():
            ledger.count(tx, camera_id, name, n)
        for observation_id, reason in self._undropped.items():
            camera_id = ledger.move(tx, observation_id, ledger.dropped(reason), now_ms=self._time.now_ms())
            self._sums.open_rows[camera_id] -= 1
