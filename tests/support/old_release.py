"""Runs the code of the release before the modules moved, out of the repository's history."""

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]
COMMIT: Final = "d5e6af1"
"""Names the last commit with every module where it was before the move."""
PROGRAMS: Final = ROOT / "tests/scenarios/old_release"
"""Holds programs against that commit's modules, as .py.txt, which no rewriting of imports and no type checker reads."""


def old_release(folder: Path) -> Path:
    """Lay that commit's files into `folder`; skips the test where the repository's history does not reach so far."""
    archive = subprocess.run(["git", "archive", COMMIT], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode != 0:
        pytest.skip(f"commit {COMMIT} is not in this repository: run `git fetch --unshallow`, or test in a whole clone")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tree:
        tree.extractall(folder, filter="data")
    return folder


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
