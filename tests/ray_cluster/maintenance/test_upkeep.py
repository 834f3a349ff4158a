"""Upkeep beside a real archiver: nothing changes but the speed, whoever is killed when."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import lancedb
import pyarrow as pa
import pytest
from lancedb.index import IvfSq

from provisioning.contracts.causes.catalogue import words
from provisioning.contracts.query.archive import DayUpkeep, UpkeepReport, UpkeepStatus
from provisioning.contracts.query.lookalike import LookalikePage, LookalikeRequest, MachineRef
from ray_cluster.archive import index_policy, upkeep_status
from ray_cluster.archive.lance_tables import CLOSES_AFTER_DAYS, connect
from ray_cluster.archive.schema import OBJECT_SCHEMA, OBJECTS, SNAPSHOT_SCHEMA, SNAPSHOTS
from ray_cluster.errors import ArchiveInUse, ArchiveUnreadable
from ray_cluster.maintenance import indexing
from ray_cluster.maintenance import recall_check as recall
from ray_cluster.maintenance import upkeep as module
from ray_cluster.query.filters import Filter
from ray_cluster.query.vector_search import Nearest, nearest
from tests.ray_cluster.world import BIKE, CAR, DAY_MS, NOW_MS, archiver, entry, look, lookalike, query, upkeep

ROOT = Path(__file__).parents[3]
DAY = "20261124"
CLOSED_MS = NOW_MS + (CLOSES_AFTER_DAYS + 1) * DAY_MS


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index after 300 machines, a compaction after three commits."""
    monkeypatch.setattr(index_policy, "FIRST_VECTORS", 300)
    monkeypatch.setattr(module, "SMALL_FRAGMENTS", 3)


def fill(directory: Path, first: int, count: int, batch: int = 50) -> None:
    writer = archiver(directory)
    for start in range(first, first + count, batch):
        entries = [
            entry(number, machines=(CAR, BIKE), appearances=(look(number), look(10**6)) if number % 5 else ())
            for number in range(start, start + batch)
        ]
        writer.commit(entries, now_ms=NOW_MS)


@pytest.mark.usefixtures("small")
def test_compaction_keeps_rows_keys_and_answers(tmp_path: Path) -> None:
    writer, keeper = archiver(tmp_path), upkeep(tmp_path)
    for number in range(12):
        writer.commit([entry(number, machines=(CAR, BIKE))], now_ms=NOW_MS)
        keeper.run_once(now_ms=NOW_MS)
    assert keeper.run_once(now_ms=NOW_MS).days[0].fragments < 8
    assert not writer.commit([entry(3)], now_ms=NOW_MS)[0].fresh
    assert not archiver(tmp_path).commit([entry(11)], now_ms=NOW_MS)[0].fresh
    read = query(tmp_path)
    status = read.status()
    assert (status.rows, status.distinct_ids, status.objects) == (12, 12, 24)
    assert [item.snapshot.source_key for item in read.observations(Filter(), limit=3).items] == ["n11", "n10", "n9"]
    assert len(read.observation(entry(0).row_key).machines) == 2


@pytest.mark.usefixtures("small")
def test_the_index_grows_with_the_day_and_is_full_when_it_closes(tmp_path: Path) -> None:
    fill(tmp_path, 0, 200)
    keeper = upkeep(tmp_path)
    opened = keeper.run_once(now_ms=NOW_MS).days[0]
    # Four in five machines have a vector; they are counted on a sample.
    assert opened.index.startswith("vector_open_32")
    assert (opened.rows, opened.unindexed) == (400, 0)
    assert opened.recall is not None
    assert opened.recall >= index_policy.MIN_RECALL

    fill(tmp_path, 200, 100, batch=25)
    table = connect(tmp_path).open_table(OBJECTS + DAY)
    probe = look(233).vector
    assert probe is not None
    found = nearest(table, Nearest(probe, 1))[0]  # not indexed yet, and found
    assert found["row_key"] == entry(233).row_key
    assert found["_distance"] == pytest.approx(0, abs=1e-3)
    grown = keeper.run_once(now_ms=NOW_MS).days[0]
    assert (grown.index, grown.unindexed, grown.segments) == (opened.index, 0, 2)

    closed = keeper.run_once(now_ms=CLOSED_MS).days[0]
    assert closed.index.startswith("vector_full_4")
    assert (closed.segments, closed.closed, closed.fragments, closed.unindexed) == (1, True, 1, 0)
    version = table.version
    assert keeper.run_once(now_ms=CLOSED_MS + DAY_MS).days[0] == closed
    assert table.version == version  # immutable from here on
    assert upkeep(tmp_path).run_once(now_ms=CLOSED_MS + DAY_MS).days[0] == closed
    assert query(tmp_path).status().upkeep is not None


def test_a_low_recall_is_an_alarm_with_its_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_policy, "FIRST_VECTORS", 300)
    fill(tmp_path, 0, 200)
    monkeypatch.setattr(recall, "nearest", _blind)
    status = upkeep(tmp_path).run_once(now_ms=CLOSED_MS)
    assert status.days[0].recall == 0.5
    (alarm,) = query(tmp_path).status().alarms
    assert query(tmp_path).alarms() == query(tmp_path).upkeep().alarms == (alarm,)
    assert DAY in alarm
    assert "50%" in alarm


