"""Roll-outs, and what each of them changes: kept in the register's file, changed one transaction at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

from provisioning.contracts.fleet.rollout import RolloutKind
from provisioning.errors import RolloutError
from provisioning.home.database import RegisterFile
from provisioning.home.rollout_state import RolloutState

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS rollout (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, name TEXT NOT NULL, payload TEXT NOT NULL,
  state TEXT NOT NULL, started_at_ms INTEGER NOT NULL, changed_at_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS rollout_before (
  rollout INTEGER NOT NULL, agent_id TEXT NOT NULL, had TEXT, baseline TEXT NOT NULL, PRIMARY KEY (rollout, agent_id));
CREATE TABLE IF NOT EXISTS setting (agent_id TEXT PRIMARY KEY, text TEXT);
CREATE TABLE IF NOT EXISTS software_order (
  agent_id TEXT NOT NULL, number INTEGER NOT NULL, basis TEXT NOT NULL, sha256 TEXT, sealed TEXT NOT NULL,
  PRIMARY KEY (agent_id, number));
CREATE TABLE IF NOT EXISTS installed (agent_id TEXT PRIMARY KEY, message TEXT NOT NULL, heard_at_ms INTEGER NOT NULL)
"""
_TABLES: Final = frozenset({"rollout", "rollout_before", "setting", "software_order", "installed"})
NEWCOMERS: Final = ""
"""In the place of an agent's id, which is never empty."""
_COLUMNS: Final = "id, kind, name, payload, state, started_at_ms, changed_at_ms"


@dataclass(frozen=True, slots=True)
class RolloutRecord:
    """One roll-out. `payload`: the settings' text, or a `software.Offer` as JSON."""

    id: int
    kind: RolloutKind
    name: str
    payload: str
    state: RolloutState
    started_at_ms: int
    changed_at_ms: int


@dataclass(frozen=True, slots=True)
class Before:
    """How an agent was when it was offered the new one: what it had, and its health as JSON."""

    had: str | None
    baseline: str


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """The newest order of an agent. `basis` says which roll-out wants what of it."""

    agent_id: str
    number: int
    basis: str
    sha256: str | None
    sealed: str


