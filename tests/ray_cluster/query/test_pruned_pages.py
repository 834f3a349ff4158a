"""Pages over windows with summaries are what a reader of all rows finds, and windows without a match stay closed."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.query.search import Wanted
from ray_cluster.archive.lance_tables import connect, window_names
from ray_cluster.archive.schema import OBJECTS
from ray_cluster.archive.summaries import summary as summary_module
from ray_cluster.archive.summaries.store import Pruner, Summaries
from ray_cluster.archive.windows import span_ms
from ray_cluster.query import machine_search
from ray_cluster.query.filters import Filter
from ray_cluster.query.machine_search import MachinePages
from ray_cluster.query.reader import Query
from tests.ray_cluster.query.test_search import ENTRIES, FILTERS, all_pages, expected
from tests.ray_cluster.world import CAR, DAY_MS, NOW_MS, OFFSET_MINUTES, archiver, entry, look, query, upkeep

LATER_MS = NOW_MS + DAY_MS
"""All windows of `ENTRIES` are over by then."""
LATE = 12
Layout = Callable[[Path], None]


def summaries(directory: Path) -> Summaries:
    return Summaries(directory, connect(directory))


def files(directory: Path) -> list[Path]:
    return sorted((directory / "summaries").iterdir())


def _as_written(_: Path) -> None:
    pass


def _half_without(directory: Path) -> None:
    for path in files(directory)[::2]:
        path.unlink()


def _damaged(directory: Path) -> None:
    for number, path in enumerate(files(directory)):
        content = path.read_bytes()
        if number % 3 == 0:
            path.write_bytes(content[: len(content) * (number + 1) // 20])
        elif number % 3 == 1:
            path.write_bytes(content.replace(b"red", b"pad"))


def _late(directory: Path) -> None:
    archiver(directory, first_hours=1).commit([*ENTRIES[-LATE:]], now_ms=LATER_MS)


LAYOUTS: dict[str, tuple[Layout, bool]] = {
    "as written": (_as_written, True),
    "half without": (_half_without, True),
    "damaged": (_damaged, True),
    "late rows": (_late, False),
}


NARROW: dict[str, int] = {
    "MAX_WINDOWS": 2,
    "_FEW": 2,
    "_MIN_BATCH": 5,
    "_BATCHES": 1,
    "_LEAST_MS": 60_000,
    "_WIDER": 2,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """The rows in windows of an hour, summarised: all of them, and all but the last ones."""
    found = {}
    for whole in (True, False):
        place = tmp_path_factory.mktemp("archive")
        writer = archiver(place, first_hours=1)
        entries = ENTRIES if whole else ENTRIES[:-LATE]
        for start in range(0, len(entries), 20):
            writer.commit(entries[start : start + 20], now_ms=NOW_MS)
        assert upkeep(place).run_once(now_ms=LATER_MS).faults == ()
        assert [path.name for path in files(place)] == list(window_names(connect(place)))
        found[whole] = place
    return found


@pytest.fixture(scope="module", params=[(name, False) for name in LAYOUTS] + [("half without", True)], ids=str)
def read(
    request: pytest.FixtureRequest, made: dict[bool, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Query]:
    """Pages of each layout; of one with bounds so small that every way through a window is taken."""
    name, narrow = request.param
    change, whole = LAYOUTS[name]
    place = tmp_path_factory.mktemp("layout") / "archive"
    shutil.copytree(made[whole], place)
    change(place)
    with pytest.MonkeyPatch.context() as patch:
        for bound, value in NARROW.items() if narrow else ():
            patch.setattr(machine_search, bound, value)
        yield query(place)


@settings(max_examples=12)
@given(wanted=FILTERS, limit=st.sampled_from([4, 7, 40]))
def test_pages_are_the_machines_that_fit_whatever_the_summaries(read: Query, wanted: Filter, limit: int) -> None:
    assert all_pages(read, wanted, limit) == expected(wanted)


@settings(max_examples=60)
@given(wanted=FILTERS)
def test_a_summary_never_says_fewer_machines_than_match(made: dict[bool, Path], wanted: Filter) -> None:
    tables = connect(made[True])
    pruner = Pruner(Summaries(made[True], tables), wanted.wanted, wanted.camera_ids, wanted.sources)
    for name in window_names(tables):
        found = pruner.estimate(name)
        there = tables.open_table(OBJECTS + name).count_rows(wanted.object_conditions(span_ms(name, OFFSET_MINUTES)))
        assert found is not None
        assert found.most >= there


def _opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    opened: list[str] = []
    keys = MachinePages._keys

    def recorded(self: MachinePages, window: str, *rest: object) -> object:
        opened.append(window)
        return keys(self, window, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(MachinePages, "_keys", recorded)
    return opened


def test_windows_without_a_match_are_not_opened(made: dict[bool, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    opened = _opened(monkeypatch)
    read = query(made[True])
    for wanted in (
        Filter(wanted=Wanted(colour=(MachineColour.PINK,))),
        Filter(wanted=Wanted(min_side_px=21)),
        Filter(wanted=Wanted(zone=("nowhere",))),
        Filter(camera_ids=("cam-9",), wanted=Wanted(colour=(MachineColour.RED,))),
        Filter(sources=(("street-9", "cam-1"),), wanted=Wanted(colour=(MachineColour.RED,))),
    ):
        assert all_pages(read, wanted, 4) == expected(wanted) == []
    assert opened == []
    read.observations(Filter(wanted=Wanted(colour=(MachineColour.RED,))), limit=4)
    assert opened != []


def test_a_window_with_too_many_kinds_is_read(
    made: dict[bool, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(made[True], tmp_path / "archive")
    for path in files(tmp_path / "archive"):
        path.unlink()
    monkeypatch.setattr(summary_module, "MOST_KINDS", 0)
    keeper = upkeep(tmp_path / "archive")
    keeper.run_once(now_ms=LATER_MS)
    before = {path: path.stat().st_mtime_ns for path in files(tmp_path / "archive")}
    wanted = Filter(wanted=Wanted(colour=(MachineColour.RED,)))
    pruner = Pruner(summaries(tmp_path / "archive"), wanted.wanted, (), ())
    found = [pruner.estimate(path.name) for path in before]
    assert None in found
    # A window without any machine has no kind.
    assert all(each is None or each.most == 0 for each in found)
    assert all_pages(query(tmp_path / "archive"), wanted, 7) == expected(wanted)
    keeper.run_once(now_ms=LATER_MS + DAY_MS)
    assert {path: path.stat().st_mtime_ns for path in files(tmp_path / "archive")} == before


def test_a_summary_that_is_cut_short_or_changed_is_none(made: dict[bool, Path], tmp_path: Path) -> None:
    (tmp_path / "summaries").mkdir()
    name = files(made[True])[-1].name
    content = (made[True] / "summaries" / name).read_bytes()
    store = Summaries(tmp_path, connect(made[True]))
    path = tmp_path / "summaries" / name
    path.write_bytes(content)
    assert store.of(name) is not None
    for at in range(0, len(content), 7):
        for other in (content[:at], content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]):
            path.write_bytes(other)
            assert Summaries(tmp_path, connect(made[True])).of(name) is None


def test_a_late_machine_of_a_new_kind_is_found_at_once_and_then_summarised(tmp_path: Path) -> None:
    writer = archiver(tmp_path, first_hours=1)
    writer.commit([entry(1, at_ms=NOW_MS - 1, appearances=(look(1, colour=MachineColour.RED),))], now_ms=NOW_MS)
    keeper = upkeep(tmp_path)
    keeper.run_once(now_ms=LATER_MS)
    read, pink = query(tmp_path), Filter(wanted=Wanted(colour=(MachineColour.PINK,)))
    assert read.observations(pink, limit=5).items == ()
    late = entry(2, at_ms=NOW_MS - 2, machines=(CAR,), appearances=(look(2, colour=MachineColour.PINK),))
    writer.commit([late], now_ms=LATER_MS)
    (name,) = window_names(connect(tmp_path))
    assert summaries(tmp_path).of(name) is None
    assert [item.snapshot.row_key for item in read.observations(pink, limit=5).items] == [late.row_key]
    keeper.run_once(now_ms=LATER_MS + DAY_MS)
    assert summaries(tmp_path).of(name) is not None
    assert [item.snapshot.row_key for item in read.observations(pink, limit=5).items] == [late.row_key]
