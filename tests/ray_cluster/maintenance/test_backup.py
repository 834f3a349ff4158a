"""A backup is an archive, consistent while commits go on; a restore brings everything back, and nothing erased."""

import threading
from pathlib import Path

import pytest

from ray_cluster.archive.archiver import HOUSEKEEPING_MS
from ray_cluster.archive.hold_store import Hold
from ray_cluster.archive.lance_tables import connect
from ray_cluster.errors import BackupFailed, PictureErased
from ray_cluster.maintenance import backup as module
from ray_cluster.maintenance.backup import MARK, back_up, restore
from ray_cluster.maintenance.erasure import erase
from ray_cluster.maintenance.holds import Holds
from ray_cluster.query.reader import Query
from tests.ray_cluster.world import (
    BIKE,
    CAR,
    DAY_MS,
    NOW_MS,
    OFFSET_MINUTES,
    RETENTION_DAYS,
    archiver,
    entry,
    look,
    query,
    upkeep,
)
from tests.support.steady import together


def fill(directory: Path, first: int, count: int) -> None:
    writer = archiver(directory)
    for start in range(first, first + count, 5):
        batch = [
            entry(n, at_ms=NOW_MS - n % 2 * DAY_MS, machines=(CAR, BIKE), appearances=(look(n), look(n + 1)))
            for n in range(start, start + 5)
        ]
        writer.commit(batch, now_ms=NOW_MS)


def key(n: int) -> str:
    return entry(n, at_ms=NOW_MS - n % 2 * DAY_MS).row_key


def whole(read: Query) -> int:
    """Every row that is there has its machines and its picture; how many."""
    rows = 0
    after = 0
    while items := (page := read.commits(after=after, limit=500)).items:
        after = page.last_commit_seq
        for item in items:
            assert len(item.machines) == 2
            assert read.picture_of(item.snapshot)
            rows += 1
    return rows


def test_back_and_forth(tmp_path: Path) -> None:
    live, target, anew = tmp_path / "live", tmp_path / "backup", tmp_path / "anew"
    fill(live, 0, 20)
    upkeep(live).run_once(now_ms=NOW_MS)
    first = back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    assert first.days == 2
    assert whole(query(target)) == 20
    assert back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS).files == 0

    fill(live, 20, 10)
    second = back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    assert 0 < second.bytes < first.bytes
    assert whole(query(target)) == 30

    assert restore(target, anew, offset_minutes=OFFSET_MINUTES).days == 2
    assert whole(query(anew)) == 30
    assert query(anew).status() == query(live).status().model_copy(update={"upkeep": None, "alarms": ()})
    writer = archiver(anew)
    assert [r.fresh for r in writer.commit([entry(2, at_ms=NOW_MS), entry(99)], now_ms=NOW_MS)] == [False, True]
    assert query(anew).status().last_commit_seq > query(live).status().last_commit_seq
    assert connect(live).open_table("objects_20261124").tags.list() == {}


def test_retention_erasures_and_holds_reach_the_backup(tmp_path: Path) -> None:
    live, target = tmp_path / "live", tmp_path / "backup"
    fill(live, 0, 10)
    back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    erase(live, key(2), offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS, reason="x")
    hold = Hold(name="h", case="c", placed_at_ms=NOW_MS, until_ms=NOW_MS + 99 * DAY_MS, row_keys=(key(3),))
    Holds(live, offset_minutes=OFFSET_MINUTES).place(hold)
    assert back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS).erased == 1
    assert not any(entry(2).jpeg in path.read_bytes() for path in target.rglob("*.pack"))
    with pytest.raises(PictureErased):
        query(target).picture(key(2))

    past_ms = NOW_MS + RETENTION_DAYS * DAY_MS
    archiver(live, now_ms=past_ms).maintain(now=together(past_ms + HOUSEKEEPING_MS))
    back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=past_ms)
    assert query(target).days() == query(live).days() == ("20261124",)
    assert [folder.name for folder in (target / "packs").iterdir()] == ["20261124"]
    assert query(target).picture(key(3)) == entry(3).jpeg
    Holds(live, offset_minutes=OFFSET_MINUTES).release("h")
    back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=past_ms)
    assert not list(target.rglob("*.jpg"))


def test_what_was_erased_after_the_backup_stays_erased_where_the_list_survived(tmp_path: Path) -> None:
    live, target = tmp_path / "live", tmp_path / "backup"
    fill(live, 0, 10)
    back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    erase(live, key(4), offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS, reason="x")
    done = restore(target, tmp_path / "anew", offset_minutes=OFFSET_MINUTES, erasures=live)
    assert done.erased == 1
    with pytest.raises(PictureErased):
        query(tmp_path / "anew").picture(key(4))
    assert query(tmp_path / "anew").picture(key(5)) == entry(5).jpeg


def test_a_backup_while_commits_and_upkeep_go_on_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live, target = tmp_path / "live", tmp_path / "backup"
    monkeypatch.setattr("ray_cluster.maintenance.upkeep.SMALL_FRAGMENTS", 3)
    fill(live, 0, 5)
    beside = threading.Thread(target=fill, args=(live, 5, 60))
    beside.start()
    seen = 0
    keeper = upkeep(live)
    while beside.is_alive():
        keeper.run_once(now_ms=NOW_MS)
        back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
        rows = whole(query(target))
        assert rows >= seen
        seen = rows
    beside.join()
    back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    assert whole(query(target)) == 65


def test_a_run_that_was_cut_off_leaves_the_last_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live, target = tmp_path / "live", tmp_path / "backup"
    fill(live, 0, 10)
    back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    fill(live, 10, 10)

    copies = iter(range(7))

    def cut(*arguments: object) -> None:
        if next(copies, None) is None:
            raise KeyboardInterrupt
        real(*arguments)  # type: ignore[arg-type]

    real = module._copy
    with monkeypatch.context() as patch:
        patch.setattr(module, "_copy", cut)
        with pytest.raises(KeyboardInterrupt):
            back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    assert whole(query(target)) >= 10
    back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    assert whole(query(target)) == 20


def test_a_restore_replaces_nothing_and_a_backup_takes_no_foreign_folder(tmp_path: Path) -> None:
    live, target = tmp_path / "live", tmp_path / "backup"
    fill(live, 0, 5)
    with pytest.raises(BackupFailed, match="no whole backup"):
        restore(live, tmp_path / "anew", offset_minutes=OFFSET_MINUTES)
    back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    with pytest.raises(BackupFailed, match="not empty"):
        restore(target, live, offset_minutes=OFFSET_MINUTES)
    for inside in (live / "backup", live):
        with pytest.raises(BackupFailed, match="folder of its own"):
            back_up(live, inside, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.jpg").write_bytes(b"x")
    with pytest.raises(BackupFailed, match="no backup"):
        back_up(live, tmp_path / "photos", offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["mine.jpg"]
    assert (target / MARK).exists()
