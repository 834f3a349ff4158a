"""A closed day in hours becomes one in wide windows: nothing is lost or there twice, whoever is killed when."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import lancedb
import pyarrow as pa
import pytest

from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.query.lookalike import LookalikeRequest, MachineRef
from ray_cluster.archive import windows as widths
from ray_cluster.archive.archiver import HOUSEKEEPING_MS, Archiver
from ray_cluster.archive.entries import Entry
from ray_cluster.archive.hold_store import Hold
from ray_cluster.archive.lance_tables import CLOSES_AFTER_DAYS, connect, superseded_names, window_names
from ray_cluster.archive.merged_days import FOLDER, MergedDay, MergedDays
from ray_cluster.archive.partitions.open_tables import OpenTables
from ray_cluster.archive.schema import OBJECTS, SNAPSHOTS
from ray_cluster.archive.window_bloom import Seals
from ray_cluster.errors import ArchiveUnreadable, PictureErased
from ray_cluster.inference.appearance import UNSEEN
from ray_cluster.maintenance import merging
from ray_cluster.maintenance.backup import back_up, restore
from ray_cluster.maintenance.erasure import erase
from ray_cluster.maintenance.holds import Holds
from ray_cluster.maintenance.indexing import KEEP_VERSIONS
from ray_cluster.maintenance.row_export import RowExport, RowRequest
from ray_cluster.maintenance.upkeep import Upkeep
from ray_cluster.query.filters import Filter
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
    lookalike,
    query,
    upkeep,
)
from tests.support.steady import together

ROOT = Path(__file__).parents[3]
HOUR_MS = 3_600_000
DAY = "20261124"
HOURS = 6
"""Hours of the day with rows: 14 to 20 o'clock."""
CLOSED_MS = NOW_MS + (CLOSES_AFTER_DAYS + 1) * DAY_MS
LATE = entry(500, at_ms=NOW_MS - 5 * HOUR_MS - 7, appearances=(look(500),))


