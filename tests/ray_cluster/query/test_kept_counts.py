"""Counts that upkeep keeps give what the rows give, whatever came, left or was damaged since, and read few rows."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.contracts.query.search import COUNT_GRID_MS, Wanted
from provisioning.contracts.wire.messages import MachineClass
from ray_cluster.archive.lance_tables import connect, window_names
from ray_cluster.archive.schema import OBJECTS
from ray_cluster.archive.summaries import machine_counts
from ray_cluster.archive.summaries.counts_store import CountsStore
from ray_cluster.archive.summaries.machine_counts import WindowCounts, brought_up
from ray_cluster.archive.windows import span_ms
from ray_cluster.query.filters import Filter
from ray_cluster.query.reader import Query
from tests.ray_cluster.query.test_search import ENTRIES
from tests.ray_cluster.world import BIKE, CAR, DAY_MS, NOW_MS, OFFSET_MINUTES, archiver, entry, query, upkeep

HOUR_MS = 3_600_000
LATER_MS = NOW_MS + DAY_MS
LATE = 15
Layout = Callable[[Path], None]


def files(directory: Path) -> list[Path]:
    return sorted((directory / "counts").iterdir())


def tables_of(directory: Path) -> list[Any]:
    tables = connect(directory)
    return [tables.open_table(OBJECTS + name) for name in window_names(tables)]


def _as_written(_: Path) -> None:
    pass


def _late(directory: Path) -> None:
    archiver(directory, first_hours=1).commit([*ENTRIES[-LATE:]], now_ms=LATER_MS)


def _late_and_counted_again(directory: Path) -> None:
    _late(directory)
    for name in window_names(tables := connect(directory)):
        CountsStore(directory, offset_minutes=OFFSET_MINUTES).write(name, tables.open_table(OBJECTS + name))


def _late_and_compacted(directory: Path) -> None:
    _late(directory)
    for table in tables_of(directory):
        table.optimize()


def _updated(directory: Path) -> None:
    """As an erasure does with a machine's vector."""
    for table in tables_of(directory):
        rows = table.search().limit(2).to_arrow()
        table.merge_insert("object_key").when_matched_update_all().execute(rows, on_bad_vectors="null")


def _deleted(directory: Path) -> None:
    """As after a commit that was cut off: what it had added goes, and comes again."""
    for table in tables_of(directory):
        rows = table.search().limit(3).to_arrow()
        keys = ", ".join(f"'{key}'" for key in rows.column("object_key").to_pylist())
        if keys:
            table.delete(f"object_key IN ({keys})")
            table.add(rows.slice(0, 2), on_bad_vectors="null")


def _half_without(directory: Path) -> None:
    for path in files(directory)[::2]:
        path.unlink()


def _damaged(directory: Path) -> None:
    for number, path in enumerate(files(directory)):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) * number // 40] if number % 2 else b"0" * len(content))


