"""The agent's log: one line an event on stderr, `time level event key=value … : words`.

Under systemd, which knows time and unit itself, a line begins with its priority instead, `<4>event …` (sd-daemon(3)):
`journalctl -p warning` then finds it, and syslog behind it too.
"""

import logging
import os
import sys
import time
from typing import Final

_FORMAT: Final = "%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s"
_PRIORITIES: Final = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
"""RFC 5424, table 2: critical, error, warning, informational; below them debug, 7."""


class _OneLine(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """Line breaks that come from outside cannot forge a second event."""
        return super().format(record).replace("\r", " ").replace("\n", " ")


class _ForJournal(_OneLine):
    def format(self, record: logging.LogRecord) -> str:
        """The same, behind its priority."""
        priority = next((number for level, number in _PRIORITIES if record.levelno >= level), 7)
        return f"<{priority}>{super().format(record)}"


def log_to_stderr(*, verbose: bool) -> None:
    """Send every event from INFO (or DEBUG) on to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    if _is_journal():
        handler.setFormatter(_ForJournal("%(message)s"))
    else:
        handler.setFormatter(_OneLine(_FORMAT, "%Y-%m-%dT%H:%M:%S"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)


def _is_journal() -> bool:
    """Whether stderr is the journal's very socket: what it was when systemd started us may be redirected by now."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        found = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return (device, inode) == (str(found.st_dev), str(found.st_ino))
