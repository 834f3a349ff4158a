"""Warns of ends: logs each once when it is near, and once when it is past."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

_log = logging.getLogger(__name__)

NEAR: Final = timedelta(days=7)
"""The agents' list is written daily, for thirty days: with a week left, it was last written three weeks ago."""


def left(ends_at: datetime, now: datetime) -> str:
    """Describes the time until then in words."""
    if ends_at <= now:
        return f"ended {ends_at:%Y-%m-%d %H:%M} UTC"
    return f"{(ends_at - now) // timedelta(days=1)} days left"


class ExpiryLog:
    """Everything that ends, by the name for the log's reader."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._ends: dict[str, datetime] = {}
        self._logged: dict[str, str] = {}

    def set(self, what: str, ends_at: datetime) -> None:
        """Stores an end, replacing an earlier one."""
        self._ends[what] = ends_at

    def log_changes(self) -> None:
        """Logs the ends that are newly near or past."""
        now = self._now()
        for what, ends_at in self._ends.items():
            state = "past" if ends_at <= now else "near" if ends_at - now <= NEAR else ""
            if state == self._logged.get(what, ""):
                continue
            self._logged[what] = state
            if state == "past":
                _log.error("%s: %s, so every connection is refused; make it anew", what, left(ends_at, now))
            elif state == "near":
                _log.warning("%s: %s; make it anew", what, left(ends_at, now))