def _blind(objects: object, wanted: Nearest) -> list[dict[str, float]]:
    return [{"_distance": (0.1 if wanted.exact else 0.2) * n} for n in range(wanted.limit)]


def test_alarms_are_for_what_an_operator_can_do_something_about() -> None:
    day = DayUpkeep(
        name=DAY, rows=1, fragments=1, index="i", indexed=1, unindexed=0, segments=1, closed=True, recall=0.95
    )
    assert upkeep_status.alarms(None) == ()
    assert upkeep_status.alarms(UpkeepStatus(at_ms=1, days=(day,))) == ()
    assert len(upkeep_status.alarms(UpkeepStatus(at_ms=1, days=(day,), faults=("disk",)))) == 1


def test_the_windows_of_a_day_are_told_as_one_day() -> None:
    def hour(name: str, recall: float | None, *, closed: bool = True) -> DayUpkeep:
        return DayUpkeep(
            name=f"{DAY}_{name}",
            rows=10,
            fragments=1,
            index="i" if recall else "",
            indexed=9,
            unindexed=1,
            segments=2,
            over=True,
            closed=closed,
            recall=recall,
            recall_queries=4 if recall else 0,
        )

    hours = hour("00-01", None), hour("01-02", 0.9), hour("02-03", 1.0, closed=False), hour("03-04", 0.8)
    told = upkeep_status.by_day(UpkeepStatus(at_ms=1, days=hours))
    (day,) = told.days
    assert (day.name, day.rows, day.fragments, day.indexed, day.unindexed) == (DAY, 40, 4, 36, 4)
    assert (day.recall, day.recall_queries, day.over, day.closed) == (0.8, 4, True, False)
    (alarm,) = upkeep_status.alarms(UpkeepStatus(at_ms=1, days=hours))
    assert alarm.text.startswith(f"day {DAY}: look-alike search finds 80%")
    assert f"{DAY} 的以图搜车只找到应有结果的 80%" in str(words(alarm.reason, "zh"))


def test_a_day_of_an_older_version_is_read_and_then_brought_up_to_date(tmp_path: Path) -> None:
    tables = lancedb.connect(tmp_path / "tables")
    archiver(tmp_path / "new").commit([entry(1)], now_ms=NOW_MS)
    new = connect(tmp_path / "new")
    for name, schema, later in (
        (SNAPSHOTS + DAY, SNAPSHOT_SCHEMA, ["erased_at_ms"]),
        (OBJECTS + DAY, OBJECT_SCHEMA, ["colour", "colour_share", "share", "heading_deg", "zones", "vector"]),
    ):
        old = pa.schema([field for field in schema if field.name not in later])
        tables.create_table(name, schema=old).add(new.open_table(name).search().select(old.names).to_arrow())
    for part in ("packs", "epoch"):
        (tmp_path / "new" / part).rename(tmp_path / part)

    assert query(tmp_path).observation(entry(1).row_key).machines[0].colour is None
    assert upkeep(tmp_path).run_once(now_ms=NOW_MS).faults == ()
    writer = archiver(tmp_path)
    assert not writer.commit([entry(1)], now_ms=NOW_MS)[0].fresh
    writer.commit([entry(2, appearances=(look(2),))], now_ms=NOW_MS)
    assert upkeep(tmp_path).run_once(now_ms=CLOSED_MS).faults == ()
    assert query(tmp_path).picture(entry(1).row_key) == entry(1).jpeg
    assert tables.open_table(OBJECTS + DAY).count_rows("vector IS NULL") == 1


def test_one_upkeep_at_a_time(tmp_path: Path) -> None:
    archiver(tmp_path)
    with module._alone(tmp_path), pytest.raises(ArchiveInUse):
        upkeep(tmp_path).run_once(now_ms=NOW_MS)


def test_a_day_that_a_kill_left_half_made_is_no_day_until_it_is_made(tmp_path: Path) -> None:
    archiver(tmp_path)
    for kind in (SNAPSHOTS, OBJECTS):
        (tmp_path / "tables" / f"{kind}{DAY}.lance" / "_versions").mkdir(parents=True)
    assert upkeep(tmp_path).run_once(now_ms=NOW_MS).faults == ()
    assert query(tmp_path).status().rows == 0
    archiver(tmp_path).commit([entry(1)], now_ms=NOW_MS)
    assert upkeep(tmp_path).run_once(now_ms=NOW_MS).faults == ()
    assert query(tmp_path).status().rows == 1


