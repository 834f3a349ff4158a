"""Roll-outs and their changes, stored in the register's file and changed in single transactions."""

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
"""Key of the setting for newcomers, in place of an agent's id, which is never empty."""
_COLUMNS: Final = "id, kind, name, payload, state, started_at_ms, changed_at_ms"


@dataclass(frozen=True, slots=True)
class RolloutRecord:
    """One roll-out. `payload`: the settings' text, or a `software.SoftwareOffer` as JSON."""

    id: int
    kind: RolloutKind
    name: str
    payload: str
    state: RolloutState
    started_at_ms: int
    changed_at_ms: int


@dataclass(frozen=True, slots=True)
class EarlierState:
    """State of an agent when it was offered the new one: its earlier setting or version, and its health as JSON."""

    had: str | None
    baseline: str


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """The newest order of an agent. `basis` names the roll-out and its target."""

    agent_id: str
    number: int
    basis: str
    sha256: str | None
    sealed: str


class RolloutTransaction:
    """Reads and writes within one transaction of `RolloutBook`."""

    def __init__(self, db: Connection, now_ms: int) -> None:
        self._db = db
        self._now_ms = now_ms

    def put_setting(self, agent_id: str, text: str | None) -> None:
        """Stores an agent's settings; None: the defaults. `NEWCOMERS`: of agents without their own."""
        self._db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (agent_id, text))

    def setting(self, agent_id: str) -> str | None:
        """Returns the settings of an agent, or those of newcomers."""
        row = self._db.execute(
            "SELECT text FROM setting WHERE agent_id IN (?, ?) ORDER BY agent_id = ? LIMIT 1",
            (agent_id, NEWCOMERS, NEWCOMERS),
        ).fetchone()
        return None if row is None else row[0]

    def put_before(self, rollout: int, agent_id: str, before: EarlierState) -> None:
        """Stores an agent's earlier state; a second call changes nothing."""
        self._db.execute(
            "INSERT OR IGNORE INTO rollout_before VALUES (?, ?, ?, ?)",
            (rollout, agent_id, before.had, before.baseline),
        )

    def before(self, rollout: int, agent_id: str) -> EarlierState | None:
        """Returns the state that `put_before` stored, or None."""
        row = self._db.execute(
            "SELECT had, baseline FROM rollout_before WHERE rollout = ? AND agent_id = ?", (rollout, agent_id)
        ).fetchone()
        return None if row is None else EarlierState(*row)

    def order(self, agent_id: str) -> StoredOrder | None:
        """Returns the newest order of an agent."""
        row = self._db.execute(
            "SELECT * FROM software_order WHERE agent_id = ? ORDER BY number DESC LIMIT 1", (agent_id,)
        ).fetchone()
        return None if row is None else StoredOrder(*row)

    def put_order(self, agent_id: str, basis: str, sha256: str | None, seal: Callable[[int], str]) -> None:
        """Makes an agent's next order, unless its newest has this basis.

        Numbered by the clock: a home restored from a backup goes on.
        """
        newest = self.order(agent_id)
        if newest is not None and newest.basis == basis:
            return
        number = max(self._now_ms // 1000, 0 if newest is None else newest.number + 1)
        self._db.execute(
            "INSERT INTO software_order VALUES (?, ?, ?, ?, ?)", (agent_id, number, basis, sha256, seal(number))
        )

    def put_state(self, rollout: int, state: RolloutState) -> None:
        """Stores the state of a roll-out, with the time."""
        self._db.execute(
            "UPDATE rollout SET state = ?, changed_at_ms = ? WHERE id = ?",
            (state.model_dump_json(), self._now_ms, rollout),
        )


class RolloutBook:
    """Roll-outs in the register. Every method is one transaction and may raise RegisterError."""

    def __init__(self, file: RegisterFile, now_ms: Callable[[], int]) -> None:
        self._file = file
        self._now_ms = now_ms

    def prepare(self) -> None:
        """Adds the tables to an older register; one that has them is left alone."""
        with self._file.reading() as db:
            found = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not found >= _TABLES:
            with self._file.writing() as db:
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)

    @contextmanager
    def writing(self) -> Iterator[RolloutTransaction]:
        """Opens a page to write; all of it is stored, or nothing."""
        with self._file.writing() as db:
            yield RolloutTransaction(db, self._now_ms())

    @contextmanager
    def reading(self) -> Iterator[RolloutTransaction]:
        """Opens a page that sees one moment; write nothing within."""
        with self._file.reading() as db:
            yield RolloutTransaction(db, self._now_ms())

    def start(self, kind: RolloutKind, name: str, payload: str, state: RolloutState) -> int:
        """Starts a roll-out. Returns its number.

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
        """Returns the roll-out that was started last, ended or not."""
        with self._file.reading() as db:
            return self._newest(db)

    def turn(self, change: Callable[[RolloutState], RolloutState]) -> tuple[RolloutRecord, bool]:
        """Changes the newest roll-out by an operator's command. Returns the record afterwards, and whether it changed.

        Raises:
            RolloutError: there is none.
        """
        with self._file.writing() as db:
            newest = self._newest(db)
            if newest is None:
                raise RolloutError("there has been no roll-out: wayside-provision rollout start")
            state = change(newest.state)
            if state != newest.state:
                RolloutTransaction(db, self._now_ms()).put_state(newest.id, state)
            return self._newest(db) or newest, state != newest.state

    def advance(
        self,
        rollout: int,
        change: Callable[[RolloutState], RolloutState],
        then: Callable[[RolloutTransaction, RolloutState], None],
    ) -> RolloutState | None:
        """Changes a roll-out and calls `then`, in one transaction; None if the roll-out has ended meanwhile."""
        with self._file.writing() as db:
            newest = self._newest(db)
            if newest is None or newest.id != rollout or newest.state.has_ended:
                return None
            page, state = RolloutTransaction(db, self._now_ms()), change(newest.state)
            if state != newest.state:
                page.put_state(rollout, state)
            then(page, state)
            return state

    def orders(self) -> list[StoredOrder]:
        """Returns the newest order of every agent that has one."""
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT software_order.* FROM software_order JOIN (SELECT agent_id, MAX(number) AS number"
                " FROM software_order GROUP BY agent_id) USING (agent_id, number) ORDER BY agent_id"
            )
            return [StoredOrder(*row) for row in rows]

    def put_installed(self, agent_id: str, message: str) -> None:
        """Stores an agent's newest report (JSON of `documents.Installed`) on its software."""
        with self._file.writing() as db:
            db.execute("INSERT OR REPLACE INTO installed VALUES (?, ?, ?)", (agent_id, message, self._now_ms()))

    def installed(self, agent_id: str) -> str | None:
        """Returns the report that `put_installed` stored, or None."""
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
