"""Appends one row per login, query, opened observation and revoked agent, with its user, chained by hashes.

An entry takes the lock of `audit_state`, which one transaction at a time holds until it commits: numbers have no gaps
and the chain no forks, whatever threads and processes write, on SQLite and PostgreSQL alike. A transaction that also
changes other rows which are contended appends first.
"""

import hashlib
import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Final

from sqlalchemy import BigInteger, Integer, String, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from center.audit import chain
from center.audit.chain import ChainCheck, ChainEntry, Head
from center.clock import NowMs
from center.database.store import AuditEntry, Base, Store

MAX_DETAIL_BYTES = 4096
VERIFIED: Final = "audit.verify"
"""Action of the entry about a check of the chain."""
KEPT: Final = ("case", "case_id", "purpose", "requester", "export", "row_key", "from_ms", "to_ms")
"""Fields that stay in a shortened detail, since an entry is worth nothing without its purpose and time range."""
_SHORTER: Final = (32, 16, 8, 4, 2, 1, 0)
"""Elements that a long list may keep; the most that fit are kept."""
_BRIEF: Final = 400
_ROWS_AT_ONCE = 1000


class AuditState(Base):
    """The only row: the newest entry, and the number up to which entries may be deleted."""

    __tablename__ = "audit_state"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    pruned_to: Mapped[int] = mapped_column(BigInteger)


class AuditHead(Base):
    """The newest entry of a day that is over (`center.audit.chain.Head`)."""

    __tablename__ = "audit_heads"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[str] = mapped_column(String(10), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(128))


class Audit:
    """Writes and reads the audit log. Blocks: call it from a worker thread."""

    def __init__(self, store: Store, now_ms: NowMs) -> None:
        self._store = store
        self._now_ms = now_ms

    def append(self, actor: str, action: str, detail: Mapping[str, object]) -> None:
        """Writes one entry. `detail` never holds a secret.

        Raises:
            StoreUnavailableError: it cannot be written; the action that was to be logged must then not be done.
        """
        with self._store.transaction() as session:
            self.add(session, actor, action, detail)

    def add(self, session: Session, actor: str, action: str, detail: Mapping[str, object]) -> None:
        """Writes one entry in the transaction of what it logs: both are committed, or neither."""
        text = fitting(detail)
        at_ms, actor = self._now_ms(), actor[:64]
        number, previous = locked(session, step=1)
        sha256 = chain.entry_sha256(number, at_ms, actor, action, text, previous)
        entry = ChainEntry(number, at_ms, actor, action, text, previous, sha256)
        session.execute(
            insert(AuditEntry).values(
                id=number,
                at_ms=at_ms,
                actor=actor,
                action=action,
                detail=text,
                previous=previous,
                sha256=entry.sha256,
            )
        )
        session.execute(update(AuditState).values(sha256=sha256).execution_options(synchronize_session=False))

    def page(
        self,
        *,
        limit: int,
        before: int | None = None,
        actor: str | None = None,
        action: str | None = None,
        from_ms: int | None = None,
        to_ms: int | None = None,
    ) -> tuple[AuditEntry, ...]:
        """Reads entries below number `before`, newest first. `action` may be a prefix: `user.` finds `user.add`."""
        wanted = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(AuditEntry.id < before)
        if actor is not None:
            wanted = wanted.where(AuditEntry.actor == actor)
        if action is not None:
            wanted = wanted.where(AuditEntry.action.startswith(action, autoescape=True))
        if from_ms is not None:
            wanted = wanted.where(AuditEntry.at_ms >= from_ms)
        if to_ms is not None:
            wanted = wanted.where(AuditEntry.at_ms < to_ms)
        with self._store.transaction() as session:
            return tuple(session.scalars(wanted))

    def newest_at_ms(self) -> int | None:
        """Returns the time of the newest entry, in milliseconds since the Unix epoch; None before the first."""
        with self._store.transaction() as session:
            return session.scalar(select(AuditEntry.at_ms).order_by(AuditEntry.id.desc()).limit(1))

    def verify(self, trusted: Sequence[str] = ()) -> ChainCheck:
        """Checks the whole chain; `trusted` are the public keys, in hex, whose heads count."""
        with self._reading() as (newest, heads, entries):
            return chain.walk(entries, heads, newest=newest, trusted=trusted)

    def verify_for(self, actor: str, trusted: Sequence[str] = ()) -> ChainCheck:
        """Checks the chain as `verify` does, and notes the result as an entry of `actor`."""
        found = self.verify(trusted)
        about = {"entries": found.entries, "signed_to": found.signed_to, "intact": found.broken is None}
        self.append(actor, VERIFIED, about)
        return found

    @contextmanager
    def _reading(self) -> Iterator[tuple[tuple[int, str], tuple[Head, ...], Iterator[ChainEntry]]]:
        """Reads the newest entry's number and hash, the heads, and all entries up to that one.

        In this order, so that entries written meanwhile are not taken for a break.
        """
        with self._store.transaction() as session:
            state = session.scalars(select(AuditState)).one()
            heads = _heads(session)
            with closing(_entries(session, state.number)) as entries:
                yield (state.number, state.sha256), heads, entries

    def export(self) -> Iterator[str]:
        """Writes the audit as lines of JSON: a header, every head, every entry (`center.audit.exported` reads it)."""
        with self._reading() as (newest, heads, entries):
            yield json.dumps({"kind": "audit", "version": 1, "number": newest[0], "sha256": newest[1]})
            for head in heads:
                yield json.dumps({"kind": "head", **_fields(head)})
            for entry in entries:
                yield json.dumps({"kind": "entry", **_fields(entry)})