class Page:
    """What may be written within one transaction of `RolloutBook.writing`."""

    def __init__(self, db: Connection, now_ms: int) -> None:
        self._db = db
        self._now_ms = now_ms

    def put_setting(self, agent_id: str, text: str | None) -> None:
        """What an agent's configuration is made with; None: the defaults. `NEWCOMERS`: whoever has none of its own."""
        self._db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (agent_id, text))

    def setting(self, agent_id: str) -> str | None:
        """See `put_setting`."""
        row = self._db.execute(
            "SELECT text FROM setting WHERE agent_id IN (?, ?) ORDER BY agent_id = ? LIMIT 1",
            (agent_id, NEWCOMERS, NEWCOMERS),
        ).fetchone()
        return None if row is None else row[0]

    def put_before(self, rollout: int, agent_id: str, before: Before) -> None:
        """Keep how an agent was; the first word stands."""
        self._db.execute(
            "INSERT OR IGNORE INTO rollout_before VALUES (?, ?, ?, ?)",
            (rollout, agent_id, before.had, before.baseline),
        )

    def before(self, rollout: int, agent_id: str) -> Before | None:
        """See `put_before`."""
        row = self._db.execute(
            "SELECT had, baseline FROM rollout_before WHERE rollout = ? AND agent_id = ?", (rollout, agent_id)
        ).fetchone()
        return None if row is None else Before(*row)

    def order(self, agent_id: str) -> StoredOrder | None:
        """The newest order of an agent."""
        row = self._db.execute(
            "SELECT * FROM software_order WHERE agent_id = ? ORDER BY number DESC LIMIT 1", (agent_id,)
        ).fetchone()
        return None if row is None else StoredOrder(*row)

    def put_order(self, agent_id: str, basis: str, sha256: str | None, seal: Callable[[int], str]) -> None:
        """Its next order, unless its newest is of this basis. Numbered by the clock: a home from a backup goes on."""
        newest = self.order(agent_id)
        if newest is not None and newest.basis == basis:
            return
        number = max(self._now_ms // 1000, 0 if newest is None else newest.number + 1)
        self._db.execute(
            "INSERT INTO software_order VALUES (?, ?, ?, ?, ?)", (agent_id, number, basis, sha256, seal(number))
        )

    def put_state(self, rollout: int, state: RolloutState) -> None:
        """How it stands now."""
        self._db.execute(
            "UPDATE rollout SET state = ?, changed_at_ms = ? WHERE id = ?",
            (state.model_dump_json(), self._now_ms, rollout),
        )


class RolloutBook:
    """See the module. Every method is one transaction and may raise RegisterError."""

    def __init__(self, file: RegisterFile, now_ms: Callable[[], int]) -> None:
        self._file = file
        self._now_ms = now_ms

    def prepare(self) -> None:
        """Add the tables to a register of before; one that has them is left alone."""
        with self._file.reading() as db:
            found = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not found >= _TABLES:
            with self._file.writing() as db:
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)

    @contextmanager
    def writing(self) -> Iterator[Page]:
        """All of it is kept, or nothing."""
        with self._file.writing() as db:
            yield Page(db, self._now_ms())

    @contextmanager
    def reading(self) -> Iterator[Page]:
        """One moment; write nothing within."""
        with self._file.reading() as db:
            yield Page(db, self._now_ms())

    def start(self, kind: RolloutKind, name: str, payload: str, state: RolloutState) -> int:
        """Begin one. Returns its number.

        Raises:
            RolloutError: another is under way.
        """
        now_ms = self._now_ms()
        with self._file.writing() as db:
            newest = self._newest(db)
            if newest is not None and not newest.state.has_ended:
                raise RolloutError(
                    f"roll-out {newest.id} ({newest.name}) is {newest.state.phase}: wait for its end, or end it with:"
                    " wayside-provision rollout abort"
                )
            done = db.execute(
                "INSERT INTO rollout (kind, name, payload, state, started_at_ms, changed_at_ms)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (kind.value, name, payload, state.model_dump_json(), now_ms, now_ms),
            )
            return int(done.lastrowid or 0)

    def newest(self) -> RolloutRecord | None:
        """The last that was started, whether or not it has ended."""
        with self._file.reading() as db:
            return self._newest(db)

    def turn(self, change: Callable[[RolloutState], RolloutState]) -> tuple[RolloutRecord, bool]:
        """Change the newest by hand: the record as it is then, and whether that is another.

        Raises:
            RolloutError: there is none.
        """
        with self._file.writing() as db:
            newest = self._newest(db)
            if newest is None:
                raise RolloutError("there has been no roll-out: wayside-provision rollout start")
            state = change(newest.state)
            if state != newest.state:
                Page(db, self._now_ms()).put_state(newest.id, state)
            return self._newest(db) or newest, state != newest.state

    def advance(
        self, rollout: int, change: Callable[[RolloutState], RolloutState], then: Callable[[Page, RolloutState], None]
    ) -> RolloutState | None:
        """Change one that has not ended, and do what follows, in one transaction; None where it has ended meanwhile."""
        with self._file.writing() as db:
            newest = self._newest(db)
            if newest is None or newest.id != rollout or newest.state.has_ended:
                return None
            page, state = Page(db, self._now_ms()), change(newest.state)
            if state != newest.state:
                page.put_state(rollout, state)
            then(page, state)
            return state

    def orders(self) -> list[StoredOrder]:
        """The newest order of every agent that has one."""
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT software_order.* FROM software_order JOIN (SELECT agent_id, MAX(number) AS number"
                " FROM software_order GROUP BY agent_id) USING (agent_id, number) ORDER BY agent_id"
            )
            return [StoredOrder(*row) for row in rows]

    def put_installed(self, agent_id: str, message: str) -> None:
        """Keep an agent's newest word (JSON of `documents.Installed`) on its software."""
        with self._file.writing() as db:
            db.execute("INSERT OR REPLACE INTO installed VALUES (?, ?, ?)", (agent_id, message, self._now_ms()))

    def installed(self, agent_id: str) -> str | None:
        """See `put_installed`."""
        with self._file.reading() as db:
            row = db.execute("SELECT message FROM installed WHERE agent_id = ?", (agent_id,)).fetchone()
            return None if row is None else str(row[0])

    # --- inside

    @staticmethod
    def _newest(db: Connection) -> RolloutRecord | None:
        row = db.execute(f"SELECT {_COLUMNS} FROM rollout ORDER BY id DESC LIMIT 1").fetchone()  # noqa: S608 - ours
        if row is None:
            return None
        number, kind, name, payload, state, started_at_ms, changed_at_ms = row
        return RolloutRecord(
            number,
            RolloutKind(kind),
            name,
            payload,
            RolloutState.model_validate_json(state),
            started_at_ms,
            changed_at_ms,
        )
