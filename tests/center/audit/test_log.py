"""The audit as a chain: written by many at once, verified, signed, pruned, exported; and every way to bend it."""

import asyncio
import json
import multiprocessing
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, text

from center.audit import chain, exported
from center.audit.log import KEPT, MAX_DETAIL_BYTES, Audit, fitting
from center.audit.retention import DAY_MS, AuditKeeper
from center.database.store import Store
from center.errors import StoreUnavailableError
from center.retention import ReadClocks, Retention
from provisioning.signing.documents import SealKey
from tests.center.audit import writer
from tests.center.conftest import BOTH
from tests.support.fresh_store import fresh_store
from tests.support.steady import Following, Machine
from tests.support.waiting import within

NOON_MS = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1000)
NOW_MS = int(datetime.now(UTC).timestamp() * 1000)
"""The database keeps young entries by its own clock: what is to be pruned must be old by that."""
KeeperOf = Callable[..., AuditKeeper]
RetentionOf = Callable[[Store, ReadClocks], Retention]


class Clock:
    def __init__(self, now_ms: int = NOON_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


CAMERAS = [f"camera-{number:057}" for number in range(100)]
WHY = {"case_id": "C-7", "purpose": "a theft " + "x" * 490, "from_ms": NOON_MS, "to_ms": NOON_MS + 1}


def test_a_hundred_long_camera_ids_push_neither_purpose_nor_case_nor_span_out_of_an_entry(tmp_path: Path) -> None:
    store = fresh_store(tmp_path / "center.sqlite3")
    audit = Audit(store, Clock())
    audit.append("ana", "observations.search", {"camera_id": CAMERAS, **WHY})
    said = json.loads(audit.page(limit=100)[0].detail)
    assert {name: said[name] for name in WHY} == WHY
    assert said["camera_id"]["count"] == 100
    assert said["camera_id"]["first"] == CAMERAS[: len(said["camera_id"]["first"])]
    other = json.loads(fitting({"camera_id": [*CAMERAS[:-1], "another"], **WHY}))
    assert other["camera_id"]["sha256"] != said["camera_id"]["sha256"]
    assert len(audit.page(limit=100)[0].detail) <= MAX_DETAIL_BYTES
    store.close()


def test_what_fits_stands_in_an_entry_as_it_is() -> None:
    detail = {"camera_id": CAMERAS[:20], **WHY}
    assert json.loads(fitting(detail)) == detail


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3000),
    lambda inner: st.lists(inner, max_size=40) | st.dictionaries(st.text(max_size=300), inner, max_size=9),
    max_leaves=30,
)


@settings(max_examples=50)
@given(st.dictionaries(st.text(max_size=20), JSON, max_size=9), st.text(max_size=600))
def test_every_entry_is_whole_json_that_keeps_its_case_and_fits(detail: dict[str, object], case: str) -> None:
    text = fitting({**detail, "case": case})
    assert len(text) <= MAX_DETAIL_BYTES
    said = json.loads(text)
    assert case.startswith(said["case"])
    assert set(said) == {*detail, "case"} or set(said) <= {*KEPT, "shortened"}


@pytest.fixture
def audit_key(tmp_path: Path) -> SealKey:
    return SealKey.create(tmp_path / "audit.key")


@pytest.fixture
def retention_of(tmp_path: Path) -> RetentionOf:
    """Of one centre, which may be started again."""

    def made(store: Store, clocks: ReadClocks) -> Retention:
        return Retention(tmp_path, clocks, newest_ms=Audit(store, lambda: clocks().wall_ms).newest_at_ms)

    return made


@pytest.fixture
def keeper_of(retention_of: RetentionOf) -> KeeperOf:
    """A keeper that has been at work since this moment; time passes for it as the clock is turned."""

    def made(store: Store, clock: Clock, key: SealKey | None, *, keep_days: int = 180) -> AuditKeeper:
        retention = retention_of(store, Following(clock))
        retention.advance()
        keeper = AuditKeeper(
            store, Audit(store, clock), key=key, keep_days=keep_days, retention=retention, now_ms=clock
        )
        keeper.prune()
        return keeper

    return made