@pytest.mark.usefixtures("small")
def test_commits_go_on_while_a_day_is_compacted_and_indexed(tmp_path: Path) -> None:
    writer, keeper = archiver(tmp_path), upkeep(tmp_path)
    stop = threading.Event()
    faults: list[str] = []

    def keep() -> None:
        while not stop.is_set():
            faults.extend(keeper.run_once(now_ms=NOW_MS).faults)

    beside = threading.Thread(target=keep)
    beside.start()
    try:
        for start in range(0, 400, 10):
            batch = [
                entry(number, machines=(CAR, BIKE), appearances=(look(number), look(-1 - number + 1000)))
                for number in range(start, start + 10)
            ]
            assert all(receipt.fresh for receipt in writer.commit(batch, now_ms=NOW_MS))
    finally:
        stop.set()
        beside.join()
    assert faults == []
    status = query(tmp_path).status()
    assert (status.rows, status.distinct_ids, status.objects) == (400, 400, 800)


KEEPER = """
import sys
from pathlib import Path
from ray_cluster.archive import index_policy
from ray_cluster.maintenance import upkeep as module
from tests.ray_cluster.world import NOW_MS, upkeep
index_policy.FIRST_VECTORS, module.SMALL_FRAGMENTS = 300, 1
keeper = upkeep(Path(sys.argv[1]))
print("up", flush=True)
at_ms = NOW_MS
while True:
    keeper.run_once(now_ms=at_ms)
    keeper._settled.clear()
    at_ms += 86_400_000
"""


def test_an_upkeep_killed_at_any_moment_costs_no_row(tmp_path: Path) -> None:
    fill(tmp_path, 0, 250)
    for pause_s in (0.3, 1.2):
        with subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", KEEPER, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as keeper:
            assert keeper.stdout is not None
            assert keeper.stdout.readline() == "up\n"
            time.sleep(pause_s)
            keeper.send_signal(signal.SIGKILL)
        number = 1000 + int(pause_s * 100)
        assert archiver(tmp_path).commit([entry(number, appearances=(look(number),))], now_ms=NOW_MS)[0].fresh
        table = connect(tmp_path).open_table(OBJECTS + DAY)
        for wanted in (33, 121, number):
            probe = look(wanted).vector
            assert probe is not None
            assert nearest(table, Nearest(probe, 1))[0]["row_key"] == entry(wanted).row_key
    status = query(tmp_path).status()
    assert (status.rows, status.distinct_ids, status.objects) == (252, 252, 502)
    last = upkeep(tmp_path).run_once(now_ms=CLOSED_MS + 99 * DAY_MS)
    assert last.faults == ()
    # All, or all but a row that came after the day had closed (it waits for others), or none if the kills came first.
    assert json.loads((tmp_path / upkeep_status.STATUS_FILE).read_text())["days"][0]["unindexed"] in {0, 1, 502}


def test_what_upkeep_found_is_told_without_reading_rows_and_not_of_an_archive_that_is_broken(tmp_path: Path) -> None:
    archiver(tmp_path).commit([entry(0)], now_ms=NOW_MS)
    assert query(tmp_path).upkeep() == UpkeepReport()
    for manifest in tmp_path.glob("**/snapshots_*/_versions/*"):
        manifest.write_bytes(b"torn")
    with pytest.raises(ArchiveUnreadable):
        query(tmp_path).upkeep()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("column", ["vector", "camera_id"])
def test_an_index_file_that_is_cut_short_is_named_and_built_anew_and_without_vectors_index_a_search_is_exact(
    tmp_path: Path, column: str
) -> None:
    fill(tmp_path, 0, 200)
    upkeep(tmp_path).run_once(now_ms=NOW_MS)
    table = connect(tmp_path).open_table(OBJECTS + DAY)
    (name,) = [index.name for index in table.list_indices() if index.columns == [column]]
    folder = tmp_path / "tables" / f"{OBJECTS}{DAY}.lance" / "_indices"
    before = set(folder.iterdir())
    config = (
        IvfSq(distance_type="cosine", num_partitions=1) if column == "vector" else indexing._SCALAR[OBJECTS][column]
    )
    table.create_index(column, config=config, name=name)
    (own,) = set(folder.iterdir()) - before
    for file in own.iterdir():
        os.truncate(file, file.stat().st_size // 2)

    meanwhile = best(tmp_path)
    assert meanwhile.failed_days == (() if column == "vector" else (DAY,))
    keeper = upkeep(tmp_path)
    status = keeper.run_once(now_ms=NOW_MS)
    assert [fault for fault in status.faults if name in fault and "could not be read" in fault], status.faults
    assert keeper.run_once(now_ms=NOW_MS).faults == ()
    assert name in {index.name for index in connect(tmp_path).open_table(OBJECTS + DAY).list_indices()}
    anew = best(tmp_path)
    assert anew.failed_days == ()
    assert anew.hits[0].machine.row_key == entry(7).row_key
    if column == "vector":
        assert [hit.machine for hit in meanwhile.hits] == [hit.machine for hit in anew.hits]


def best(directory: Path) -> LookalikePage:
    """The look-alikes of a machine, by a reader that has nothing in memory."""
    request = LookalikeRequest(
        case="A-1", purpose="theft", asked_by="wang", from_ms=NOW_MS - DAY_MS, to_ms=NOW_MS, sources=("street/cam-1",),
        machines=(MachineRef(row_key=entry(7).row_key, index=0),), limit=5,
    )  # fmt: skip
    return list(lookalike(directory).search(request))[-1]
