"""The spool asked for an impossible step, with more in it than it should hold, and with three days' backlog."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edge_agent.errors import DropReason, IllegalMove
from edge_agent.spool import ledger, quarantine
from edge_agent.spool.database import reading
from edge_agent.spool.spool import Spool
from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.wire.messages import Rejected
from tests.edge_agent.spooling import dies, keep, open_spool
from tests.edge_agent.world import EPOCH_MS, FakeClock, frame, jpeg_of, redacted


def test_the_ledger_is_readable_while_the_agent_runs_and_after_a_kill(tmp_path: Path) -> None:
    def live() -> None:
        spool = open_spool(tmp_path)
        keep(spool, 0)
        spool.select(frame(1).observation_id, "gate")
        with reading(tmp_path) as db:
            assert ledger.tally(db)["gate"].in_flight == 2

    dies(live)
    with reading(tmp_path) as db:
        assert ledger.tally(db)["gate"].in_flight == 2
    spool = open_spool(tmp_path)
    assert spool.interrupted == 1
    assert spool.messages == 1
    assert spool.select(frame(1).observation_id, "gate")  # what was interrupted may come again
    assert not spool.select(frame(0).observation_id, "gate")
    gate = spool.ledgers()["gate"]
    assert gate.dropped == {"duplicate": 1, "interrupted": 1}
    assert gate.balanced
    spool.close()


def test_an_impossible_step_is_an_error_and_changes_nothing(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    keep(spool, 0)
    with pytest.raises(IllegalMove, match="unknown cannot become spooled"):
        spool.append(redacted(frame(7), jpeg_of(100)))
    assert spool.messages == 1
    assert spool.ledgers()["gate"].balanced
    spool.close()


def test_a_drop_that_cannot_be_is_an_error_and_poisons_nothing(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    item = keep(spool, 0)
    for number in (0, 7):  # spooled already; never seen
        with pytest.raises(IllegalMove, match="not in the pipeline"):
            spool.drop(frame(number).observation_id, DropReason.PAUSED)
    keep(spool, 1)
    assert len(spool.confirm([item])[0]) == 1
    assert spool.ledgers()["gate"].balanced
    spool.close()


def test_what_exceeds_the_contract_is_dropped_by_name(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    look = frame(0)
    spool.select(look.observation_id, look.camera_id)
    with pytest.raises(ContractError, match="limit"):
        spool.append(redacted(look, jpeg_of(9 * 1024 * 1024)))
    assert spool.ledgers()["gate"].dropped == {DropReason.TOO_LARGE: 1}
    spool.close()


def test_quarantine_is_bounded_and_lists_why(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, quarantine_max_bytes=50_000)
    for number, size in enumerate([20_000, 20_000, 20_000, 60_000]):
        item = keep(spool, number, size)
        rejected = Rejected(message_sha256=item.message_sha256, reason=RejectReason.NOT_JPEG, detail=f"no {number}")
        assert spool.reject(rejected) is not None
    assert spool.messages == 0
    with reading(tmp_path) as db:
        rows = quarantine.listing(db)
    # The last one does not fit at all and keeps its reason only; of the others the oldest had to go.
    assert [row.detail for row in rows] == ["no 3", "no 2", "no 1"]
    assert rows[0].payload_bytes == 0
    assert spool.ledgers()["gate"].rejected == 4
    assert spool.quarantined() == 3
    spool.close()


def test_quarantine_is_bounded_by_rows_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "MAX_ROWS", 3)
    spool = open_spool(tmp_path)
    for number in range(5):
        item = keep(spool, number)
        spool.reject(Rejected(message_sha256=item.message_sha256, reason=RejectReason.NOT_JPEG, detail=f"no {number}"))
    with reading(tmp_path) as db:
        assert [row.detail for row in quarantine.listing(db)] == ["no 4", "no 3", "no 2"]
    spool.close()


def test_a_lowered_bound_is_reached_without_one_endless_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.spool.spool._CHUNK", 20)
    spool = open_spool(tmp_path)
    kept = [keep(spool, number, 40_000) for number in range(60)]
    spool.close()
    spool = open_spool(tmp_path, max_bytes=1024 * 1024)
    commits: list[str] = []
    spool._database._connection.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    keep(spool, 300, 40_000)
    assert len(commits) == 3  # one to select, one that evicts a chunk, one that evicts the rest and appends
    assert 0 <= 1024 * 1024 - spool.payload_bytes < 41_000
    gate = spool.ledgers()["gate"]
    assert gate.dropped == {"spool_full": 61 - spool.messages}
    assert gate.balanced
    assert spool.confirm(kept)[1] == gate.dropped["spool_full"]
    spool.close()


def test_what_is_over_age_goes_in_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_agent.spool.spool.DROP_AT_MOST", 4)
    monkeypatch.setattr("edge_agent.spool.spool._CHUNK", 2)
    clock = FakeClock()
    spool = open_spool(tmp_path, clock, max_age_h=1)
    for number in range(7):
        keep(spool, number)
    clock.pass_s(3601)
    keep(spool, 8)
    assert [spool.maintain(), spool.maintain(), spool.maintain()] == [4, 3, 0]
    assert spool.messages == 1
    assert spool.ledgers()["gate"].dropped == {"spool_expired": 7}
    spool.close()


def _steps(spool: Spool, work: Callable[[], object]) -> int:
    """What SQLite does for it, in instructions of its virtual machine: the same on every machine."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    spool._database._connection.set_progress_handler(step, 1)
    work()
    spool._database._connection.set_progress_handler(None, 0)
    return count