def fitting(detail: Mapping[str, object]) -> str:
    """Writes a detail as JSON of at most `MAX_DETAIL_BYTES` characters.

    In a longer detail, long lists are replaced by their count, their hash and as many first elements as fit; then all
    but `KEPT` by the hash of the whole. No value is cut off in the middle.
    """
    text = full_text = _json(detail)
    for most in _SHORTER:
        if len(text) <= MAX_DETAIL_BYTES:
            return text
        text = _json(_shortened(detail, most))
    if len(text) <= MAX_DETAIL_BYTES:
        return text
    kept = {name: _brief(detail[name]) for name in KEPT if name in detail}
    return _json({**kept, "shortened": {"characters": len(full_text), "sha256": _sha256(full_text)}})


def _shortened(value: object, most: int) -> object:
    if isinstance(value, Mapping):
        return {name: _shortened(each, most) for name, each in value.items()}
    if not isinstance(value, list | tuple):
        return value
    first = [_shortened(each, most) for each in value[:most]]
    if len(value) <= most:
        return first
    return {"count": len(value), "sha256": _sha256(_json(value)), "first": first}


def _brief(value: object) -> object:
    return value[:_BRIEF] if isinstance(value, str) else value if isinstance(value, int | float) else None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def locked(session: Session, *, step: int = 0) -> tuple[int, str]:
    """Locks the chain until the transaction ends. Returns the newest number plus `step`, and the newest hash."""
    row = session.execute(
        update(AuditState)
        .values(number=AuditState.number + step)
        .returning(AuditState.number, AuditState.sha256)
        .execution_options(synchronize_session=False)
    ).one()
    return row.number, row.sha256


def _heads(session: Session) -> tuple[Head, ...]:
    found = session.scalars(select(AuditHead).order_by(AuditHead.number))
    return tuple(Head(head.day, head.number, head.sha256, head.at_ms, head.key, head.signature) for head in found)


def _entries(session: Session, last: int) -> Generator[ChainEntry]:
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
        .where(AuditEntry.id <= last)
        .order_by(AuditEntry.id)
        .execution_options(yield_per=_ROWS_AT_ONCE)
    )
    with session.execute(wanted) as rows:
        for row in rows:
            yield ChainEntry(*row)


def _fields(record: Head | ChainEntry) -> dict[str, str | int]:
    return {name: getattr(record, name) for name in record.__slots__}
