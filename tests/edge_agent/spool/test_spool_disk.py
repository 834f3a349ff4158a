"""A disk without room: somebody else filled it, to the last byte, and the spool goes on in what it has."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.errors import SpoolFull
from edge_agent.spool.database import LOG_BYTES, STEP_BYTES
from edge_agent.spool.spool import RESERVE_BYTES, Spool
from provisioning.contracts.wire.messages import ArchivedItem
from tests.edge_agent.spooling import dies, fill, keep, open_spool, written
from tests.edge_agent.world import frame

SIZE = 200_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs with room for a few steps of the file beyond the reserves."""
    if os.geteuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    size = RESERVE_BYTES + LOG_BYTES + 3 * STEP_BYTES + 1024 * 1024
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(tmp_path)], check=False)
    if mounted.returncode != 0:
        pytest.skip("no right to mount a tmpfs here")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def keep_until_full(spool: Spool, kept: list[ArchivedItem]) -> None:
    kept.extend(keep(spool, number, SIZE) for number in range(1, 1000))


def free_bytes(folder: Path) -> int:
    stat = os.statvfs(folder)
    return stat.f_bavail * stat.f_frsize


def test_a_full_disk_costs_the_picture_at_hand_and_heals_by_itself(small_disk: Path) -> None:
    spool = open_spool(small_disk)
    first = keep(spool, 0)
    ballast = small_disk / "ballast"
    fill(ballast)
    kept: list[ArchivedItem] = []
    with pytest.raises(SpoolFull, match="reserve"):
        keep_until_full(spool, kept)
    gate = spool.ledgers()["gate"]
    assert gate.balanced
    assert gate.dropped == {"disk_full": 1}
    assert written(small_disk) == gate

    ballast.unlink()
    keep(spool, 2000, SIZE)
    assert spool.confirm([first])[0] != []
    spool.close()
    after = written(small_disk)
    assert after.balanced
    assert after.dropped == {"disk_full": 1}
    assert after.archived == 1


def test_what_was_archived_makes_room_for_what_comes_though_the_disk_has_none(small_disk: Path) -> None:
    """The file never shrinks, so what it holds free must count as room; and none of this takes a byte of the disk."""
    spool = open_spool(small_disk)
    kept: list[ArchivedItem] = []
    with pytest.raises(SpoolFull):
        keep_until_full(spool, kept)
    assert len(kept) > 3
    fill(small_disk / "ballast")
    number = 2000
    for _ in range(20):  # several times what the log holds
        confirmed, ignored = spool.confirm(kept)
        assert (len(confirmed), ignored) == (len(kept), 0)
        kept = [keep(spool, number + count, SIZE) for count in range(20)]
        number += 100
    assert free_bytes(small_disk) == 0
    assert spool.ledgers()["gate"].dropped == {"disk_full": 1}
    spool.close()


def test_the_reserve_is_left_alone(small_disk: Path) -> None:
    spool = open_spool(small_disk)
    with pytest.raises(SpoolFull):
        keep_until_full(spool, [])
    for number in range(2000, 2100):
        with pytest.raises(SpoolFull):
            keep(spool, number, SIZE)
    assert free_bytes(small_disk) >= RESERVE_BYTES
    assert written(small_disk).dropped == {"disk_full": 101}
    spool.close()


@pytest.mark.parametrize("moment", [1, 18, 19, 20, 38, 39])
def test_a_disk_that_fills_at_any_moment_stops_no_acknowledgement(small_disk: Path, moment: int) -> None:
    """Not even where the log still owes the file what it just grew by: it could never be folded in."""
    spool = open_spool(small_disk)
    kept = [keep(spool, number, SIZE) for number in range(moment)]
    fill(small_disk / "ballast")
    for _ in range(1700):  # twice what the log holds
        spool.maintain()
    for item in kept:
        assert len(spool.confirm([item])[0]) == 1
    spool.close()


