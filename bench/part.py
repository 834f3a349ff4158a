"""One part of a report, in a process of its own: bounded, whatever it does, and nothing of it is left afterwards."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.process import descendants

_PR_SET_CHILD_SUBREAPER: Final = 36
_ENDS_S: Final = 20.0
"""For what was killed to be gone."""


@dataclass(frozen=True, slots=True)
class Part:
    """`python -m module words…`, which writes its figures where `--json` says. `quick`: what its smallest form adds."""

    name: str
    module: str
    words: tuple[str, ...] = ()
    quick: tuple[str, ...] = ("--quick",)
    limit_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of it. `report`: what it had written by its end, {} if nothing. `fault`: empty where it ended well."""

    report: dict[str, Any]
    took_s: float
    fault: str


def run(part: Part, *, quick: bool = False) -> Ran:
    """Run it to its end, or to `limit_s` and no longer.

    What it started and left, in sessions of its own or not, is killed; its temporary files go. The calling process must
    have no other children.
    """
    # What loses its parent becomes ours, not the system's: a daemon can be found so.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    began = time.monotonic()
    # Ray's sockets are files in it, and a socket's path ends at 107 bytes.
    with tempfile.TemporaryDirectory(prefix="wg-", ignore_cleanup_errors=True) as folder:
        file = Path(folder, "report.json")
        command = [sys.executable, "-m", part.module, *part.words, *(part.quick if quick else ()), "--json", str(file)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=os.environ | {"TMPDIR": folder})
        fault = ""
        try:
            if code := process.wait(part.limit_s):
                fault = f"ended with {code}"
        except subprocess.TimeoutExpired:
            fault = f"not within {part.limit_s / 60:g} min"
        finally:
            _end_all(process)
        report: dict[str, Any] = {}
        if file.exists():
            # A report that it was killed in the middle of is none.
            with suppress(json.JSONDecodeError):
                report = json.loads(file.read_text(encoding="utf-8"))
    if not fault and not report:
        fault = "wrote no figures"
    return Ran(report, time.monotonic() - began, fault)


def _end_all(process: "subprocess.Popen[bytes]") -> None:
    deadline_s = time.monotonic() + _ENDS_S
    while left := descendants(os.getpid()).keys() - {os.getpid()}:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"processes {sorted(left)} do not end; look at them with ps")
        time.sleep(0.05)
    process.wait()
    with suppress(ChildProcessError):  # there is none left
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
