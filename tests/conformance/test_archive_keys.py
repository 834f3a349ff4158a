"""What an archive knows of the keys that it holds: it may doubt what is new, and never calls new what is there."""

from pathlib import Path

import pytest

from ray_cluster.errors import ArchiveWriteFailed
from tests.ray_cluster.world import DAY_MS, NOW_MS, archiver, entry, query


def test_of_what_is_new_no_table_is_asked_and_what_is_archived_is_found_by_every_later_writer(tmp_path: Path) -> None:
    archived, new = [entry(1), entry(2, at_ms=NOW_MS + 2 * DAY_MS)], [entry(3)]  # a clock two days ahead
    writer = archiver(tmp_path)
    writer.commit(archived, now_ms=NOW_MS)
    assert writer.surely_absent([each.sighting for each in new])
    for each in archived:
        assert not writer.surely_absent([new[0].sighting, each.sighting])
    later = archiver(tmp_path)
    later.known([new[0].sighting])  # from here on it knows what the day holds
    assert later.surely_absent([new[0].sighting])
    for each in archived:
        assert not later.surely_absent([each.sighting])
        assert set(later.known([new[0].sighting, each.sighting])) == {each.row_key}


def test_keys_that_could_not_be_read_to_the_end_are_read_again_before_anything_is_called_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archiver(tmp_path).commit([entry(1), entry(2)], now_ms=NOW_MS)
    later = archiver(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr("ray_cluster.archive.archiver.marks_of_column", _unreadable)
        with pytest.raises(ArchiveWriteFailed):
            later.commit([entry(1)], now_ms=NOW_MS)
    assert not later.surely_absent([entry(1).sighting])
    assert [receipt.fresh for receipt in later.commit([entry(1), entry(3)], now_ms=NOW_MS)] == [False, True]
    assert query(tmp_path).status().rows == 3


def _unreadable(_column: object) -> None:
    raise OSError("Input/output error")


def test_a_day_that_nobody_looked_into_yet_is_not_called_empty(tmp_path: Path) -> None:
    archiver(tmp_path).commit([entry(1)], now_ms=NOW_MS)
    assert not archiver(tmp_path).surely_absent([entry(2).sighting])
