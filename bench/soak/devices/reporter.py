"""A process that says every second, in a line of JSON, how things stand; each line with the moment at which it came."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_STOP_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Report:
    """One line. `at_s`: monotonic, when it was read."""

    at_s: float
    said: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        """What it says of this."""
        return self.said[name]


class Reporter:
    """`python -m MODULE`, started; its errors go to a file."""

    def __init__(self, module: str, arguments: Sequence[str | Path], log: Path) -> None:
        self.reports: list[Report] = []
        """Grows while it runs; others only read it."""
        self.log = log
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        self._reader = threading.Thread(target=self._read, name=f"reads {module}", daemon=True)
        self._reader.start()

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal, if it runs, and wait: its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
        code = self.process.wait()
        self._reader.join(_STOP_S)
        return code

    def _read(self) -> None:
        if self.process.stdout is None:
            return
        for line in self.process.stdout:
            if line.endswith(b"\n"):  # one that was killed may stop in the middle of a line
                self.reports.append(Report(time.monotonic(), json.loads(line)))
