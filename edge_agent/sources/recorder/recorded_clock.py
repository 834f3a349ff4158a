"""Dates the pictures of a recording by the recorder's own times, never by the wall clock."""

from collections import OrderedDict
from typing import Final

from edge_agent.sources.recorder.replay_extension import ReplayTime

_MAX_TIMES: Final = 1024
"""Pictures whose times have come and that are not decoded yet; a session's receiver holds 256 at most."""
_TIMESTAMPS: Final = 1 << 32


class RecordedClock:
    """Dates one session's pictures. Times in and out are Unix milliseconds; what comes out are capture times."""

    def __init__(self, started_at_ms: int, *, offset_ms: int, scale: float) -> None:
        """`started_at_ms`: the recorder's time of the first picture.

        `scale`: recorded seconds in a second of timestamps: with `Scale` a recorder counts what it plays, not what it
        recorded (RFC 2326, appendix B).
        """
        self._started_at_ms = started_at_ms
        self._offset_ms = offset_ms
        self._scale = scale
        self._times: OrderedDict[int, int] = OrderedDict()
        self._first: int | None = None
        self.has_times = False
        """True once the recorder has stated a picture's time."""

    def note(self, time: ReplayTime) -> None:
        """Notes the time that a packet states."""
        self.has_times = True
        self._times[time.timestamp_90k] = time.at_ms
        while len(self._times) > _MAX_TIMES:
            self._times.popitem(last=False)

    def capture_ms(self, pts_90k: int | None) -> int | None:
        """Returns the capture time of a picture; None where nothing tells it, after other pictures had theirs."""
        if pts_90k is None:
            return None
        stated_ms = self._times.get(pts_90k % _TIMESTAMPS)
        if stated_ms is not None:
            self._started_at_ms, self._first = stated_ms, pts_90k
            return stated_ms - self._offset_ms
        if self._first is None:
            self._first = pts_90k
        return self._started_at_ms + round((pts_90k - self._first) * self._scale) // 90 - self._offset_ms
