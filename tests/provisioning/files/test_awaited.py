"""Processes that wait for their configuration: they read it once it is there, and end when they are told to."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from provisioning.files.awaited import wait_for
from tests.support.waiting import LONG_S

ROOT = Path(__file__).parents[3]
WAIT = """
import sys
from pathlib import Path
from provisioning.files.awaited import wait_for
file = Path(sys.argv[1])
wait_for(file, 3600)
print(file.read_text())
"""


@contextmanager
def waiting(file: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that has said that it waits."""
    command = [sys.executable, "-c", WAIT, str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stderr is not None
        assert "not there yet" in process.stderr.readline()
        yield process
    finally:
        process.kill()
        process.communicate(timeout=LONG_S)


def test_a_file_that_comes_later_is_read(tmp_path: Path) -> None:
    with waiting(tmp_path / "volume" / "center.toml") as process:
        (tmp_path / "volume").mkdir()
        (tmp_path / "draft").write_text("whole")
        (tmp_path / "draft").rename(tmp_path / "volume" / "center.toml")
        assert process.communicate(timeout=LONG_S) == ("whole\n", "")
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_waits_ends_when_it_is_told_to(tmp_path: Path, number: signal.Signals) -> None:
    with waiting(tmp_path / "none") as process:
        process.send_signal(number)
        assert process.communicate(timeout=LONG_S) == ("", "")
    assert process.returncode == 0


def test_nothing_is_waited_for_without_need(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "there").write_text("")
    wait_for(tmp_path / "there", 3600)
    wait_for(tmp_path / "none", 0)
    assert capsys.readouterr() == ("", "")


def test_one_that_never_comes_is_named_by_its_reader(tmp_path: Path) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    wait_for(tmp_path / "none", 0.01)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
