"""Keeps the spool's own time: it never jumps, so a clock that is set cannot expire everything, or nothing ever.

While the agent runs, the monotonic clock counts. For how long it did not run only the wall clock can say; it is
believed
up to `most_gap_ms` a stop, and not at all if it went back. So one wrong clock at one start ages the waiting messages by
that much at most, and a box that was off for longer keeps them longer than `spool.max_age_h`: they could not be read.
"""

import sqlite3
from typing import Final

from edge_agent.clock import Clock

_LATEST: Final = "SELECT spooled_at_ms FROM messages ORDER BY seq DESC LIMIT 1"


class SpoolTime:
    """Milliseconds; it began with the wall clock's at the spool's making, and parts from it at the first jump."""

    def __init__(self, tx: sqlite3.Connection, clock: Clock, *, most_gap_ms: int) -> None:
        """Go on from the time that the last run wrote."""
        self._clock = clock
        self._began_s = clock.monotonic_s()
        wall_ms = clock.now_ms()
        written = tx.execute("SELECT steady_ms, wall_ms FROM spool_time").fetchone()
        if written is None:
            self._base_ms = wall_ms
        else:
            self._base_ms = written[0] + min(max(0, wall_ms - written[1]), most_gap_ms)
        latest = tx.execute(_LATEST).fetchone()
        if latest is not None:  # a kill came after it and before the next writing down
            self._base_ms = max(self._base_ms, latest[0])

    def now_ms(self) -> int:
        """Milliseconds that never go back, over restarts too."""
        return self._base_ms + round((self._clock.monotonic_s() - self._began_s) * 1000)

    def write_down(self, tx: sqlite3.Connection) -> None:
        """Write the time for the next run. The time from this until a kill is counted by the wall clock."""
        tx.execute("DELETE FROM spool_time")
        tx.execute("INSERT INTO spool_time VALUES (?, ?)", (self.now_ms(), self._clock.now_ms()))