def seen(number: int) -> Entry:
    """Two an hour, every other one with two machines, one of them without a vector."""
    machines, looks = ((CAR, BIKE), (look(number), UNSEEN)) if number % 2 else ((CAR,), (look(number),))
    return entry(number, at_ms=NOW_MS - number // 2 * HOUR_MS - 1 - number, machines=machines, appearances=looks)


ROWS = tuple(seen(number) for number in range(2 * HOURS))


EARLY = tuple(entry(number, at_ms=NOW_MS - 10 * HOUR_MS - number) for number in (600, 601))
"""Two late rows, in an hour that has no rows otherwise: they make a window more."""


def fill(directory: Path) -> Archiver:
    writer = archiver(directory, first_hours=1)
    for each in reversed(ROWS):
        writer.commit([each], now_ms=NOW_MS)
    return writer


def merge(keeper: Upkeep, directory: Path, *, now_ms: int = CLOSED_MS, rounds: int = 12) -> tuple[str, ...]:
    """Faults of the last round; ends when the day is merged."""
    faults: tuple[str, ...] = ()
    for _ in range(rounds):
        faults = keeper.run_once(now_ms=now_ms).faults
        if windows(directory) == (DAY,):
            break
    return faults


def windows(directory: Path) -> tuple[str, ...]:
    return window_names(connect(directory))


class Content(NamedTuple):
    keys: tuple[str, ...]
    machines: int
    commits: tuple[str, ...]


def content(directory: Path) -> Content:
    """Rows of an archive by their pages and by their commits, both complete, and its machines."""
    read = query(directory)
    items = read.observations(Filter(), limit=500).items
    commits = read.commits(after=0, limit=500).items
    status = read.status()
    assert status.rows == status.distinct_ids == len(items)
    assert status.objects == sum(len(item.machines) for item in items)
    return Content(
        tuple(sorted(item.snapshot.row_key for item in items)),
        status.objects,
        tuple(item.snapshot.row_key for item in commits),
    )


@pytest.fixture
def swift(monkeypatch: pytest.MonkeyPatch) -> None:
    """Old windows are removed in the next round."""
    monkeypatch.setattr(merging, "KEEP_VERSIONS", timedelta(0))


def test_a_closed_day_of_hours_becomes_one_window_with_the_same_answers(tmp_path: Path) -> None:
    writer, keeper = fill(tmp_path), upkeep(tmp_path)
    before = content(tmp_path)
    assert len(windows(tmp_path)) == HOURS
    assert merge(keeper, tmp_path) == ()
    assert windows(tmp_path) == (DAY,)
    assert content(tmp_path) == before
    (day,) = keeper.run_once(now_ms=CLOSED_MS).days
    assert (day.name, day.rows, day.closed) == (DAY, before.machines, True)
    assert Seals(tmp_path, connect(tmp_path)).of(DAY) is not None
    for each in ROWS:
        assert query(tmp_path).picture(each.row_key) == each.jpeg
    for is_same in (True, False):
        one = writer if is_same else archiver(tmp_path)
        assert [receipt.fresh for receipt in one.commit(ROWS, now_ms=CLOSED_MS)] == [False] * len(ROWS)
    assert content(tmp_path) == before
    objects = connect(tmp_path).open_table(OBJECTS + DAY)
    assert objects.count_rows("vector IS NULL") == HOURS


def test_rows_of_one_class_and_colour_lie_beside_each_other_by_camera_and_none_is_left_out(tmp_path: Path) -> None:
    writer = archiver(tmp_path, first_hours=1)
    colours = [None, MachineColour.RED, MachineColour.BLUE]
    entries = [
        entry(
            number,
            at_ms=NOW_MS - number % 2 * HOUR_MS - 1 - number,
            camera=f"cam-{number * 7 % 4}",
            machines=((CAR, BIKE)[number % 5 % 2],),
            appearances=(look(number, colour=colours[number % 3]),),
        )
        for number in range(60)
    ]
    writer.commit(entries, now_ms=NOW_MS)
    assert merge(upkeep(tmp_path), tmp_path) == ()
    columns = ["cls", "colour", "captured_at_ms", "camera_id"]
    rows = connect(tmp_path).open_table(OBJECTS + DAY).search().select(columns).to_list()
    assert len(rows) == len(entries)
    looks = [(row["captured_at_ms"] // HOUR_MS, row["cls"], row["colour"]) for row in rows]
    assert len(_runs(looks)) == len(set(looks)) == 12  # hours, classes, colours
    seen_by = [(*look, row["camera_id"]) for look, row in zip(looks, rows, strict=True)]
    assert len(_runs(seen_by)) == len(set(seen_by)) > 12


def _runs(values: list[Any]) -> list[Any]:
    return [each for each, before in zip(values, [None, *values], strict=False) if each != before]


def test_a_copy_that_lacks_a_row_is_not_put_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path)
    monkeypatch.setattr(merging, "_looks", lambda _: ["cls = 'car'"])
    (fault,) = merge(upkeep(tmp_path), tmp_path, rounds=3)
    assert "12 rows were written of 18, or others" in fault
    assert len(windows(tmp_path)) == HOURS


def test_an_alike_machine_is_found_in_the_merged_day(tmp_path: Path) -> None:
    fill(tmp_path).commit([wanted := entry(77, camera="cam-9", appearances=(look(4),))], now_ms=NOW_MS)
    merge(upkeep(tmp_path), tmp_path)
    request = LookalikeRequest(
        case="A-2026-17",
        purpose="stolen car",
        asked_by="analyst",
        machines=(MachineRef(row_key=wanted.row_key, index=0),),
        sources=("street/cam-1",),
        from_ms=NOW_MS - DAY_MS,
        to_ms=NOW_MS,
        limit=3,
    )
    *_, last = lookalike(tmp_path).search(request)
    assert (last.days_done, last.failed_days) == (1, ())
    assert last.hits[0].machine.row_key == seen(4).row_key


def test_only_windows_that_were_merged_have_class_and_colour_together(tmp_path: Path) -> None:
    fill(tmp_path)
    narrow = windows(tmp_path)
    assert not any(OpenTables(tmp_path).is_merged(name) for name in narrow)
    merge(upkeep(tmp_path), tmp_path)
    assert OpenTables(tmp_path).is_merged(DAY)
    assert not any(OpenTables(tmp_path).is_merged(name) for name in narrow), "old windows stay for some time"


def test_a_late_row_of_a_merged_day_is_in_it_once(tmp_path: Path) -> None:
    """By the archiver that was there before the merge, without a filter of the day's keys, and by its successor."""
    writer = fill(tmp_path)
    merge(upkeep(tmp_path), tmp_path)
    assert not writer.surely_absent([ROWS[0].sighting])
    assert [writer.commit([LATE], now_ms=CLOSED_MS)[0].fresh for _ in range(2)] == [True, False]
    assert not archiver(tmp_path).commit([LATE], now_ms=CLOSED_MS)[0].fresh
    assert windows(tmp_path) == (DAY,)
    assert content(tmp_path).keys == tuple(sorted(each.row_key for each in (*ROWS, LATE)))
    assert len(query(tmp_path).observation(LATE.row_key).machines) == 1


class _Dies(Archiver):
    def _write_snapshots(self, window: object, rows: object) -> None:
        raise RuntimeError("died before the commit mark")


def test_a_commit_into_a_merged_day_that_died_is_repeated_without_doubles(tmp_path: Path) -> None:
    fill(tmp_path)
    merge(upkeep(tmp_path), tmp_path)
    with pytest.raises(Exception, match="died before the commit mark"):
        archiver(tmp_path, kind=_Dies).commit([LATE], now_ms=CLOSED_MS)
    assert archiver(tmp_path).commit([LATE], now_ms=CLOSED_MS)[0].fresh
    assert content(tmp_path).machines == sum(len(each.machines) for each in ROWS) + 1


@pytest.mark.usefixtures("swift")
@pytest.mark.parametrize("what", ["a late row", "a late row of another hour", "an erasure"])
def test_a_change_while_a_day_is_merged_is_not_lost(tmp_path: Path, what: str) -> None:
    writer, keeper = fill(tmp_path), upkeep(tmp_path)
    keeper.run_once(now_ms=CLOSED_MS)  # the rows are copied
    hours = HOURS
    if what == "a late row":
        assert writer.commit([LATE], now_ms=CLOSED_MS)[0].fresh
    elif what == "a late row of another hour":
        assert writer.commit([EARLY[0]], now_ms=CLOSED_MS)[0].fresh
        hours += 1
    else:
        erase(tmp_path, ROWS[3].row_key, offset_minutes=OFFSET_MINUTES, now_ms=CLOSED_MS, reason="x")
    before = content(tmp_path)
    assert merge(keeper, tmp_path, rounds=6) == ()  # overtaken, and not again within the hour
    assert len(windows(tmp_path)) == hours
    assert content(tmp_path) == before
    assert merge(keeper, tmp_path, now_ms=CLOSED_MS + 2 * HOUR_MS) == ()
    assert windows(tmp_path) == (DAY,)
    assert content(tmp_path) == before
    if what == "an erasure":
        assert connect(tmp_path).open_table(OBJECTS + DAY).count_rows("vector IS NULL") == HOURS + 1
        with pytest.raises(PictureErased):
            query(tmp_path).picture(ROWS[3].row_key)


def test_old_windows_stay_for_ten_minutes_and_while_somebody_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path)
    keeper, tables = upkeep(tmp_path), connect(tmp_path)
    old = windows(tmp_path)
    reading = [tables.open_table(SNAPSHOTS + name) for name in old]
    merge(keeper, tmp_path)
    keeper.run_once(now_ms=CLOSED_MS)
    assert superseded_names(tables) == old
    assert sum(table.count_rows() for table in reading) == len(ROWS)
    ten_minutes_ago_s = time.time() - KEEP_VERSIONS.total_seconds() - 1
    os.utime(tmp_path / FOLDER / DAY, (ten_minutes_ago_s, ten_minutes_ago_s))
    with MergedDays(tmp_path).kept(), MergedDays(tmp_path).kept():
        keeper.run_once(now_ms=CLOSED_MS)
        assert superseded_names(tables) == old
    keeper.run_once(now_ms=CLOSED_MS)
    assert superseded_names(tables) == ()
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == [
        f"{OBJECTS}{DAY}.lance",
        f"{SNAPSHOTS}{DAY}.lance",
    ]
    assert [path.name for path in (tmp_path / "seals").iterdir()] == [DAY]
    assert content(tmp_path).keys == tuple(sorted(each.row_key for each in ROWS))


@pytest.mark.parametrize("swiftly", [False, True], ids=["with the old windows", "without them"])
def test_a_merged_day_is_held_and_dropped_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swiftly: bool) -> None:
    if swiftly:
        monkeypatch.setattr(merging, "KEEP_VERSIONS", timedelta(0))
    fill(tmp_path)
    keeper = upkeep(tmp_path)
    merge(keeper, tmp_path)
    keeper.run_once(now_ms=CLOSED_MS)
    holds = Holds(tmp_path, offset_minutes=OFFSET_MINUTES)
    span = {"from_ms": NOW_MS - 3 * HOUR_MS, "to_ms": NOW_MS, "camera_ids": ("cam-1",)}
    holds.place(Hold(name="h", case="c", placed_at_ms=CLOSED_MS, until_ms=CLOSED_MS + 99 * DAY_MS, **span))
    past_ms = NOW_MS + (RETENTION_DAYS + 1) * DAY_MS
    writer = archiver(tmp_path, now_ms=past_ms)
    writer.maintain(now=together(past_ms))
    assert windows(tmp_path) == (DAY,)  # not before upkeep has copied it
    keeper.run_once(now_ms=past_ms)
    writer.maintain(now=together(past_ms + HOUSEKEEPING_MS))
    assert windows(tmp_path) == superseded_names(connect(tmp_path)) == ()
    assert list((tmp_path / "tables").iterdir()) == list((tmp_path / "packs").iterdir()) == []
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == ["writer"]
    assert query(tmp_path).picture(ROWS[4].row_key) == ROWS[4].jpeg


