"""A run of tests that breaks, with real workers: it ends, with exit code 1 and the names of what was running."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import waiting
from tests.support.waiting import until

SUITE = """
import os, signal, subprocess, threading
from pathlib import Path

def test_quick():
    pass

def test_long():
    Path("{name}.pid").write_text(f"{{os.getpid()}} ")
    {does}

def test_never_reached():
    pass
"""
WAITS = "threading.Event().wait()"
CONFTEST = """
from xdist.workermanage import NodeManager

NodeManager.EXIT_TIMEOUT = 1  # xdist gives a worker that was stopped ten seconds
pytest_plugins = ["tests.support.workers"]
"""


class Suite:
    """A suite of a few files, which run beside each other until somebody breaks it."""

    def __init__(self, folder: Path, **files: str) -> None:
        self.folder = folder
        (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
        for name, does in files.items():
            text = SUITE.format(name=name, does=does)
            (folder / f"test_{name}.py").write_text(text, encoding="utf-8")
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, workers: int, *arguments: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # others take three quarters of the start of each worker
        # Without a place of its own each clears what the runs of days before have left: minutes on a busy machine.
        own = ["-p", "no:cacheprovider", f"--basetemp={self.folder / 'tmp'}"]
        plugins = ["-p", "xdist.plugin", "-p", "pytest_timeout"]
        command = [sys.executable, "-m", "tests.run", *plugins, *own, *arguments]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, f"--numprocesses={workers}", "--no-loadscope-reorder"],
                cwd=self.folder, env=environment, stdout=log, stderr=log,
            )  # fmt: skip

    def pid(self, name: str) -> int:
        """The process that runs the long test of a file."""
        file = self.folder / f"{name}.pid"
        return int(until(lambda: file.exists() and file.read_text().endswith(" ") and file.read_text(), seen=self.said))

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def tell(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def code(self) -> int:
        assert self._process is not None
        return self._process.wait(waiting.LONG_S)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    """Two files whose tests wait for ever."""
    suite = Suite(tmp_path, north=WAITS, south=WAITS)
    yield suite
    suite.close()


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_a_worker_that_is_killed_ends_the_run_by_its_name_and_the_name_of_its_test(suite: Suite) -> None:
    suite.start(2)
    pids = [suite.pid(name) for name in ("north", "south")]
    os.kill(pids[1], signal.SIGKILL)
    assert suite.code() == 1, suite.said()
    said = suite.said()
    assert re.search(r"worker gw\d ended while it ran test_south\.py::test_long", said)
    assert re.search(r"gw\d ran test_north\.py::test_long", said)
    assert "FAILED test_south.py::test_long" in said
    assert re.search(r'File ".*test_north\.py", line \d+ in test_long', said), "the stacks of the others are shown"
    assert not any(map(is_there, pids))


def test_a_worker_that_ends_by_itself_ends_the_run_where_xdist_waits_for_ever(tmp_path: Path) -> None:
    """It hands two files on, one of them to nobody: the other workers were told to end."""
    suite = Suite(tmp_path)
    first = "import os, time\ndef test_quick(): pass\ndef test_long():\n    time.sleep(1)\n    os._exit(1)\n"
    (tmp_path / "test_a.py").write_text(first, encoding="utf-8")
    for name in ("b", "c", "d"):
        (tmp_path / f"test_{name}.py").write_text("def test_1(): pass\ndef test_2(): pass\n", encoding="utf-8")
    suite.start(2)
    assert suite.code() == 1
    assert re.search(r"worker gw\d ended while it ran test_a\.py::test_long", suite.said())


def test_a_run_that_is_told_to_end_says_what_was_running_and_leaves_nothing(tmp_path: Path) -> None:
    flees = "Path('child.pid').write_text(f\"{subprocess.Popen(['sleep', '1000'], start_new_session=True).pid} \")"
    suite = Suite(tmp_path, north=f"{flees}; {WAITS}", south="os.kill(os.getpid(), signal.SIGSTOP)")
    suite.start(2)
    pids = [suite.pid(name) for name in ("north", "south", "child")]
    suite.tell(signal.SIGTERM)
    assert suite.code() == 1
    said = suite.said()
    for name in ("north", "south"):
        assert re.search(rf"gw\d ran test_{name}\.py::test_long", said)
    assert re.search(r'File ".*test_north\.py", line \d+ in test_long', said)
    assert re.search(r"ended what the run left: .*sleep 1000", said)
    assert not any(map(is_there, pids))


def test_a_run_that_does_not_end_within_its_limit_is_told_to_end(tmp_path: Path) -> None:
    suite = Suite(tmp_path, north=WAITS)
    suite.start(0, "--minutes=0.05")
    assert suite.code() == 1
    assert "no end within 0.05 minutes of patience" in suite.said()


def test_a_run_without_workers_says_what_was_running_too(tmp_path: Path) -> None:
    suite = Suite(tmp_path, north=WAITS)
    suite.start(0)
    suite.pid("north")
    suite.tell(signal.SIGTERM)
    assert suite.code() == 1
    assert "ended from outside while it ran test_north.py::test_long (call)" in suite.said()


@pytest.mark.parametrize(("chosen", "code"), [("long", 0), ("nothing", 5)])
def test_a_run_that_ends_has_the_exit_code_of_pytest(chosen: str, code: int, tmp_path: Path) -> None:
    suite = Suite(tmp_path, north="pass")
    suite.start(0, "-k", chosen)
    assert suite.code() == code
