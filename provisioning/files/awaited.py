"""Waits for a file that another process is about to write, as a configuration whose setup runs beside its reader."""

import signal
import sys
import time
from pathlib import Path
from typing import Annotated, Final

import typer

WaitS = Annotated[
    float,
    typer.Option(
        "--wait",
        metavar="SECONDS",
        min=0,
        max=3600,
        help="Look this many seconds for a configuration that is not there yet.",
    ),
]
_STEP_S: Final = 0.5
_ENDS: Final = frozenset({signal.SIGTERM, signal.SIGINT})


def wait_for(file: Path, wait_s: float) -> None:
    """Returns once `file` is there, or after `wait_s` seconds: its reader names one that is missing.

    Says once on stderr what it waits for. SIGTERM and SIGINT end the program with exit code 0, also as a container's
    first process, for which the kernel drops a signal that has no handler: here they are blocked, and asked for.
    """
    if wait_s <= 0 or not _is_missing(file):
        return
    end_s = time.monotonic() + wait_s
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    try:
        sys.stderr.write(f"{file}: is not there yet; waiting up to {wait_s:.0f} s for it\n")
        sys.stderr.flush()
        while _is_missing(file) and time.monotonic() < end_s:
            if signal.sigtimedwait(_ENDS, _STEP_S) is not None:
                raise SystemExit(0)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _is_missing(file: Path) -> bool:
    """True where waiting can help. A folder that may not be entered is the reader's to name."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