@pytest.mark.usefixtures("swift")
def test_a_backup_from_before_a_merge_goes_over_to_the_wide_windows(tmp_path: Path) -> None:
    live, target, anew = tmp_path / "live", tmp_path / "backup", tmp_path / "anew"
    fill(live)
    before = content(live)
    back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    assert len(windows(target)) == HOURS
    merge(keeper := upkeep(live), live)
    keeper.run_once(now_ms=CLOSED_MS)
    back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=CLOSED_MS)
    assert (windows(target), superseded_names(connect(target))) == ((DAY,), ())
    assert back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=CLOSED_MS).files == 0
    restore(target, anew, offset_minutes=OFFSET_MINUTES)
    assert content(target) == content(anew) == before
    assert not archiver(anew).commit([ROWS[3]], now_ms=CLOSED_MS)[0].fresh


def test_an_export_and_a_backup_keep_the_windows_that_they_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = tmp_path / "live"
    fill(live)
    kept: list[bool] = []

    def note(rows: int) -> None:
        with MergedDays(live).unneeded() as is_unneeded:
            kept.append(not is_unneeded)

    export = RowExport(live, offset_minutes=OFFSET_MINUTES)
    request = RowRequest(case="c-1", purpose="a test of it", from_ms=NOW_MS - DAY_MS, to_ms=NOW_MS)
    assert export.write(request, tmp_path / "out", audit=note).observations == len(ROWS)
    inner = shutil.copyfileobj

    def noted(*given: Any) -> None:
        note(0)
        inner(*given)

    monkeypatch.setattr(shutil, "copyfileobj", noted)
    back_up(live, tmp_path / "backup", offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    assert len(kept) > 2
    assert all(kept[:-1])  # the last files are those of the whole archive
    monkeypatch.undo()
    note(0)
    assert not kept[-1]


def test_a_full_disk_leaves_the_day_as_it_is_and_names_the_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path)
    keeper, before = upkeep(tmp_path), content(tmp_path)
    monkeypatch.setattr(merging, "SPARE_BYTES", 10**18)
    (fault,) = keeper.run_once(now_ms=CLOSED_MS).faults
    free = shutil.disk_usage(tmp_path).free
    assert f"day {DAY}: its windows were not merged" in fault
    assert "merging needs 1,000,000,000,0" in fault
    assert f"{free:,}"[:3] in fault
    status = keeper.run_once(now_ms=CLOSED_MS)
    assert status.faults == (fault,)
    assert status.days[0].closed  # each hour has got what a closed window has
    assert len(windows(tmp_path)) == HOURS
    assert content(tmp_path) == before
    monkeypatch.undo()
    assert merge(keeper, tmp_path, now_ms=CLOSED_MS + 2 * HOUR_MS) == ()
    assert (windows(tmp_path), content(tmp_path)) == ((DAY,), before)


