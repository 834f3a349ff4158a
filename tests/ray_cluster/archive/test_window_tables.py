"""A day in windows of an hour: archived, found, held, erased, backed up and dropped as one."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import lancedb
import pytest

from provisioning.contracts.query.lookalike import LookalikeRequest, MachineRef
from ray_cluster.archive.archiver import HOUSEKEEPING_MS, Archiver
from ray_cluster.archive.entries import Entry
from ray_cluster.archive.hold_store import Hold
from ray_cluster.archive.lance_tables import connect, window_names
from ray_cluster.archive.window_bloom import Seals
from ray_cluster.errors import ArchiveUnreadable, ArchiveWriteFailed, PictureErased, UnknownObservation
from ray_cluster.maintenance.backup import back_up, restore
from ray_cluster.maintenance.erasure import erase
from ray_cluster.maintenance.holds import Holds
from ray_cluster.query import lookalike as lookalikes
from ray_cluster.query.filters import Cursor, Filter
from tests.ray_cluster.world import (
    CAR,
    DAY_MS,
    NOW_MS,
    OFFSET_MINUTES,
    RETENTION_DAYS,
    archiver,
    entry,
    look,
    lookalike,
    query,
    upkeep,
)
from tests.support.steady import together

HOUR_MS = 3_600_000
DAY = "20261124"
HOURS = 5
LATER_MS = NOW_MS + HOUR_MS
"""All windows of `fill` are over by then."""


def seen(number: int) -> Entry:
    """One an hour, the newest first."""
    return entry(number, at_ms=NOW_MS - number * HOUR_MS - 1, appearances=(look(number),))


def fill(directory: Path) -> Archiver:
    writer = archiver(directory, first_hours=1)
    for number in reversed(range(HOURS)):
        writer.commit([seen(number)], now_ms=NOW_MS)
    return writer


def windows(directory: Path) -> tuple[str, ...]:
    return window_names(connect(directory))


def seals(directory: Path) -> Seals:
    return Seals(directory, connect(directory))


def test_an_hour_has_tables_of_its_own_and_the_day_its_packs(tmp_path: Path) -> None:
    fill(tmp_path)
    assert windows(tmp_path) == tuple(f"{DAY}_{hour:02}-{hour + 1:02}" for hour in range(15, 20))
    assert [folder.name for folder in (tmp_path / "packs").iterdir()] == [DAY]
    assert query(tmp_path).days() == (DAY,)


@pytest.mark.parametrize("sealed", [False, True])
def test_rows_are_found_by_key_by_page_and_by_commit(tmp_path: Path, sealed: bool) -> None:
    fill(tmp_path)
    if sealed:
        assert upkeep(tmp_path).run_once(now_ms=LATER_MS).faults == ()
        assert all(seals(tmp_path).of(name) for name in windows(tmp_path))
    read = query(tmp_path)
    for number in range(HOURS):
        assert read.observation(seen(number).row_key).machines[0].cls == CAR.cls
        assert read.picture(seen(number).row_key) == seen(number).jpeg
    with pytest.raises(UnknownObservation):
        read.observation(entry(99).row_key)
    found: list[str] = []
    cursor: Cursor | None = None
    while True:
        page = read.observations(Filter(), limit=2, cursor=cursor)
        found += [item.snapshot.row_key for item in page.items]
        if page.next_cursor is None:
            break
        cursor = Cursor.parse(page.next_cursor)
    assert found == [seen(number).row_key for number in range(HOURS)]
    commits: list[str] = []
    after = 0
    while items := (answer := read.commits(after=after, limit=2)).items:
        commits += [item.snapshot.row_key for item in items]
        after = answer.last_commit_seq
    assert commits == [seen(number).row_key for number in reversed(range(HOURS))]
    assert read.count(Filter(NOW_MS - 3 * HOUR_MS, NOW_MS)) == 3
    assert (read.status().rows, read.status().days) == (HOURS, (DAY,))
    assert read.plan(Filter()).days[0].rows == HOURS


def test_a_seal_knows_which_keys_are_surely_not_there(tmp_path: Path) -> None:
    fill(tmp_path)
    upkeep(tmp_path).run_once(now_ms=LATER_MS)
    sealed, names = seals(tmp_path), windows(tmp_path)
    for number in range(HOURS):
        hour = 19 - number
        assert list(sealed.holding(names, [seen(number).row_key])) == [f"{DAY}_{hour:02}-{hour + 1:02}"]
    assert list(sealed.holding(names, [entry(99).row_key, entry(98).row_key])) == []


def test_a_late_row_is_found_in_a_sealed_window_and_sealed_again(tmp_path: Path) -> None:
    writer = fill(tmp_path)
    keeper = upkeep(tmp_path)
    keeper.run_once(now_ms=LATER_MS)
    reader, late = query(tmp_path), entry(50, at_ms=NOW_MS - 4 * HOUR_MS - 5)
    last = reader.status().last_commit_seq
    with pytest.raises(UnknownObservation):
        reader.observation(late.row_key)
    assert writer.commit([late], now_ms=LATER_MS)[0].fresh
    window = f"{DAY}_15-16"
    assert seals(tmp_path).of(window) is None
    assert reader.observation(late.row_key).snapshot.source_key == "n50"
    assert [item.snapshot.source_key for item in reader.commits(after=last, limit=9).items] == ["n50"]
    assert not writer.commit([late], now_ms=LATER_MS)[0].fresh
    assert not archiver(tmp_path, first_hours=1).commit([late], now_ms=LATER_MS)[0].fresh
    keeper.run_once(now_ms=LATER_MS + 2 * HOUR_MS)
    assert seals(tmp_path).of(window) is not None
    assert reader.observation(late.row_key).snapshot.source_key == "n50"
    assert list(seals(tmp_path).holding(windows(tmp_path), [late.row_key])) == [window]


def test_upkeep_leaves_a_window_alone_that_is_over(tmp_path: Path) -> None:
    fill(tmp_path)
    keeper = upkeep(tmp_path)
    assert not keeper.run_once(now_ms=NOW_MS).days[0].over
    (day,) = keeper.run_once(now_ms=LATER_MS).days
    assert (day.name, day.rows, day.over, day.closed) == (DAY, HOURS, True, False)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "tables").rglob("*")}
    for other in (keeper, upkeep(tmp_path)):
        other.run_once(now_ms=LATER_MS + 60_000)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "tables").rglob("*")} == before


def test_old_versions_go_from_a_window_that_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path)
    keeper = upkeep(tmp_path)
    keeper.run_once(now_ms=LATER_MS)

    def versions() -> int:
        return sum(1 for _ in (tmp_path / "tables").rglob("*.manifest"))

    many = versions()
    monkeypatch.setattr("ray_cluster.maintenance.upkeep.KEEP_VERSIONS", timedelta(milliseconds=1))
    for _ in range(3):
        keeper.run_once(now_ms=LATER_MS + 60_000)
    assert versions() == 2 * HOURS < many
    assert all(seals(tmp_path).of(name) for name in windows(tmp_path))
    assert query(tmp_path).observation(seen(1).row_key).machines


class _Dies(Archiver):
    def _write_snapshots(self, window: Any, rows: Any) -> None:
        raise RuntimeError("died before the commit mark")


def test_a_commit_over_two_windows_that_died_is_repeated_without_doubles(tmp_path: Path) -> None:
    batch = [seen(0), seen(1)]
    with pytest.raises(ArchiveWriteFailed):
        archiver(tmp_path, kind=_Dies, first_hours=1).commit(batch, now_ms=NOW_MS)
    assert query(tmp_path).status().rows == 0
    assert all(receipt.fresh for receipt in archiver(tmp_path, first_hours=1).commit(batch, now_ms=NOW_MS))
    status = query(tmp_path).status()
    assert (status.rows, status.objects) == (2, 2)


def test_retention_drops_the_windows_of_a_day_together_and_a_hold_stops_it(tmp_path: Path) -> None:
    fill(tmp_path)
    keeper = upkeep(tmp_path)
    keeper.run_once(now_ms=LATER_MS)
    holds = Holds(tmp_path, offset_minutes=OFFSET_MINUTES)
    span = {"from_ms": NOW_MS - 3 * HOUR_MS, "to_ms": NOW_MS, "camera_ids": ("cam-1",)}
    holds.place(Hold(name="h", case="c", placed_at_ms=NOW_MS, until_ms=NOW_MS + 99 * DAY_MS, **span))
    past_ms = NOW_MS + (RETENTION_DAYS + 1) * DAY_MS
    writer = archiver(tmp_path, now_ms=past_ms)
    writer.maintain(now=together(past_ms))
    assert len(windows(tmp_path)) == HOURS  # not before upkeep has copied it
    keeper.run_once(now_ms=past_ms)
    writer.maintain(now=together(past_ms + HOUSEKEEPING_MS))
    assert windows(tmp_path) == ()
    assert list((tmp_path / "seals").iterdir()) == list((tmp_path / "packs").iterdir()) == []
    read = query(tmp_path)
    assert read.picture(seen(2).row_key) == seen(2).jpeg
    with pytest.raises(UnknownObservation):
        read.observation(seen(3).row_key)


def test_an_erasure_reaches_the_row_in_its_window(tmp_path: Path) -> None:
    fill(tmp_path)
    upkeep(tmp_path).run_once(now_ms=LATER_MS)
    key = seen(4).row_key
    assert erase(tmp_path, key, offset_minutes=OFFSET_MINUTES, now_ms=LATER_MS, reason="x").machines == 1
    with pytest.raises(PictureErased):
        query(tmp_path).picture(key)
    objects = connect(tmp_path).open_table(f"objects_{DAY}_15-16")
    assert objects.count_rows("vector IS NULL") == 1


def test_a_backup_has_every_window_and_loses_them_with_the_day(tmp_path: Path) -> None:
    live, target, anew = tmp_path / "live", tmp_path / "backup", tmp_path / "anew"
    writer = fill(live)
    upkeep(live).run_once(now_ms=LATER_MS)
    assert back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=LATER_MS).days == 1
    assert back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=LATER_MS).files == 0
    assert restore(target, anew, offset_minutes=OFFSET_MINUTES).days == 1
    for place in (target, anew):
        assert windows(place) == windows(live)
        assert all(query(place).picture(seen(number).row_key) == seen(number).jpeg for number in range(HOURS))
    assert not archiver(anew).commit([seen(3)], now_ms=LATER_MS)[0].fresh
    writer.commit([entry(70, at_ms=NOW_MS + DAY_MS, received_at_ms=NOW_MS + DAY_MS)], now_ms=NOW_MS + DAY_MS)
    past_ms = NOW_MS + (RETENTION_DAYS + 1) * DAY_MS
    writer.maintain(now=together(past_ms))
    back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=past_ms)
    assert windows(target) == windows(live)
    assert query(target).days() == ("20261125",)


def test_a_likeness_is_looked_for_in_all_windows_with_few_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = fill(tmp_path)
    wanted = entry(77, camera="cam-9", appearances=(look(2),))
    writer.commit([wanted], now_ms=NOW_MS)
    monkeypatch.setattr(lookalikes, "PAGES", 2)
    request = LookalikeRequest(
        case="A-2026-17",
        purpose="stolen bicycle",
        asked_by="analyst",
        machines=(MachineRef(row_key=wanted.row_key, index=0),),
        sources=("street/cam-1",),
        from_ms=NOW_MS - DAY_MS,
        to_ms=NOW_MS,
        limit=HOURS,
    )
    pages = list(lookalike(tmp_path).search(request))
    assert [page.days_done for page in pages] == [0, 0, 1]
    assert pages[-1].days == 1
    assert pages[-1].hits[0].machine.row_key == seen(2).row_key
    assert len(pages[-1].hits) == HOURS


def test_a_day_keeps_the_width_with_which_it_began_and_the_next_follows_from_it(tmp_path: Path) -> None:
    fill(tmp_path)
    writer = archiver(tmp_path, first_hours=24)
    writer.commit([entry(30, at_ms=NOW_MS - 1)], now_ms=NOW_MS)
    tomorrow_ms = NOW_MS + DAY_MS
    writer.commit([entry(31, at_ms=tomorrow_ms, received_at_ms=tomorrow_ms)], now_ms=tomorrow_ms)
    assert windows(tmp_path)[-2:] == (f"{DAY}_19-20", "20261125_20-22")


def test_a_day_of_an_older_release_is_one_window_and_stays_so(tmp_path: Path) -> None:
    archiver(tmp_path).commit([seen(1)], now_ms=NOW_MS)
    assert windows(tmp_path) == (DAY,)
    writer = archiver(tmp_path, first_hours=1)
    assert [receipt.fresh for receipt in writer.commit([seen(1), seen(2)], now_ms=NOW_MS)] == [False, True]
    assert windows(tmp_path) == (DAY,)
    assert query(tmp_path).observation(seen(2).row_key).machines


def test_tables_of_a_newer_release_are_refused(tmp_path: Path) -> None:
    fill(tmp_path)
    lancedb.connect(tmp_path / "tables").create_table("snapshots_2026-W48", [{"row_key": "x"}])
    for ask in (query(tmp_path).days, lambda: archiver(tmp_path), lambda: upkeep(tmp_path).run_once(now_ms=NOW_MS)):
        with pytest.raises(ArchiveUnreadable, match=r"2026-W48.*release that wrote it"):
            ask()
