"""The file under the spool: what a commit means, how an older one is taken over, how closely one is looked at."""

import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge_agent.errors import DropReason, SpoolCorrupt, SpoolError, SpoolLocked
from edge_agent.spool import ledger
from edge_agent.spool.database import LOG_BYTES, Database, reading
from edge_agent.spool.spool import Spool
from provisioning.contracts.config import processes
from tests.edge_agent.spooling import dies, keep, open_spool, written
from tests.edge_agent.world import EPOCH_MS, FakeClock

# As schema 1 was, which agents in the field have.
VERSION_1 = """
CREATE TABLE observations (
  id TEXT PRIMARY KEY, camera TEXT NOT NULL, state TEXT NOT NULL, ended_at_ms INTEGER
) WITHOUT ROWID;
CREATE INDEX observations_ended ON observations (ended_at_ms);
CREATE TABLE counters (camera TEXT NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (camera, name))
  WITHOUT ROWID;
CREATE TABLE messages (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, camera TEXT NOT NULL, sha256 TEXT NOT NULL,
  spooled_at_ms INTEGER NOT NULL, size INTEGER NOT NULL, payload BLOB NOT NULL
);
CREATE INDEX messages_sha256 ON messages (sha256);
CREATE TABLE quarantine (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, camera TEXT NOT NULL, reason TEXT NOT NULL,
  detail TEXT NOT NULL, rejected_at_ms INTEGER NOT NULL, size INTEGER NOT NULL, payload BLOB NOT NULL
);
INSERT INTO observations VALUES ('a', 'gate', 'spooled', NULL), ('b', 'gate', 'spooled', NULL);
INSERT INTO counters VALUES ('gate', 'selected', 2), ('gate', 'spooled', 2);
INSERT INTO messages VALUES (7, 'a', 'gate', 'h', 1699999000000, 3, x'616161');
INSERT INTO messages VALUES (9, 'b', 'gate', 'i', 1700000000000, 1, x'62');
PRAGMA user_version=1;
"""


class HurriedClock(FakeClock):
    """A second passes at every look."""

    def monotonic_s(self) -> float:
        self.pass_s(1.0)
        return super().monotonic_s()


def pragma(database: Database, name: str) -> Any:
    return database._connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_commit_is_an_fsync_and_the_log_has_its_room(tmp_path: Path) -> None:
    database = Database(tmp_path, FakeClock())
    assert pragma(database, "journal_mode") == "wal"
    assert pragma(database, "synchronous") == 2  # FULL: SQLite syncs the log at each commit, before it returns
    assert pragma(database, "locking_mode") == "normal"  # `wayside-edge ledger` reads beside it
    assert pragma(database, "secure_delete") == 2  # FAST
    log = (tmp_path / "spool.db-wal").stat()
    assert log.st_size == LOG_BYTES
    assert log.st_blocks * 512 >= LOG_BYTES
    for _ in range(3):
        with database.transaction(adds_bytes=6_000_000) as tx:
            tx.execute("INSERT INTO quarantine VALUES (NULL, '', '', '', '', 0, 0, zeroblob(6000000))")
            tx.execute("DELETE FROM quarantine")
    assert (tmp_path / "spool.db-wal").stat().st_size == LOG_BYTES
    database.close()


def test_what_the_file_grew_by_is_on_the_disk_before_anything_counts_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.spool.database.STEP_BYTES", 64 * 1024)
    database = Database(tmp_path, FakeClock())
    for _ in range(3):
        with database.transaction(adds_bytes=100_000) as tx:
            file = (tmp_path / "spool.db").stat()
            assert file.st_size == pragma(database, "page_count") * 4096
            assert file.st_blocks * 512 >= file.st_size
            tx.execute("INSERT INTO quarantine VALUES (NULL, '', '', '', '', 0, 0, zeroblob(100000))")
    database.close()


