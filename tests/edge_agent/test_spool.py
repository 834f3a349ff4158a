"""The spool where the disk is not: full, damaged, taken, or asked for an impossible step."""

import logging
import multiprocessing
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent import ledger, quarantine
from edge_agent.database import Database, reading
from edge_agent.errors import DropReason, IllegalMove, SpoolError, SpoolFull, SpoolLocked
from edge_agent.spool import RESERVE_BYTES, Spool
from provisioning.contracts import codec, config
from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.messages import ArchivedItem, PictureState, Rejected
from tests.edge_agent.world import EPOCH_MS, FakeClock, frame, jpeg_of, redacted


def open_spool(folder: Path, **limits: object) -> Spool:
    return Spool(config.Spool.model_validate({"directory": folder, **limits}), FakeClock())


def keep(spool: Spool, number: int, size: int = 1000) -> ArchivedItem:
    """Select and append; returns the acknowledgement that the archive would send."""
    look = frame(number)
    assert spool.select(look.observation_id, look.camera_id)
    picture = redacted(look, jpeg_of(size))
    spool.append(picture)
    digest = codec.message_sha256(codec.encode_snapshot(picture.snapshot, picture.picture))
    return ArchivedItem(observation_id=look.observation_id, message_sha256=digest, picture=PictureState.KEPT)


def keep_until_full(spool: Spool, size: int, kept: list[ArchivedItem]) -> None:
    kept.extend(keep(spool, number, size) for number in range(1, 1000))


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        for _ in range(1000):
            file.write(bytes(1024 * 1024))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs a little larger than the reserve."""
    if os.geteuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    size = RESERVE_BYTES + 4 * 1024 * 1024
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(tmp_path)], check=False)
    if mounted.returncode != 0:
        pytest.skip("no right to mount a tmpfs here")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def test_a_full_disk_costs_the_picture_at_hand_and_heals_by_itself(small_disk: Path) -> None:
    spool = open_spool(small_disk)
    first = keep(spool, 0)
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space"):
        fill(ballast)
    with pytest.raises(SpoolFull, match="disk"):
        keep_until_full(spool, 300_000, [])
    gate = spool.ledgers()["gate"]
    assert gate.balanced
    assert gate.dropped == {"disk_full": 1}

    ballast.unlink()
    keep(spool, 200)
    assert spool.confirm([first])[0] != []
    spool.close()
    with reading(small_disk) as db:
        after = ledger.tally(db)["gate"]
    assert after.balanced
    assert after.dropped == {"disk_full": 1}
    assert after.archived == 1


def test_acknowledgements_still_delete_inside_the_reserve(small_disk: Path) -> None:
    spool = open_spool(small_disk)
    kept: list[ArchivedItem] = []
    with pytest.raises(SpoolFull, match="reserve"):
        keep_until_full(spool, 200_000, kept)
    assert len(kept) > 3
    confirmed, ignored = spool.confirm(kept)
    assert (len(confirmed), ignored) == (len(kept), 0)
    spool.close()


def test_sqlite_out_of_room_drops_by_name_without_writing(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    keep(spool, 0)
    database = spool._database._connection
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count={pages + 2}")
    for number in range(1, 4):
        with pytest.raises(SpoolFull, match="max_bytes"):
            keep(spool, number, 100_000)
    assert spool.messages == 1
    gate = spool.ledgers()["gate"]
    assert (gate.selected, gate.spooled, gate.in_flight, gate.dropped) == (4, 1, 1, {"disk_full": 3})
    assert gate.balanced
    database.execute("PRAGMA max_page_count=1000000")
    keep(spool, 9, 100_000)
    assert spool.ledgers()["gate"].dropped == {"disk_full": 3}
    spool.close()


def test_selecting_on_a_full_disk_is_counted_in_memory_and_written_later(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    keep(spool, 0)
    database = spool._database._connection
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count={pages}")
    full = 0
    for number in range(1, 500):
        try:
            spool.select(frame(number).observation_id, "gate")
        except SpoolFull:
            full += 1
    assert full > 0
    assert spool.ledgers()["gate"].dropped == {"disk_full": full}
    database.execute("PRAGMA max_page_count=1000000")
    spool.tend()
    with reading(tmp_path) as db:
        gate = ledger.tally(db)["gate"]
    assert (gate.selected, gate.dropped) == (500, {"disk_full": full})
    assert gate.balanced
    spool.close()


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


def test_a_file_of_another_version_is_left_alone(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    spool._database._connection.execute("PRAGMA user_version=99")
    spool.close()
    with pytest.raises(SpoolError, match="another version"):
        open_spool(tmp_path)
    with pytest.raises(SpoolError, match="another version"):  # and the lock was let go
        open_spool(tmp_path)


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


def test_the_ledger_is_readable_while_the_agent_runs_and_after_a_kill(tmp_path: Path) -> None:
    def live_and_die() -> None:
        spool = open_spool(tmp_path)
        keep(spool, 0)
        spool.select(frame(1).observation_id, "gate")
        with reading(tmp_path) as db:
            assert ledger.tally(db)["gate"].in_flight == 2
        os._exit(9)

    child = multiprocessing.get_context("fork").Process(target=live_and_die)
    child.start()
    child.join()
    assert child.exitcode == 9
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


def test_reading_without_a_spool_says_so(tmp_path: Path) -> None:
    with pytest.raises(SpoolError, match="has this agent ever run"), reading(tmp_path):
        pass


def test_an_impossible_step_is_an_error_and_changes_nothing(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    keep(spool, 0)
    with pytest.raises(IllegalMove, match="unknown cannot become spooled"):
        spool.append(redacted(frame(7), jpeg_of(100)))
    assert spool.messages == 1
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


def test_ended_rows_are_forgotten_and_counters_are_not(tmp_path: Path) -> None:
    database = Database(tmp_path, now_ms=0)
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
