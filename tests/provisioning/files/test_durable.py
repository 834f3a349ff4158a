"""Files that are replaced whole: old or new, with their mode, on the disk."""

import os
import stat
from pathlib import Path

import pytest

from provisioning.files import durable
from tests.support.power_cut import Disk


def test_a_file_that_is_replaced_and_its_name_are_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    assert durable.write(tmp_path / "state", b"one") == tmp_path / "state"
    durable.write(tmp_path / "state", b"two", mode=durable.PUBLIC)
    assert (disk.renamed, disk.lost, disk.unsettled) == (["state", "state"], [], [])
    assert (tmp_path / "state").read_bytes() == b"two"
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_a_file_that_is_created_is_on_the_disk_and_replaces_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    durable.create(tmp_path / "key", b"one")
    assert disk.has(tmp_path / "key")
    assert disk.has(tmp_path)
    with pytest.raises(FileExistsError):
        durable.create(tmp_path / "key", b"two")
    assert (tmp_path / "key").read_bytes() == b"one"
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_folder_that_is_moved_stays_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half").mkdir()
    disk = Disk(monkeypatch)
    durable.move(tmp_path / "half", tmp_path / "whole")
    assert (disk.renamed, disk.unsettled) == (["whole"], [])


def test_an_error_of_whoever_fills_it_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    durable.write(tmp_path / "state", b"one")

    def fill() -> None:
        with durable.replacing(tmp_path / "state") as draft:
            draft.write_bytes(b"tw")
            assert stat.S_IMODE(draft.stat().st_mode) == 0o600
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fill()
    assert (tmp_path / "state").read_bytes() == b"one"
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_a_disk_that_refuses_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    durable.write(tmp_path / "state", b"one")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        durable.write(tmp_path / "state", b"two")
    assert (tmp_path / "state").read_bytes() == b"one"
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_a_name_of_255_bytes_is_none_too_many(tmp_path: Path) -> None:
    name = "路" * 85
    assert durable.write(tmp_path / name, b"one").read_bytes() == b"one"


def test_a_file_that_is_there_is_found_in_a_folder_that_nobody_can_write_to() -> None:
    with pytest.raises(FileExistsError):
        durable.create(Path("/proc/version"), b"")