def test_a_window_that_is_cut_short_leaves_the_day_as_it_is(tmp_path: Path) -> None:
    fill(tmp_path)
    keeper = upkeep(tmp_path)
    keeper.run_once(now_ms=NOW_MS + 2 * HOUR_MS)
    name = windows(tmp_path)[2]
    data = max(
        (tmp_path / "tables" / f"{OBJECTS}{name}.lance" / "data").iterdir(), key=lambda path: path.stat().st_size
    )
    data.write_bytes(data.read_bytes()[: data.stat().st_size // 2])
    faults = merge(upkeep(tmp_path), tmp_path, rounds=4)
    assert any(f"day {DAY}: its windows were not merged" in fault for fault in faults)
    assert len(windows(tmp_path)) == HOURS
    assert not (tmp_path / FOLDER / DAY).exists()
    assert list((tmp_path / "tables").glob("merging_*")) == []


def test_tables_of_other_releases_are_filled_up_or_left_alone(tmp_path: Path) -> None:
    fill(tmp_path)
    old = connect(tmp_path).open_table(OBJECTS + windows(tmp_path)[0])
    old.drop_columns(["heading_deg"])
    assert merge(upkeep(tmp_path), tmp_path) == ()
    assert connect(tmp_path).open_table(OBJECTS + DAY).count_rows() == sum(len(each.machines) for each in ROWS)
    other = tmp_path / "other"
    fill(other)
    connect(other).open_table(SNAPSHOTS + windows(other)[0]).add_columns(pa.schema([pa.field("weather", pa.string())]))
    faults = merge(upkeep(other), other, rounds=3)
    assert any("weather is of a newer release" in fault for fault in faults)
    assert len(windows(other)) == HOURS


def test_no_day_is_merged_under_an_archiver_that_does_not_follow(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / FOLDER / "writer").write_text("0\n", encoding="ascii")
    assert merge(upkeep(tmp_path), tmp_path, rounds=4) == ()
    assert len(windows(tmp_path)) == HOURS
    archiver(tmp_path)
    assert merge(upkeep(tmp_path), tmp_path) == ()
    assert windows(tmp_path) == (DAY,)


@pytest.mark.usefixtures("swift")
def test_rows_that_an_older_release_added_to_an_old_window_keep_it(tmp_path: Path) -> None:
    fill(tmp_path)
    keeper, name = upkeep(tmp_path), windows(tmp_path)[0]
    merge(keeper, tmp_path)
    tables = lancedb.connect(tmp_path / "tables")
    table = tables.open_table(SNAPSHOTS + name)
    table.add(table.search().limit(1).to_arrow())
    faults = keeper.run_once(now_ms=CLOSED_MS).faults
    assert [fault for fault in faults if f"{name}: rows were added after its merge" in fault]
    assert superseded_names(connect(tmp_path)) == (name,)


def test_a_record_that_is_damaged_is_named_while_both_widths_are_there(tmp_path: Path) -> None:
    fill(tmp_path)
    merge(upkeep(tmp_path), tmp_path)
    path = tmp_path / FOLDER / DAY
    whole = path.read_bytes()
    path.write_bytes(whole[:5])
    with pytest.raises(ArchiveUnreadable, match=rf"{FOLDER}/{DAY}: .*restore the file"):
        windows(tmp_path)
    path.write_text(MergedDay(hours=8, sources={}).model_dump_json(), encoding="utf-8")
    with pytest.raises(ArchiveUnreadable, match="names windows of 8 h, and none is there"):
        windows(tmp_path)
    path.write_bytes(whole)
    assert windows(tmp_path) == (DAY,)


KEEPER = """
import os, shutil, signal, sys
from datetime import timedelta
from pathlib import Path
from ray_cluster.archive import lance_tables, merged_days, windows
from ray_cluster.archive.lance_tables import connect, superseded_names, window_names
from ray_cluster.inference.appearance import UNSEEN
from ray_cluster.maintenance import merging
from tests.ray_cluster.maintenance.test_merging import CLOSED_MS, split
from tests.ray_cluster.world import upkeep

folder, left = Path(sys.argv[1]), int(sys.argv[2])
done = []

def killing(owner, name):
    inner = getattr(owner, name)
    def call(*given, **named):
        for moment in ("before", "after"):
            done.append(f"{moment} {name}")
            if len(done) > left:
                print(done[-1], flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
            if moment == "before":
                answer = inner(*given, **named)
        return answer
    setattr(owner, name, call)

split(windows)
merging.KEEP_VERSIONS = timedelta(0)
for owner, name in (
    (merging, "create_draft"), (merging, "_copy"), (merging, "compact"), (merging, "settle_draft"),
    (lance_tables.durable, "move"),
    (merging.MergedDays, "write"), (merging, "remove_window"),
):
    killing(owner, name)
keeper = upkeep(folder)
for _ in range(30):
    assert keeper.run_once(now_ms=CLOSED_MS).faults == ()
    tables = connect(folder)
    if len(window_names(tables)) == 2 and not superseded_names(tables):
        print("merged", flush=True)
        break
"""


def split(module: object) -> None:
    """Let a merge of this day make two windows, of twelve hours each."""
    module.closed_hours = widths.closed_hours  # type: ignore[attr-defined]
    module.MACHINES_WHEN_CLOSED = sum(len(each.machines) for each in (*ROWS, *EARLY)) - 1  # type: ignore[attr-defined]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("stride", [6])
def test_a_merge_killed_at_each_step_leaves_one_of_the_two_widths_whole(tmp_path: Path, stride: int) -> None:
    """Each kill is followed by the next on the same archive, further on; in between all rows are there, once."""
    fill(tmp_path).commit(EARLY, now_ms=NOW_MS)
    before, moments, left = content(tmp_path), [], 0
    while True:
        ended = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", KEEPER, str(tmp_path), str(left)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            check=False,
        )
        assert content(tmp_path) == before
        moments.append(ended.stdout.strip())
        if moments[-1] == "merged":
            break
        assert ended.returncode == -signal.SIGKILL
        left += stride
    assert windows(tmp_path) == (f"{DAY}_00-12", f"{DAY}_12-24")
    assert not archiver(tmp_path).commit([ROWS[3]], now_ms=CLOSED_MS)[0].fresh
    names = {moment.split()[-1] for moment in moments}
    assert names > {"merged"}


@pytest.mark.parametrize("moment", ["write", "move"])
def test_a_record_decides_and_what_a_cut_off_merge_left_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    fill(tmp_path)
    before = content(tmp_path)
    owner: object = MergedDays if moment == "write" else merging

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(owner, "write" if moment == "write" else "publish_draft", fails)
        faults = merge(upkeep(tmp_path), tmp_path, rounds=4)
    assert any("its windows were not merged" in fault for fault in faults)
    assert len(windows(tmp_path)) == HOURS
    assert content(tmp_path) == before
    assert merge(upkeep(tmp_path), tmp_path) == ()
    assert (windows(tmp_path), content(tmp_path)) == ((DAY,), before)


def _machines(first: int, *counts: int) -> dict[str, int]:
    return {widths.Window(DAY, first + hour, first + hour + 1).name: count for hour, count in enumerate(counts)}


@pytest.mark.parametrize(
    ("machines", "hours"),
    [
        (_machines(0, *[833_333] * 24), 4),
        (_machines(0, *[2_500_000] * 24), 1),
        (_machines(0, *[40_000] * 24), 24),
        (_machines(14, 10, 10), 24),
        (_machines(0, 3_999_999, 1, 1), 2),
        ({f"{DAY}_00-08": 1_000_000, f"{DAY}_08-16": 2_000_000, f"{DAY}_16-24": 1_000_001}, 8),
        ({f"{DAY}_00-03": 1, f"{DAY}_03-06": 3_999_999}, 24),
        ({DAY: 9_000_000}, 24),
    ],
)
def test_a_closed_day_is_as_wide_as_its_machines_allow(machines: dict[str, int], hours: int) -> None:
    assert widths.closed_hours(machines) == hours


def test_the_changed_rule_is_asked_with_the_rows_of_the_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path)
    asked: list[dict[str, int]] = []
    inner: Callable[[dict[str, int]], int] = widths.closed_hours

    def note(machines: dict[str, int]) -> int:
        asked.append(machines)
        return inner(machines)

    monkeypatch.setattr(merging, "closed_hours", note)
    merge(upkeep(tmp_path), tmp_path)
    assert asked[0] == {f"{DAY}_{hour:02}-{hour + 1:02}": 3 for hour in range(14, 20)}