def test_drops_on_a_full_disk_are_counted_over_a_kill(small_disk: Path) -> None:
    ballast = small_disk / "ballast"

    def live() -> None:
        spool = open_spool(small_disk)
        keep(spool, 0)
        fill(ballast)
        for number in range(1, 300):
            try:
                keep(spool, number, SIZE)
            except SpoolFull:
                continue
        assert spool.ledgers()["gate"].selected == 300

    dies(live)
    assert written(small_disk).selected == 300
    spool = open_spool(small_disk)  # with no byte free still
    gate = spool.ledgers()["gate"]
    assert gate.balanced
    assert gate.selected == 300
    assert gate.spooled + gate.dropped["disk_full"] + gate.dropped.get("interrupted", 0) == 300
    assert gate.dropped["disk_full"] > 250
    ballast.unlink()
    spool.maintain()
    keep(spool, 3000, SIZE)
    spool.close()


def test_the_last_pages_are_for_counts_and_acknowledgements(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    kept = [keep(spool, number, SIZE) for number in range(3)]
    spool._database.free_bytes = lambda: 0  # type: ignore[method-assign] # as far as the spool can tell
    full = 0
    for number in range(3, 200):
        try:
            keep(spool, number, SIZE)
        except SpoolFull:
            full += 1
    gate = written(tmp_path)
    assert full > 100
    assert (gate.selected, gate.in_flight, gate.dropped) == (200, 200 - full, {"disk_full": full})
    assert len(spool.confirm(kept)[0]) == 3
    keep(spool, 300, SIZE)  # where those were

    spool._database.free_bytes = lambda: 10**9  # type: ignore[method-assign]
    keep(spool, 301, 5 * SIZE)
    spool.close()


def test_beyond_the_last_pages_counts_wait_in_memory_and_the_file_has_not_grown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.spool.database.STEP_BYTES", 16 * 1024)
    monkeypatch.setattr("edge_agent.spool.database._LAST_BYTES", 16 * 1024)
    spool = open_spool(tmp_path)
    keep(spool, 0)
    pages = spool._database._connection.execute("PRAGMA page_count").fetchone()
    spool._database.free_bytes = lambda: 0  # type: ignore[method-assign]
    full = 0
    for number in range(300):
        try:  # each camera wants counters of its own
            spool.select(frame(number, camera_id=f"camera-{number}").observation_id, f"camera-{number}")
        except SpoolFull:
            full += 1
    on_disk = written(tmp_path).dropped["disk_full"]
    assert 50 < on_disk < full
    assert sum(each.dropped.get("disk_full", 0) for each in spool.ledgers().values()) == full
    assert spool._database._connection.execute("PRAGMA page_count").fetchone() == pages
    spool._database.free_bytes = lambda: 10**9  # type: ignore[method-assign]
    spool.maintain()
    spool.maintain()  # the first finds the pages, the second uses them
    assert written(tmp_path).dropped == {"disk_full": full}
    spool.close()


def test_the_largest_message_finds_its_pages_in_one_step(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    before = (tmp_path / "spool.db").stat().st_size
    keep(spool, 0, 8_000_000)
    assert (tmp_path / "spool.db").stat().st_size - before < 8_000_000 + STEP_BYTES
    keep(spool, 1)
    spool.close()


def test_a_step_that_a_kill_cut_short_is_room_all_the_same(tmp_path: Path) -> None:
    def live() -> None:
        spool = open_spool(tmp_path)
        spool._database._connection.execute("PRAGMA max_page_count=1000000").fetchall()
        spool._database._connection.execute("INSERT INTO growth VALUES (zeroblob(?))", (STEP_BYTES,))

    dies(live)
    spool = open_spool(tmp_path)
    assert spool._database._connection.execute("SELECT COUNT(*) FROM growth").fetchone() == (0,)
    (free,) = spool._database._connection.execute("PRAGMA freelist_count").fetchone()
    assert free * 4096 >= STEP_BYTES
    spool.close()


def test_without_any_room_at_all_the_counts_wait_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = open_spool(tmp_path)
    keep(spool, 0)

    def none(*, adds_bytes: int | None = None) -> None:
        raise SpoolFull("for the test")

    monkeypatch.setattr(spool._database, "transaction", none)
    for number in range(1, 6):
        with pytest.raises(SpoolFull):
            spool.select(frame(number).observation_id, "gate")
    assert spool.ledgers()["gate"].dropped == {"disk_full": 5}
    assert written(tmp_path).dropped == {}
    monkeypatch.undo()
    spool.maintain()
    assert written(tmp_path).dropped == {"disk_full": 5}
    assert written(tmp_path).balanced
    spool.close()