@pytest.mark.parametrize("what", ["next", "held", "all held", "maintain", "ledgers", "append"])
def test_three_days_of_backlog_cost_no_more_to_look_into_than_an_hour_of_it(tmp_path: Path, what: str) -> None:
    spool = open_spool(tmp_path)
    for camera_id in ("gate", "yard", "lane"):
        keep(spool, 0, camera_id=camera_id)
    works: dict[str, Callable[[], object]] = {
        "next": lambda: next_unsent(spool, frozenset(range(spool.messages - 60, spool.messages + 10))),
        "held": lambda: next_unsent(spool, frozenset(), "gate", "yard"),
        "all held": lambda: next_unsent(spool, frozenset(), "gate", "yard", "lane"),
        "maintain": spool.maintain,
        "ledgers": spool.ledgers,
        "append": lambda: keep(spool, 50_000 + spool.messages),
    }
    few, many = [backlog_and_steps(spool, rows, works[what]) for rows in (300, 20_000)]
    assert few > 0
    assert many <= 1.1 * few
    spool.close()


def backlog_and_steps(spool: Spool, rows: int, work: Callable[[], object]) -> int:
    """With so many rows waiting, what SQLite does for `work`: instructions of its machine, the same on every other."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    lay_down(spool, rows)
    work()
    spool._database._connection.set_progress_handler(step, 1)
    work()
    spool._database._connection.set_progress_handler(None, 0)
    return count


def next_unsent(spool: Spool, in_flight: frozenset[int], *held: str) -> object:
    return spool.next_unsent(in_flight, held, max_messages=4, max_bytes=10**6)


def lay_down(spool: Spool, rows: int) -> None:
    """A backlog of two cameras, in one transaction: `Spool` itself would take an fsync for each."""
    names = [(f"{number:032x}", ("gate", "yard")[number % 2]) for number in range(spool.messages, rows)]
    messages = [(name, camera_id, name, EPOCH_MS) for name, camera_id in names]
    with spool._writing(adds_bytes=20_000_000) as tx:
        tx.executemany("INSERT INTO observations VALUES (?, ?, 'spooled', NULL)", names)
        tx.executemany(
            "INSERT INTO messages (id, camera, sha256, spooled_at_ms, size, payload)"
            " VALUES (?, ?, ?, ?, 100, zeroblob(100))",
            messages,
        )
        spool._sums.messages = rows
