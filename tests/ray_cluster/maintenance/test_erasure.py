"""One picture is erased at once, whole, and again if it has to be."""

import hashlib
import json
from pathlib import Path

import pytest

from ray_cluster.archive.lance_tables import connect
from ray_cluster.archive.packs import Packs
from ray_cluster.archive.schema import OBJECTS
from ray_cluster.errors import ArchiveUnreadable, PictureErased, UnknownObservation
from ray_cluster.maintenance.erasure import LIST, erase, erased
from tests.ray_cluster.world import BIKE, CAR, NOW_MS, OFFSET_MINUTES, archiver, entry, look, query, upkeep

KEY = entry(2).row_key


def act(directory: Path, key: str = KEY, at_ms: int = NOW_MS) -> tuple[bool, int, bool]:
    done = erase(directory, key, offset_minutes=OFFSET_MINUTES, now_ms=at_ms, reason="asked for by a court")
    return done.picture, done.machines, done.again


@pytest.fixture
def place(tmp_path: Path) -> Path:
    entries = [entry(n, machines=(CAR, BIKE), appearances=(look(n), look(n + 50))) for n in (1, 2, 3)]
    archiver(tmp_path).commit(entries, now_ms=NOW_MS)
    return tmp_path


def test_the_bytes_the_vectors_and_nothing_else_are_gone(place: Path) -> None:
    assert act(place) == (True, 2, False)
    read = query(place)
    row = read.observation(KEY)
    assert row.snapshot.erased_at_ms == NOW_MS
    assert len(row.machines) == 2
    with pytest.raises(PictureErased):
        read.picture(KEY)
    for number in (1, 3):
        assert read.picture(entry(number).row_key) == entry(number).jpeg
        assert read.observation(entry(number).row_key).snapshot.erased_at_ms is None
    objects = connect(place).open_table(OBJECTS + "20261124")
    assert objects.count_rows() == 6
    assert objects.count_rows("vector IS NULL") == objects.count_rows(f"row_key = '{KEY}'") == 2
    assert read.status().rows == 3


def test_again_changes_nothing_and_the_writer_goes_on(place: Path) -> None:
    writer = archiver(place)
    act(place)
    assert act(place, at_ms=NOW_MS + 7) == (True, 0, True)
    assert query(place).observation(KEY).snapshot.erased_at_ms == NOW_MS
    assert not writer.commit([entry(2)], now_ms=NOW_MS)[0].fresh  # a repetition does not bring it back
    with pytest.raises(PictureErased):
        query(place).picture(KEY)
    assert upkeep(place).run_once(now_ms=NOW_MS).faults == ()
    lines = [json.loads(line) for path in (place / "audit").iterdir() for line in path.read_text().splitlines()]
    assert [line["reason"] for line in lines] == ["asked for by a court"] * 2


def test_a_crash_after_the_bytes_is_made_whole_by_the_next_call(place: Path) -> None:
    where = query(place).observation(KEY).snapshot.place
    assert where is not None
    Packs(place / "packs").erase(where)
    assert act(place) == (True, 2, False)
    with (place / LIST).open("a") as file:
        file.write('{"row_key": "cut o')
    assert len(list(erased(place))) == 1
    act(place, entry(1).row_key)
    assert [each.row_key for each in erased(place)] == [KEY, entry(1).row_key]
    (place / LIST).write_text("not ours\n")
    with pytest.raises(ArchiveUnreadable, match="restore the file"):
        list(erased(place))  # a whole line that nobody can read is said, not skipped


def test_what_is_not_there_is_said(place: Path) -> None:
    with pytest.raises(UnknownObservation):
        act(place, f"street:{'0' * 32}")
    assert hashlib.sha256(query(place).picture(KEY)).hexdigest() == entry(2).snapshot.picture.sha256
