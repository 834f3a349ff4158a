"""Runs pytest as a child, `python -m tests.run [--minutes M] ARGUMENTS`: it always ends, and nothing of it stays.

After M minutes of patience pytest is told to end, which makes it say what was running (`tests/support/workers.py`). One
that does not even hear that is killed. What the run leaves, in sessions of its own or not, is named and ended.
"""

import argparse
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from provisioning.demo import process_table
from tests.support.waiting import Patience

_PR_SET_CHILD_SUBREAPER = 36
GRACE_S = 60.0
_ENDS_S = 5.0
"""For what the run has left to end by itself."""


class Run:
    """One pytest, and whatever descends from it: it and its orphans are children of this process."""

    def __init__(self, arguments: list[str]) -> None:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
        self._code: int | None = None
        self._pid = subprocess.Popen([sys.executable, "-m", "pytest", *arguments]).pid
        # Each child that ends is buried at once, so that nobody finds its zombie. After the start: it is inherited.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        signal.signal(signal.SIGTERM, lambda *_: self.tell(signal.SIGTERM))
        signal.signal(signal.SIGINT, lambda *_: None)  # pytest hears the same Ctrl-C

    def tell(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._pid, number)

    def ends(self, is_over: Callable[[], bool]) -> int | None:
        """The exit code of pytest; None when it was over before."""
        while True:
            self._bury()
            if self._code is not None or is_over():
                return self._code
            signal.sigtimedwait({signal.SIGCHLD}, 0.5)

    def sweep(self) -> None:
        """Ends what is left."""
        own = os.getpid()
        ends_s = time.monotonic() + _ENDS_S
        while left := process_table.descendants(process_table.read(), own):
            if time.monotonic() > ends_s:
                print(f"tests.run: ended what the run left: {', '.join(map(_named, sorted(left)))}", file=sys.stderr)
                break
            time.sleep(0.05)
            self._bury()
        while left := process_table.descendants(process_table.read(), own):
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
            self._bury()

    def _bury(self) -> None:
        with suppress(ChildProcessError):  # there is none left
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._pid:
                    self._code = os.waitstatus_to_exitcode(ended[1])


def _named(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        words = "ended meanwhile"
    return f"{pid} ({words[:80].strip()})"


def main() -> int:
    """Runs pytest to its end, or to the limit and no longer. Returns its exit code; 1 where it did not end well."""
    parser = argparse.ArgumentParser(prog="python -m tests.run", add_help=False, allow_abbrev=False)
    parser.add_argument("--minutes", type=float, default=40)
    options, arguments = parser.parse_known_args()
    run = Run(arguments)
    try:
        code = run.ends(Patience(options.minutes * 60).is_over)
        if code is None:
            print(f"tests.run: no end within {options.minutes:g} minutes of patience", file=sys.stderr)
            run.tell(signal.SIGTERM)
            run.ends(Patience(GRACE_S).is_over)
            code = 1
    finally:
        run.sweep()
    if code < 0:
        print(f"tests.run: pytest was killed by {signal.Signals(-code).name}", file=sys.stderr)
    return code if code >= 0 else 1


if __name__ == "__main__":
    sys.exit(main())
