"""The log of what runs for long here: one line an event on stderr, ready for the journal."""

import logging
import sys
import time
from typing import Final

_FORMAT: Final = "%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s"


class _OneLine(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """Line breaks that come from outside cannot forge a second event."""
        return super().format(record).replace("\r", " ").replace("\n", " ")


def log_to_stderr() -> None:
    """Send every event from INFO on to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine(_FORMAT, "%Y-%m-%dT%H:%M:%S"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
