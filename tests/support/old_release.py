"""Runs the code of the release before the modules moved, out of the repository's history."""

import compileall
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.kept import kept

ROOT: Final = Path(__file__).parents[2]
COMMIT: Final = "d5e6af1"
"""Names the last commit with every module where it was before the move."""
PROGRAMS: Final = ROOT / "tests/scenarios/old_release"
"""Holds programs against that commit's modules, as .py.txt, which no rewriting of imports and no type checker reads."""


def require_history() -> None:
    """Skip the test, or the module that calls this while it is imported, where history does not reach to the commit.

    A shallow clone is no missing peer: REQUIRE_PEERS fails tests that skip, and leaves modules alone.
    """
    if subprocess.run(
        ["git", "cat-file", "-e", f"{COMMIT}^{{tree}}"], cwd=ROOT, capture_output=True, check=False
    ).returncode:
        reason = f"commit {COMMIT} is not in this repository: run `git fetch --unshallow`, or test in a whole clone"
        pytest.skip(reason, allow_module_level=True)


def old_release() -> Path:
    """Return a folder with that commit's files, compiled; skips the test where the history does not reach so far."""
    require_history()

    def make(folder: Path) -> None:
        archive = subprocess.run(["git", "archive", COMMIT], cwd=ROOT, capture_output=True, check=True)
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tree:
            tree.extractall(folder, filter="data")
        compileall.compile_dir(folder, quiet=2)

    return kept("before", f"{COMMIT} {sys.version}", make)


def run_old(tree: Path, program: str, folder: Path) -> Any:
    """Run a program of `PROGRAMS` in `folder` with the old release's modules; returns its report, one line of JSON."""
    done = subprocess.run(
        [sys.executable, "-P", PROGRAMS / "start.py.txt", tree, PROGRAMS / f"{program}.py.txt", folder],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(tree)},
        cwd=folder,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])
