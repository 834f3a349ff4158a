"""The bench of a month: copies share their files and have times of their own, and pages find what was put in."""

from argparse import Namespace
from pathlib import Path

import pytest

from bench.cluster.archive import month
from bench.cluster.archive.city import DAY_START_MS
from bench.cluster.archive.load import OFFSET_MINUTES
from provisioning.contracts.query.search import Wanted
from ray_cluster.archive.lance_tables import connect, window_names
from ray_cluster.archive.schema import OBJECTS
from ray_cluster.archive.summaries.store import Summaries
from ray_cluster.query.filters import Cursor, Filter
from ray_cluster.query.reader import Query

WINDOWS = 6
MACHINES = 3000
RARE_ROWS = 3
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("month")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(month, "RARE_ROWS", RARE_ROWS)
        month.make(place, MACHINES, WINDOWS)
    month.summarise_all(place)
    return place


def _found(folder: Path, wanted: Wanted) -> list[int]:
    """Capture times of all rows that match, page by page."""
    read = Query(month.archive_of(folder), offset_minutes=OFFSET_MINUTES)
    times: list[int] = []
    cursor: Cursor | None = None
    while True:
        page = read.observations(Filter(wanted=wanted), limit=20, cursor=cursor)
        times += [item.snapshot.captured_at_ms for item in page.items]
        if page.next_cursor is None:
            return times
        cursor = Cursor.parse(page.next_cursor)


def test_a_month_has_what_was_put_in_it_newest_first(folder: Path) -> None:
    single = _found(folder, month.SINGLE)
    assert [(at_ms - DAY_START_MS) // HOUR_MS for at_ms in single] == list(reversed(range(WINDOWS)))
    rare = _found(folder, month.RARE)
    assert len(rare) == month.RARE_WINDOWS * RARE_ROWS
    assert rare == sorted(rare, reverse=True)
    assert {(at_ms - DAY_START_MS) // HOUR_MS for at_ms in rare} == month.rare_windows(WINDOWS)
    assert len(_found(folder, month.RARE_CLASS)) == len(rare)
    assert _found(folder, month.NOWHERE) == []


def test_copies_share_all_but_times(folder: Path) -> None:
    tables = month.archive_of(folder) / "tables"
    common = [name for at, name in enumerate(_names(folder)) if at not in month.rare_windows(WINDOWS)]
    assert common
    for name in common:
        sizes = {True: 0, False: 0}
        for path in (tables / f"{OBJECTS}{name}.lance").rglob("*.lance"):
            if path.is_file():
                sizes[path.stat().st_nlink > 1] += path.stat().st_size
        assert 0 < sizes[False] < sizes[True] / 10


def _names(folder: Path) -> tuple[str, ...]:
    return window_names(connect(month.archive_of(folder)))


def test_a_shifted_summary_is_the_one_that_upkeep_would_write(folder: Path) -> None:
    tables = connect(month.archive_of(folder))
    summaries = Summaries(month.archive_of(folder), tables)
    for name in window_names(tables):
        before = (month.archive_of(folder) / "summaries" / name).read_bytes()
        summaries.write(name, tables.open_table(OBJECTS + name))
        assert (month.archive_of(folder) / "summaries" / name).read_bytes() == before


def test_each_kind_of_question_gets_figures(folder: Path) -> None:
    options = Namespace(questions=1, cold=0, seconds=0.0, only=None)
    asked = list(month.ask(folder, WINDOWS, options))
    assert {each.what for each in asked if each.page == 1} == set(month.KINDS)
    assert all(each.cpu_p95_ms > 0 for each in asked)