def _tamper(store: Store, *statements: str) -> None:
    """As somebody who owns the database: the triggers go first and come back after."""
    engine = store._engine
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            for table in ("audit", "audit_heads", "audit_state"):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            for statement in statements:
                connection.execute(text(statement))
            for table in ("audit", "audit_heads", "audit_state"):
                connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
            return
        triggers = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        for trigger in triggers:
            connection.execute(text(f"DROP TRIGGER {trigger.name}"))
        for statement in statements:
            connection.execute(text(statement))
        for trigger in triggers:
            connection.exec_driver_sql(trigger.sql)


@BOTH
def test_each_entry_holds_the_hash_of_the_one_before(store: Store) -> None:
    audit = Audit(store, Clock())
    for action in ("login", "observations.search", "logout"):
        audit.append("ada", action, {"东": 1})
    third, second, first = audit.page(limit=100)
    assert first.previous == chain.GENESIS
    assert (second.previous, third.previous) == (first.sha256, second.sha256)
    assert [entry.id for entry in (first, second, third)] == [1, 2, 3]
    assert audit.verify().text.startswith("Entries 1 to 3 are intact (3).")


@BOTH
def test_an_empty_audit_is_whole(store: Store) -> None:
    found = Audit(store, Clock()).verify()
    assert (found.broken, found.entries, found.text) == (None, 0, "The audit is empty.")


