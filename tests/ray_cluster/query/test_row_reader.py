"""Rows by key and by condition, in a day of which one half is in the index and the other is not."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ray_cluster.archive.lance_tables import connect, quoted
from ray_cluster.archive.schema import OBJECTS, SNAPSHOTS
from ray_cluster.inference.appearance import UNSEEN
from ray_cluster.maintenance import upkeep as module
from ray_cluster.maintenance.erasure import erase
from ray_cluster.query.row_reader import by_key, matching, pinned, records
from tests.ray_cluster.world import BIKE, CAR, NOW_MS, OFFSET_MINUTES, archiver, entry, look, query, upkeep

DAY = "20261124"
INDEXED = range(9)
NEW = range(9, 14)
ABSENT = entry(99).row_key


def key(number: int) -> str:
    return entry(number).row_key


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each row a commit of its own, every third without a machine; of a bicycle nothing is seen."""
    monkeypatch.setattr(module, "SMALL_FRAGMENTS", 3)
    write(tmp_path, INDEXED)
    upkeep(tmp_path).run_once(now_ms=NOW_MS)
    write(tmp_path, NEW)
    table = open_(tmp_path, SNAPSHOTS)
    assert table.index_stats("row_key_idx").num_unindexed_rows == len(NEW)
    return tmp_path


def write(directory: Path, numbers: Sequence[int]) -> None:
    writer = archiver(directory)
    for number in numbers:
        machines, looks = ((CAR, BIKE), (look(number), UNSEEN)) if number % 3 else ((), ())
        writer.commit([entry(number, machines=machines, appearances=looks)], now_ms=NOW_MS)


def open_(directory: Path, kind: str) -> Any:
    return pinned(connect(directory), kind + DAY)


@pytest.mark.parametrize("kind", [SNAPSHOTS, OBJECTS])
def test_rows_by_key_are_those_of_one_plain_read(archive: Path, kind: str) -> None:
    table = open_(archive, kind)
    asked = [*map(key, [2, 12, 3, 10, 4]), ABSENT]
    found = by_key(table, asked)
    plain = table.search().where(f"row_key IN ({quoted(asked)})").to_list()
    assert sorted(found) == sorted({row["row_key"] for row in plain})
    for row_key, ids in found.items():
        rows = records(table, ids)
        assert {row["row_key"] for row in rows} == {row_key}
        assert len(rows) == sum(row["row_key"] == row_key for row in plain)


def test_nothing_is_found_of_no_keys_and_of_unknown_ones(archive: Path) -> None:
    table = open_(archive, SNAPSHOTS)
    assert (by_key(table, []), by_key(table, [ABSENT]), records(table, [])) == ({}, {}, [])


def test_a_condition_besides_the_key_is_kept(archive: Path) -> None:
    table = open_(archive, OBJECTS)
    found = by_key(table, [key(2), key(11)], f"cls = '{CAR.cls.value}'")
    assert {row_key: len(ids) for row_key, ids in found.items()} == {key(2): 1, key(11): 1}


@pytest.mark.parametrize("ascending", [True, False])
def test_records_come_in_the_order_that_was_asked_for(archive: Path, *, ascending: bool) -> None:
    table = open_(archive, SNAPSHOTS)
    ids = matching(table, "commit_seq > 0", order=("commit_seq",), ascending=ascending, limit=11)
    numbers = [row["source_key"] for row in records(table, ids, ["source_key"])]
    everything = [f"n{number}" for number in (*INDEXED, *NEW)]
    assert numbers == (everything if ascending else everything[::-1])[:11]


def test_what_a_pinned_table_found_is_read_after_a_compaction(archive: Path) -> None:
    table = open_(archive, SNAPSHOTS)
    ids = by_key(table, [key(1), key(13)])
    write(archive, range(14, 20))
    upkeep(archive).run_once(now_ms=NOW_MS)
    assert [row["source_key"] for row in records(table, [*ids[key(1)], *ids[key(13)]])] == ["n1", "n13"]


@pytest.mark.parametrize("number", [4, 11])
def test_an_erased_row_is_found_with_all_its_machines(archive: Path, number: int) -> None:
    """Only one of the two has a vector to lose: both must still be found together."""
    done = erase(archive, key(number), offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS, reason="test")
    found = query(archive).observation(key(number))
    assert (done.machines, found.snapshot.erased_at_ms) == (1, NOW_MS)
    assert [machine.cls for machine in found.machines] == [CAR.cls, BIKE.cls]