LAYOUTS: tuple[Layout, ...] = (
    _as_written,
    _late,
    _late_and_counted_again,
    _late_and_compacted,
    _updated,
    _deleted,
    _half_without,
    _damaged,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All rows but the last in windows of an hour, counted."""
    place = tmp_path_factory.mktemp("archive")
    writer = archiver(place, first_hours=1)
    early = [*ENTRIES[:-LATE], entry(9_001, at_ms=1000), entry(9_002, agent="other", machines=(BIKE, CAR))]
    for start in range(0, len(early), 20):
        writer.commit(early[start : start + 20], now_ms=NOW_MS)
    assert upkeep(place).run_once(now_ms=LATER_MS).faults == ()
    assert [path.name for path in files(place)] == list(window_names(connect(place)))
    return place


@pytest.fixture(scope="module", params=LAYOUTS, ids=lambda layout: layout.__name__.strip("_"))
def both(request: pytest.FixtureRequest, made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Query, Query]:
    """A reader with the counts and one without any."""
    place = tmp_path_factory.mktemp("layout")
    shutil.copytree(made, place / "with")
    request.param(place / "with")
    shutil.copytree(place / "with", place / "without", ignore=shutil.ignore_patterns("counts"))
    return query(place / "with"), query(place / "without")


@settings(max_examples=25)
@given(
    begin=st.integers(-3 * DAY_MS, 0) | st.integers(-3 * 288, 0).map(lambda steps: steps * COUNT_GRID_MS),
    length=st.integers(0, 3 * DAY_MS) | st.integers(0, 3 * 288).map(lambda steps: steps * COUNT_GRID_MS),
    bin_ms=st.sampled_from([COUNT_GRID_MS, 3 * COUNT_GRID_MS, 7 * 60_000, HOUR_MS, 5 * HOUR_MS, DAY_MS]),
    classes=st.sets(st.sampled_from(MachineClass), max_size=2),
    cameras=st.sampled_from([(), ("cam-1",), ("cam-2", "cam-9")]),
    sources=st.sampled_from([(), (("street-1", "cam-1"),), (("other", "cam-1"), ("street-0", "cam-0"))]),
)
def test_counts_are_those_of_the_rows(
    both: tuple[Query, Query],
    begin: int,
    length: int,
    bin_ms: int,
    classes: set[MachineClass],
    cameras: tuple[str, ...],
    sources: tuple[tuple[str, str], ...],
) -> None:
    from_ms = NOW_MS + HOUR_MS + begin
    to_ms = from_ms + min(length, 400 * bin_ms)
    span = Filter(from_ms, to_ms, cameras, sources, Wanted(cls=tuple(sorted(classes))))
    kept, read = (each.counts(span, bin_ms) for each in both)
    assert kept.model_copy(update={"rows_read": 0}) == read.model_copy(update={"rows_read": 0})


def test_a_count_on_the_grid_reads_no_row(made: Path) -> None:
    whole = Filter(NOW_MS - 3 * DAY_MS, NOW_MS + HOUR_MS)
    found = query(made).counts(whole, HOUR_MS)
    assert (found.machines > 0, found.rows_read) == (True, 0)
    late = Filter(NOW_MS - 3 * DAY_MS, NOW_MS + HOUR_MS, wanted=Wanted(cls=(MachineClass.CAR,)))
    assert query(made).counts(late, 3 * HOUR_MS).rows_read == 0


def test_only_rows_that_came_later_are_read(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "archive")
    writer = archiver(tmp_path / "archive", first_hours=1)
    span = Filter(NOW_MS - 3 * DAY_MS, NOW_MS + HOUR_MS)
    before = query(tmp_path / "archive").counts(span, HOUR_MS)
    writer.commit([entry(9_100 + number, machines=(CAR, BIKE)) for number in range(4)], now_ms=LATER_MS)
    after = query(tmp_path / "archive").counts(span, HOUR_MS)
    assert (after.machines - before.machines, after.rows_read) == (8, 8)


def test_a_count_beyond_what_one_question_may_read_is_whole(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ray_cluster.query.counting.MAX_ROWS", 5)
    span = Filter(NOW_MS - 3 * DAY_MS, NOW_MS + HOUR_MS)
    assert query(made).counts(span, HOUR_MS).days_left_out == ()
    assert query(made).counts(Filter(span.from_ms + 1, span.to_ms), HOUR_MS).days_left_out != ()


def test_upkeep_counts_an_open_window_and_adds_what_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ray_cluster.maintenance.upkeep.SMALL_FRAGMENTS", 3)
    writer, keeper = archiver(tmp_path), upkeep(tmp_path)
    store = CountsStore(tmp_path, offset_minutes=OFFSET_MINUTES)
    name = "20261124"
    counted = []
    for start in range(0, 12, 2):
        writer.commit([entry(start), entry(start + 1)], now_ms=NOW_MS)
        keeper.run_once(now_ms=NOW_MS)
        kept = store.of(name)
        assert kept is not None
        counted.append((kept.rows, int(kept.machines.sum())))
    assert counted[0] == (2, 2)
    assert counted[-1][0] > 6
    assert all(rows == machines for rows, machines in counted)


def test_counting_in_steps_is_counting_at_once(made: Path, tmp_path: Path) -> None:
    span = span_ms(window_names(connect(made))[0], OFFSET_MINUTES)[0], NOW_MS + HOUR_MS
    one = connect(tmp_path).create_table("one", tables_of(made)[0].to_arrow())
    kept: WindowCounts | None = None
    for table in tables_of(made)[1:6]:
        kept = brought_up(kept, one, span)
        one.add(table.to_arrow(), on_bad_vectors="null")
    kept, fresh = brought_up(kept, one, span), brought_up(None, one, span)
    assert kept.rows == fresh.rows == one.count_rows()
    order = [kept.sources.index(source) for source in fresh.sources]
    assert np.array_equal(kept.machines[order], fresh.machines)


def test_a_window_with_too_many_numbers_is_read(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(made, tmp_path / "archive")
    shutil.rmtree(tmp_path / "archive" / "counts")
    monkeypatch.setattr(machine_counts, "MOST_CELLS", 0)
    upkeep(tmp_path / "archive").run_once(now_ms=LATER_MS)
    monkeypatch.undo()
    assert len(files(tmp_path / "archive")) == len(files(made))
    span = Filter(NOW_MS - 3 * DAY_MS, NOW_MS + HOUR_MS)
    found, known = (query(place).counts(span, HOUR_MS) for place in (tmp_path / "archive", made))
    assert found.model_copy(update={"rows_read": 0}) == known
    assert found.rows_read > 0


def test_counts_go_with_their_window(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "archive")
    writer = archiver(tmp_path / "archive", first_hours=1, now_ms=NOW_MS + 60 * DAY_MS)
    writer.commit([entry(9_200, at_ms=NOW_MS + 60 * DAY_MS)], now_ms=NOW_MS + 60 * DAY_MS)
    kept = {path.name for path in files(tmp_path / "archive")}
    assert kept <= set(window_names(connect(tmp_path / "archive")))


def test_the_numbers_in_memory_are_bounded(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ray_cluster.archive.summaries.counts_store._CACHE_BYTES", 2_000)
    store = CountsStore(made, offset_minutes=OFFSET_MINUTES)
    for path in files(made) * 2:
        found = store.of(path.name)
        assert found is not None
        assert store._bytes == sum(kept.machines.nbytes for _, kept in store._read.values())
        assert store._bytes <= max(2_000, found.machines.nbytes)
