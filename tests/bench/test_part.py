"""A part of a report ends, by itself or at its limit, and leaves nothing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.waiting import LONG_S

ROOT = Path(__file__).parents[2]

REPORTS = 'import pathlib, sys; pathlib.Path(sys.argv[sys.argv.index("--json") + 1]).write_text("{\\"found\\": 1}")\n'
FAILS = REPORTS + "sys.exit(3)\n"
SILENT = "pass\n"
HANGS = (
    REPORTS
    + """
import subprocess, tempfile, time
pathlib.Path(tempfile.gettempdir(), "left").write_bytes(bytes(9))
child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
pathlib.Path("started").write_text(f"{child.pid} {tempfile.gettempdir()}")
time.sleep(1000)
"""
)
# In a process of its own, since `run` ends every child of the process that calls it.
_RUNS = """
import json, sys
from dataclasses import asdict
from bench.part import Part, run
print(json.dumps(asdict(run(Part("it", "it", limit_s=float(sys.argv[1]))))))
"""


def ran(folder: Path, program: str, limit_s: float = LONG_S) -> dict[str, Any]:
    (folder / "it.py").write_text(program)
    done = subprocess.run(
        [sys.executable, "-c", _RUNS, str(limit_s)],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{folder}:{ROOT}"},
        stdout=subprocess.PIPE,
        timeout=LONG_S,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    ("program", "report", "fault"),
    [(REPORTS, {"found": 1}, ""), (FAILS, {"found": 1}, "ended with 3"), (SILENT, {}, "wrote no figures")],
    ids=["well", "fails", "silent"],
)
def test_what_it_wrote_and_how_it_ended_is_told(
    tmp_path: Path, program: str, report: dict[str, int], fault: str
) -> None:
    found = ran(tmp_path, program)
    assert (found["report"], found["fault"]) == (report, fault)


def test_one_that_hangs_is_ended_at_its_limit_with_everything_that_it_started(tmp_path: Path) -> None:
    found = ran(tmp_path, HANGS, limit_s=3.0)
    assert found["fault"] == "not within 0.05 min"
    started = tmp_path / "started"
    if started.exists():  # on a machine so busy that it was not, there was nothing to end
        pid, temporary = started.read_text().split()
        assert not Path("/proc", pid).exists()
        assert not Path(temporary).exists()
        assert found["report"] == {"found": 1}
