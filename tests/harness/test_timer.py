"""The timer of a test, in a suite of its own: a wait that never ends fails its test, and the others still run."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support import waiting

ROOT = Path(__file__).parents[2]
SUITE = """
import asyncio, signal, threading, time

def test_blocked():
    threading.Event().wait()

def test_slept():
    time.sleep(600)

def test_deaf():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    threading.Event().wait()

def test_awaited():
    asyncio.run(asyncio.Event().wait())

def test_well():
    pass
"""


def run(folder: Path, *tests: str, before: str = "") -> "subprocess.CompletedProcess[str]":
    (folder / "test_suite.py").write_text(SUITE, encoding="utf-8")
    (folder / "conftest.py").write_text(
        f"from tests.support import timer\npytest_plugins = ['tests.support.timer']\n{before}\n", encoding="utf-8"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "pytest_timeout", "-p", "no:cacheprovider", "--timeout=0.5"]
    nodes = [f"test_suite.py::test_{name}" for name in tests]
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # others are half of the start
    return subprocess.run(
        [*command, *nodes],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=waiting.LONG_S,
    )  # fmt: skip


def test_a_test_that_does_not_end_fails_by_its_name_and_the_next_one_runs(tmp_path: Path) -> None:
    done = run(tmp_path, "blocked", "slept", "awaited", "well")
    assert done.returncode == 1
    for name in ("blocked", "slept", "awaited"):
        assert f"FAILED test_suite.py::test_{name} - Failed: no end within 0.5 s of patience" in done.stdout
        assert re.search(rf'File ".*test_suite\.py", line \d+ in test_{name}', done.stdout), "its stack is shown"
    assert "3 failed, 1 passed" in done.stdout


def test_one_that_hears_no_signal_is_ended_with_its_process(tmp_path: Path) -> None:
    done = run(tmp_path, "deaf", "well", before="timer.GRACE_S = 0.5")
    assert done.returncode == 1
    assert "Timeout" in done.stdout
    assert "in test_deaf" in done.stdout
