"""One file that several threads and processes read, write and watch."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioning.errors import RegisterError
from provisioning.home.cameras import Plans
from provisioning.home.database import RegisterFile
from provisioning.home.recorders import RecorderBook


@pytest.fixture
def file(tmp_path: Path) -> RegisterFile:
    return RegisterFile.create(tmp_path / "register.sqlite3")


def put(file: RegisterFile, name: str) -> None:
    with file.writing() as db:
        db.execute("INSERT INTO counter VALUES (?, 1)", (name,))


def count(file: RegisterFile) -> int:
    with file.reading() as db:
        return int(db.execute("SELECT count(*) FROM counter").fetchone()[0])


def elsewhere(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_reading_within_reading_sees_the_same_moment(file: RegisterFile) -> None:
    with file.reading():
        assert count(file) == 0
        elsewhere(lambda: put(file, "a"))
        assert count(file) == 0
    assert count(file) == 1


def test_another_thread_reads_for_itself(file: RegisterFile) -> None:
    seen: list[int] = []
    with file.reading():
        assert count(file) == 0
        put(file, "a")
        elsewhere(lambda: seen.append(count(file)))
    assert seen == [1]


def test_an_error_while_reading_leaves_nothing_behind(file: RegisterFile) -> None:
    with pytest.raises(KeyError), file.reading():
        raise KeyError
    put(file, "a")
    assert count(file) == 1


def test_who_watches_is_told_once_of_what_others_wrote(file: RegisterFile) -> None:
    with file.watching() as has_changed:
        assert has_changed()
        assert not has_changed()
        put(file, "a")
        elsewhere(lambda: put(file, "b"))
        assert has_changed()
        assert not has_changed()
        assert count(file) == 2
        with pytest.raises(RegisterError):
            put(file, "a")  # there is one: rolled back, so nothing has changed
        assert not has_changed()


def test_a_register_of_before_a_column_gets_it_and_keeps_its_cameras(file: RegisterFile) -> None:
    with file.writing() as db:
        db.execute("DROP TABLE recorder")
        db.execute("ALTER TABLE camera DROP COLUMN bearing_deg")
        db.execute("PRAGMA user_version = 1")
        db.execute("INSERT INTO site VALUES ('north', 'North', NULL, NULL, 1)")
        db.execute("INSERT INTO agent VALUES ('a-1', 'north', 1, NULL, NULL, NULL)")
        db.execute("INSERT INTO camera VALUES ('a-1', 'c-1', 'Gate', 'rtsp://h/1', NULL, NULL, NULL, NULL)")
    for _ in range(2):
        file.upgrade()
    (camera,) = Plans(file, lambda: 1).cameras("a-1")
    assert (camera.name, camera.bearing_deg) == ("Gate", None)
    assert RecorderBook(file).of("a-1") == []


def test_a_file_that_is_gone_is_one_clear_error(file: RegisterFile, tmp_path: Path) -> None:
    (tmp_path / "register.sqlite3").unlink()
    with pytest.raises(RegisterError, match="cannot be used"):
        count(file)
    with pytest.raises(RegisterError, match="cannot be used"), file.watching():
        pass