def test_new_folders_are_on_the_disk_before_anything_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def spy(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        fsync(handle)

    monkeypatch.setattr("edge_agent.spool.database.os.fsync", spy)
    Database(tmp_path / "var" / "spool", FakeClock()).close()
    assert set(synced) == {str(tmp_path), str(tmp_path / "var"), str(tmp_path / "var" / "spool")}


def test_a_spool_of_the_first_version_is_taken_over_with_all_it_holds(tmp_path: Path) -> None:
    older = sqlite3.connect(tmp_path / "spool.db")
    older.executescript(VERSION_1)
    older.close()
    clock = FakeClock()
    spool = Spool(processes.Spool(directory=tmp_path, max_age_h=1), clock)
    assert (spool.messages, spool.payload_bytes) == (2, 4)
    assert [each.seq for each in spool.next_unsent((), (), max_messages=9, max_bytes=99)] == [9, 7]
    clock.pass_s(3600 - 999)
    assert spool.maintain() == 1  # 1,000 s old when it was taken over
    assert spool.ledgers()["gate"].balanced
    keep(spool, 1)
    spool.close()
    spool = open_spool(tmp_path)
    assert spool.messages == 2
    spool.close()


def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    database = Database(tmp_path, FakeClock())
    database._connection.execute("PRAGMA user_version=99")
    database.close()
    for _ in range(2):  # the second time: and the lock was let go
        with pytest.raises(SpoolError, match="another version"):
            Database(tmp_path, FakeClock())


def test_one_agent_a_directory(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    with pytest.raises(SpoolLocked, match="another wayside-edge"):
        open_spool(tmp_path)
    spool.close()
    open_spool(tmp_path).close()


def test_the_directory_is_ours_alone(tmp_path: Path) -> None:
    open_spool(tmp_path / "new").close()
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "new" / "spool.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", ["header", "middle", "cut"])
def test_a_damaged_file_is_moved_aside_and_begun_anew(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    spool = open_spool(tmp_path)
    for number in range(50):
        keep(spool, number, 20_000)
    spool.close()
    file = tmp_path / "spool.db"
    data = bytearray(file.read_bytes())
    if damage == "header":
        data[:100] = bytes(100)
    elif damage == "middle":
        data[4096:40960] = b"\xaa" * 36864
        (tmp_path / "spool.db-wal").write_bytes(b"x")  # as a kill leaves it, and the reason to look closely
    else:
        del data[len(data) // 2 :]
        (tmp_path / "spool.db-wal").write_bytes(b"x")
    file.write_bytes(data)
    (tmp_path / "damaged-1.db").write_bytes(b"from the last time")

    with caplog.at_level(logging.ERROR):
        spool = open_spool(tmp_path)
    keep(spool, 0)
    spool.close()
    assert [path.name for path in sorted(tmp_path.glob("damaged-*.db"))] == [f"damaged-{EPOCH_MS}.db"]
    assert (tmp_path / f"damaged-{EPOCH_MS}.db").read_bytes() == data
    assert len(caplog.records) == 1
    assert "moved to damaged-" in caplog.text


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A spool of an agent that was killed, with damage in the last payload of some 40 MB."""

    def live() -> None:
        spool = open_spool(tmp_path)
        for number in range(10):
            keep(spool, number, 4_000_000)

    dies(live)
    with sqlite3.connect(tmp_path / "spool.db") as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    (tmp_path / "spool.db-wal").write_bytes(b"x")
    with (tmp_path / "spool.db").open("r+b") as file:
        file.seek(-100 * 4096, os.SEEK_END)
        file.write(b"\xaa" * 4096)
    return tmp_path


def test_after_a_kill_payloads_are_looked_at_for_a_bounded_time(
    large: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spool of many gigabytes must not keep the cameras waiting; what holds the books is looked at in any case."""
    monkeypatch.setattr("edge_agent.spool.database._CHECK_STEPS", 1)
    with caplog.at_level(logging.INFO):
        spool = open_spool(large, HurriedClock())
    assert "too large to look at every page" in caplog.text
    assert spool.messages == 10
    with pytest.raises(SpoolCorrupt):  # the damage is met where it is
        spool.next_unsent((), (), max_messages=10, max_bytes=10**9)
    spool._database._connection.close()
    os.close(spool._database._lock)
    spool = open_spool(large, HurriedClock())  # and then nobody hurries
    assert list(large.glob("damaged-*.db"))
    assert spool.messages == 0
    assert not (large / "spool.suspect").exists()
    spool.close()


def test_the_books_are_looked_at_however_large_the_rest(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_agent.spool.database._CHECK_STEPS", 1)
    with (tmp := large / "spool.db").open("r+b") as file:
        (root,) = _roots(tmp, "observations")
        file.seek((root - 1) * 4096)
        file.write(b"\xaa" * 4096)
    (large / "spool.db-wal").write_bytes(b"x")
    spool = open_spool(large, HurriedClock())
    assert list(large.glob("damaged-*.db"))
    spool.close()


def _roots(file: Path, table: str) -> list[int]:
    with closing(sqlite3.connect(file)) as db:
        return [row[0] for row in db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,))]


def test_with_time_enough_the_damage_is_found_at_the_start(large: Path) -> None:
    spool = open_spool(large)
    assert list(large.glob("damaged-*.db"))
    spool.close()


def test_the_ledger_is_readable_while_the_agent_runs_and_after_a_kill(tmp_path: Path) -> None:
    def live() -> None:
        spool = open_spool(tmp_path)
        keep(spool, 0)
        assert written(tmp_path).in_flight == 1

    dies(live)
    assert written(tmp_path).in_flight == 1
    assert (tmp_path / "spool.db-wal").stat().st_size == LOG_BYTES


def test_reading_without_a_spool_says_so(tmp_path: Path) -> None:
    with pytest.raises(SpoolError, match="has this agent ever run"), reading(tmp_path):
        pass


def test_ended_rows_are_forgotten_and_counters_are_not(tmp_path: Path) -> None:
    database = Database(tmp_path, FakeClock())
    with database.transaction() as tx:
        for number in range(20):
            ledger.select(tx, str(number), "gate")
            ledger.move(tx, str(number), ledger.dropped(DropReason.PAUSED), now_ms=number)
        ledger.select(tx, "open", "gate")
        ledger.forget(tx, now_ms=20, keep=5)
        left = {row[0] for row in tx.execute("SELECT id FROM observations")}
        assert left == {"14", "15", "16", "17", "18", "19", "open"}
        ledger.forget(tx, now_ms=ledger.REMEMBER_MS + 18, keep=5)
        assert {row[0] for row in tx.execute("SELECT id FROM observations")} == {"18", "19", "open"}
        gate = ledger.tally(tx)["gate"]
    assert (gate.selected, gate.dropped, gate.in_flight) == (21, {"paused": 20}, 1)
    assert gate.balanced
    database.close()
