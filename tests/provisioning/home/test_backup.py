"""The home in one file and back: byte by byte, and the agents' certificates count as before."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.files import backup
from tests.support.office import Technician, cameras_csv


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with agents, cameras and a theft."""
    place = tmp_path_factory.mktemp("lived-in")
    made = Technician(place / "home")
    made.sets_up("cabinet-7", "cabinet-8")
    rows = [("gate", "Gate", "rtsp://10.0.0.9/gate", "admin", "Gate-2026", "", "")]
    made.asks("cameras", "import", "cabinet-7", cameras_csv(place / "cameras.csv", rows))
    made.asks("revoke", "cabinet-8", "--reason", "stolen", "--yes")
    return place / "home"


@pytest.fixture
def technician(lived_in: Path, tmp_path: Path) -> Technician:
    shutil.copytree(lived_in, tmp_path / "home")
    return Technician(tmp_path / "home")


def kept(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in {".lock", ".sqlite3", ".sqlite3-wal", ".sqlite3-shm"}
        and "broker/" not in path.as_posix()
    }  # fmt: skip


def test_a_home_that_was_lost_comes_back(technician: Technician, tmp_path: Path) -> None:
    before = kept(technician.directory), technician.asks("status")
    file = Path(technician.asks("backup", tmp_path / "kept")["file"])
    assert file.stat().st_mode & 0o777 == 0o600
    shutil.rmtree(technician.directory)
    technician.asks("restore", file)
    assert (kept(technician.directory), technician.asks("status")) == before
    assert technician.directory.stat().st_mode & 0o777 == 0o700
    technician.asks("broker", "render")
    assert "is not empty" in technician.refused("restore", file)


def test_what_the_broker_keeps_is_rendered_anew(technician: Technician, tmp_path: Path) -> None:
    """So no state of the broker's is in the backup: the same bytes come of the restored home."""
    technician.asks("broker", "render")
    before = {path.name: path.read_bytes() for path in (technician.directory / "broker").iterdir() if path.is_file()}
    file = Path(technician.asks("backup", tmp_path / "kept")["file"])
    shutil.rmtree(technician.directory)
    technician.asks("restore", file)
    assert not (technician.directory / "broker").exists()
    technician.asks("broker", "render")
    assert {p.name: p.read_bytes() for p in (technician.directory / "broker").iterdir() if p.is_file()} == before


def test_a_half_written_backup_is_refused_and_the_home_stays_away(technician: Technician, tmp_path: Path) -> None:
    whole = Path(technician.asks("backup", tmp_path / "kept")["file"])
    shutil.rmtree(technician.directory)
    content = whole.read_bytes()
    for length in (0, 512, 2000, len(content) // 2, content.rindex(b"PRIVATE KEY")):
        half = tmp_path / "half.wayside-backup"
        half.write_bytes(content[:length])
        assert str(half) in technician.refused("restore", half)
        assert not technician.directory.exists()
    assert not list(tmp_path.glob("*.restoring"))


@given(cut=st.floats(min_value=0, max_value=0.9))
def test_no_part_of_a_backup_is_taken_for_a_whole(cut: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("cut")
    (place / "key").write_bytes(b"k" * 5000)
    made = backup.make(place, "home", {"seal/key": place / "key"}, now=datetime.now(UTC), keep=1)
    content = made.read_bytes()
    # What follows the last file is padding: a tar may end in any number of zeroes.
    made.write_bytes(content[: int(len(content.rstrip(b"\0")) * cut)])
    with pytest.raises(backup.BackupError):
        backup.restore(made, "home", place / "into")
    assert not (place / "into").exists()
