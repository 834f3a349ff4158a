"""Sets up the log of every process: one line for each event on stderr, ready for the journal.

`time level event … : words` on a terminal. Under systemd, which knows time and unit itself, a line begins with its
priority instead, `<4>event …` (sd-daemon(3)): `journalctl -p warning` then finds it, and syslog behind it too.
"""

import io
import logging
import os
import re
import sys
import time
from collections.abc import Iterable
from typing import Final, TextIO

_FORMAT: Final = "%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s"
_PRIORITIES: Final = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
"""RFC 5424, table 2: critical, error, warning, informational; below them debug, 7."""
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]{0,8}m")
_LEVEL: Final = re.compile(
    r"(?P<who>(?:\([^()]{1,200}\) ){0,2})"  # of which worker of Ray a line is
    r"(?:\[?[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,]{8,15}Z?\]?[: \t]{1,2})?"
    r"(?:(?P<level>(?i:critical|fatal|error|warning|info|debug))\b:?\s*)?(?P<rest>.*)",
    re.DOTALL,
)
_WORDS: Final = {"critical": 2, "fatal": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
_TRACEBACK: Final = "Traceback (most recent call last):"


class _OneLine(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """Formats an event; line breaks in foreign text cannot forge a second one."""
        return super().format(record).replace("\r", " ").replace("\n", " ")


class _ForJournal(_OneLine):
    def format(self, record: logging.LogRecord) -> str:
        """Formats an event behind its priority."""
        priority = next((number for level, number in _PRIORITIES if record.levelno >= level), 7)
        return f"<{priority}>{super().format(record)}"


def log_to_stderr(level: int = logging.INFO, *, quiet: Iterable[str] = ()) -> None:
    """Send every event from `level` on to stderr; of the loggers in `quiet` those from WARNING on."""
    handler = logging.StreamHandler(sys.stderr)
    if is_journal():
        handler.setFormatter(_ForJournal("%(message)s"))
    else:
        handler.setFormatter(_OneLine(_FORMAT, "%Y-%m-%dT%H:%M:%S"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in quiet:
        logging.getLogger(name).setLevel(logging.WARNING)


def is_journal(descriptor: int = 2) -> bool:
    """Return whether stderr is the journal's very socket: it may have been redirected since systemd started us."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return (device, inode) == (str(found.st_dev), str(found.st_ino))


def prioritized(line: str) -> str:
    """Return a line of another program as the journal wants it: its level as a priority, without its time.

    One that has a priority already stays as it is; one that names no level is informational.
    """
    plain = _COLOUR.sub("", line)
    if re.match(r"<[0-7]>", plain):
        return plain
    found = _LEVEL.match(plain)
    assert found is not None  # noqa: S101 - every part may be empty
    level = found["level"] or ("error" if found["rest"].startswith(_TRACEBACK) else "info")
    return f"<{_WORDS[level.lower()]}>{found['who']}{found['rest']}"


class Prioritized(io.TextIOBase):
    """Writes whole lines to `stream`, each `prioritized`. For what Ray prints of its workers' lines."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._begun = ""

    def write(self, text: str) -> int:
        """Holds an unfinished line back until it ends."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._stream.write(f"{prioritized(line)}\n" if line else "")
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def fileno(self) -> int:
        """Return the descriptor of the stream behind it."""
        return self._stream.fileno()


def prioritize_prints() -> None:
    """Gives everything that this process prints to the journal a priority."""
    if is_journal(1):
        sys.stdout = Prioritized(sys.stdout)
    if is_journal(2):
        sys.stderr = Prioritized(sys.stderr)