@BOTH
def test_threads_that_write_at_once_make_one_chain(store: Store) -> None:
    audit = Audit(store, Clock())
    faults: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for number in range(25):
                audit.append(name, "test", {"number": number})
        except BaseException as error:
            faults.append(error)
            raise

    threads = [threading.Thread(target=write, args=(f"thread-{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    found = audit.verify()
    assert (found.broken, found.entries, found.last) == (None, 150, 150)


@BOTH
def test_processes_that_write_at_once_make_one_chain(store: Store, database: Path | URL) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=writer.write, args=(database, f"process-{number}")) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    found = Audit(store, Clock()).verify()
    assert (found.broken, found.entries) == (None, 60)


@BOTH
def test_an_entry_stands_or_falls_with_what_it_is_about(store: Store) -> None:
    audit = Audit(store, Clock())
    audit.append("ada", "before", {})

    def fail_halfway() -> None:
        with store.transaction() as session:
            audit.add(session, "ada", "first", {})
            audit.add(session, "ada", "second", {})
            session.execute(text("INSERT INTO users (username) VALUES ('half')"))

    with pytest.raises(StoreUnavailableError):
        fail_halfway()
    with store.transaction() as session:
        audit.add(session, "ada", "third", {})
        audit.add(session, "ada", "fourth", {})
    assert [entry.action for entry in audit.page(limit=100)] == ["fourth", "third", "before"]
    assert audit.verify().broken is None


@BOTH
@pytest.mark.parametrize(
    ("statements", "number", "why"),
    [
        (("UPDATE audit SET detail = '{}' WHERE id = 3",), 3, "its content does not have its hash"),
        (("UPDATE audit SET actor = 'eve' WHERE id = 5",), 5, "its content does not have its hash"),
        (("UPDATE audit SET at_ms = at_ms + 1 WHERE id = 1",), 1, "its content does not have its hash"),
        (("DELETE FROM audit WHERE id = 2",), 3, "those between are gone"),
        (("DELETE FROM audit WHERE id <= 2",), 3, "entries before it are gone"),
        (("DELETE FROM audit WHERE id = 5",), 5, "are gone"),
        (("DELETE FROM audit",), 1, "are gone"),
        (
            ("DELETE FROM audit WHERE id = 5", "UPDATE audit_state SET number = 4"),
            4,
            "names entry 4 as the newest, of another hash",
        ),
        (("UPDATE audit SET previous = sha256 WHERE id = 4",), 4, "does not hold the hash of entry 3"),
    ],
)
def test_the_first_broken_entry_is_named(store: Store, statements: tuple[str, ...], number: int, why: str) -> None:
    audit = Audit(store, Clock())
    for _ in range(5):
        audit.append("ada", "login", {"source": "192.0.2.7"})
    _tamper(store, *statements)
    broken = audit.verify().broken
    assert broken is not None
    assert broken.number == number
    assert why in broken.why


@BOTH
def test_a_day_that_is_over_gets_a_signed_head_once(store: Store, audit_key: SealKey, keeper_of: KeeperOf) -> None:
    clock = Clock()
    audit, keeper = Audit(store, clock), keeper_of(store, clock, audit_key)
    audit.append("ada", "login", {})
    assert keeper.close_day() is None
    clock.now_ms += DAY_MS
    audit.append("ada", "login", {})
    head = keeper.close_day()
    assert head is not None
    assert (head.day, head.number, head.key) == ("2026-03-01", 1, audit_key.seal.key)
    assert keeper.close_day() is None
    found = audit.verify(keeper.trusted)
    assert (found.broken, found.signed_to, found.heads, found.unsigned_heads) == (None, 1, 1, 0)
    assert audit.verify().signed_to == 0


@BOTH
def test_without_a_key_the_head_is_there_and_says_that_it_is_unsigned(store: Store, keeper_of: KeeperOf) -> None:
    clock = Clock()
    audit, keeper = Audit(store, clock), keeper_of(store, clock, None)
    audit.append("ada", "login", {})
    clock.now_ms += 3 * DAY_MS
    head = keeper.close_day()
    assert head is not None
    assert (head.day, head.signature) == ("2026-03-03", "")
    found = audit.verify()
    assert (found.broken, found.signed_to, found.unsigned_heads) == (None, 0, 1)
    assert "anyone with write access to the database could have rewritten them" in found.text


def _rewritten(store: Store, clock: Callable[[], int]) -> tuple[str, ...]:
    """Statements that make the whole chain anew, with another actor in entry 1: consistent in itself."""
    rows = sorted(Audit(store, clock).page(limit=100), key=lambda entry: entry.id)
    previous, statements = chain.GENESIS, []
    for row in rows:
        actor = "eve" if row.id == 1 else row.actor
        sha256 = chain.entry_sha256(row.id, row.at_ms, actor, row.action, row.detail, previous)
        statements.append(
            f"UPDATE audit SET actor = '{actor}', previous = '{previous}', sha256 = '{sha256}' WHERE id = {row.id}"
        )
        previous = sha256
    return (*statements, f"UPDATE audit_state SET sha256 = '{previous}'")


@BOTH
def test_a_chain_made_anew_does_not_fit_its_signed_head(store: Store, audit_key: SealKey, keeper_of: KeeperOf) -> None:
    clock = Clock()
    audit, keeper = Audit(store, clock), keeper_of(store, clock, audit_key)
    for _ in range(3):
        audit.append("ada", "login", {})
    clock.now_ms += DAY_MS
    assert keeper.close_day() is not None
    audit.append("ada", "logout", {})
    _tamper(store, *_rewritten(store, clock))
    broken = audit.verify(keeper.trusted).broken
    assert broken is not None
    assert (broken.number, "the head of 2026-03-01 names another hash" in broken.why) == (3, True)
    newest = next(entry for entry in audit.page(limit=100) if entry.id == 3)
    _tamper(store, f"UPDATE audit_heads SET sha256 = '{newest.sha256}'")
    broken = audit.verify(keeper.trusted).broken
    assert broken is not None
    assert (broken.number, "is forged" in broken.why) == (3, True)


@BOTH
def test_a_head_of_another_key_is_not_believed(
    store: Store, audit_key: SealKey, tmp_path: Path, keeper_of: KeeperOf
) -> None:
    clock = Clock()
    audit = Audit(store, clock)
    audit.append("ada", "login", {})
    clock.now_ms += DAY_MS
    assert keeper_of(store, clock, SealKey.create(tmp_path / "eve.key")).close_day() is not None
    broken = audit.verify((audit_key.seal.key,)).broken
    assert broken is not None
    assert "which is not trusted here" in broken.why


@BOTH
def test_without_its_last_entries_the_chain_ends_before_its_head(
    store: Store, audit_key: SealKey, keeper_of: KeeperOf
) -> None:
    clock = Clock()
    audit, keeper = Audit(store, clock), keeper_of(store, clock, audit_key)
    for _ in range(4):
        audit.append("ada", "login", {})
    clock.now_ms += DAY_MS
    assert keeper.close_day() is not None
    second = next(entry for entry in audit.page(limit=100) if entry.id == 2)
    _tamper(store, "DELETE FROM audit WHERE id > 2", f"UPDATE audit_state SET number = 2, sha256 = '{second.sha256}'")
    broken = audit.verify(keeper.trusted).broken
    assert broken is not None
    assert (broken.number, "up to entry 4" in broken.why) == (3, True)


@BOTH
def test_pruning_keeps_what_is_left_verifiable(store: Store, audit_key: SealKey, keeper_of: KeeperOf) -> None:
    clock = Clock(NOW_MS - 200 * DAY_MS)
    audit, keeper = Audit(store, clock), keeper_of(store, clock, audit_key)
    for _ in range(10):
        audit.append("ada", "login", {})
        clock.now_ms += DAY_MS
        keeper.close_and_prune()
    assert len(audit.page(limit=100)) == 10
    clock.now_ms = NOW_MS - 15 * DAY_MS
    assert keeper.prune() > 0
    left = audit.page(limit=100)
    assert left[0].action == "audit.pruned"
    assert left[-1].id > 1
    pruned_to = json.loads(left[0].detail)["to"]
    assert left[-1].id == pruned_to + 1
    found = audit.verify(keeper.trusted)
    assert (found.broken, found.first, found.signed_to >= pruned_to) == (None, pruned_to + 1, True)
    assert keeper.prune() == 0
    _tamper(store, f"DELETE FROM audit WHERE id = {pruned_to + 1}")
    broken = audit.verify(keeper.trusted).broken
    assert broken is not None
    assert (broken.number, "no pruning took it" in broken.why) == (pruned_to + 1, True)


@BOTH
def test_the_database_keeps_young_entries_whatever_the_centre_says(
    store: Store, audit_key: SealKey, keeper_of: KeeperOf
) -> None:
    clock = Clock(NOW_MS - 100 * DAY_MS)
    audit, keeper = Audit(store, clock), keeper_of(store, clock, audit_key)
    audit.append("ada", "login", {})
    clock.now_ms += DAY_MS
    keeper.close_day()
    clock.now_ms += 400 * DAY_MS
    with pytest.raises(StoreUnavailableError, match="kept 180 days"):
        keeper.prune()
    assert [entry.action for entry in audit.page(limit=100)] == ["login"]


@BOTH
def test_an_unsigned_head_is_no_anchor_where_there_is_a_key(
    store: Store, audit_key: SealKey, keeper_of: KeeperOf
) -> None:
    clock = Clock(NOW_MS - 300 * DAY_MS)
    audit = Audit(store, clock)
    audit.append("ada", "login", {})
    clock.now_ms += DAY_MS
    unsigning, signing = keeper_of(store, clock, None), keeper_of(store, clock, audit_key)
    unsigning.close_day()
    clock.now_ms = NOW_MS
    assert signing.prune() == 0
    assert unsigning.prune() == 1


@BOTH
def test_an_export_is_verified_without_the_database(store: Store, audit_key: SealKey, keeper_of: KeeperOf) -> None:
    clock = Clock()
    audit, keeper = Audit(store, clock), keeper_of(store, clock, audit_key)
    audit.append("ada", "login", {"who": "东区 \N{SNOWMAN}"})
    clock.now_ms += DAY_MS
    keeper.close_day()
    audit.append("ada", "logout", {})
    lines = list(audit.export())
    found = exported.verify(lines, keeper.trusted)
    assert found == audit.verify(keeper.trusted)
    assert (found.broken, found.entries, found.signed_to) == (None, 2, 1)
    bent = [line.replace('"logout"', '"login"') for line in lines]
    broken = exported.verify(bent, keeper.trusted).broken
    assert broken is not None
    assert broken.number == 2
    broken = exported.verify(lines[:-1], keeper.trusted).broken
    assert broken is not None
    assert broken.number == 2


@pytest.mark.anyio
async def test_a_keeper_whose_database_is_away_says_so_and_tries_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "empty.sqlite3")
    clock = Clock()
    retention = Retention(tmp_path, Following(clock), newest_ms=lambda: None)
    keeper = AuditKeeper(
        store, Audit(store, clock), key=None, keep_days=180, retention=retention, now_ms=clock, every_s=0.01
    )
    task = asyncio.create_task(keeper.loop.run())
    async with within():
        while keeper.fault is None:  # noqa: ASYNC110 - the keeper tells nobody
            await asyncio.sleep(0.01)
        assert "no such table" in keeper.fault.text()
        store.migrate()
        while keeper.fault is not None:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    store.close()


def _at_work(machine: Machine, store: Store, retention_of: RetentionOf) -> tuple[Audit, AuditKeeper]:
    def clock() -> int:
        return machine.now().wall_ms

    retention = retention_of(store, machine.now)
    retention.advance()
    audit = Audit(store, clock)
    return audit, AuditKeeper(store, audit, key=None, keep_days=180, retention=retention, now_ms=clock)


@BOTH
def test_a_clock_that_is_a_year_ahead_takes_no_entry(store: Store, retention_of: RetentionOf) -> None:
    machine = Machine(NOW_MS - 400 * DAY_MS)  # so that the database's own guard, by the true clock, keeps none of them
    audit, keeper = _at_work(machine, store, retention_of)
    for _ in range(3):
        audit.append("ada", "login", {})
        machine.pass_ms(DAY_MS)
        keeper.close_and_prune()
    machine.skew_ms = 365 * DAY_MS
    for _ in range(3):
        machine.pass_ms(60_000)
        keeper.close_and_prune()
    assert [entry.action for entry in audit.page(limit=100)] == ["login"] * 3
    machine.skew_ms = 0
    machine.pass_ms(190 * DAY_MS)
    assert keeper.prune() > 0


@BOTH
def test_entries_of_a_clock_that_was_set_back_are_kept_180_days_too(store: Store, retention_of: RetentionOf) -> None:
    machine = Machine(NOW_MS - 400 * DAY_MS)
    audit, keeper = _at_work(machine, store, retention_of)
    audit.append("ada", "login", {})
    machine.pass_ms(DAY_MS)
    keeper.close_and_prune()
    machine.skew_ms = -3000 * DAY_MS
    audit.append("eve", "login", {})
    machine.pass_ms(DAY_MS)
    keeper.close_and_prune()  # a head by that clock
    machine.skew_ms = 0
    for _ in range(178):
        machine.pass_ms(DAY_MS)
        keeper.close_and_prune()
    assert {entry.actor for entry in audit.page(limit=1000)} >= {"eve"}
    for _ in range(5):
        machine.pass_ms(DAY_MS)
        keeper.close_and_prune()
    assert "eve" not in {entry.actor for entry in audit.page(limit=1000)}
    assert audit.verify().broken is None
