"""Estimates a camera's clock skew from its own timestamps. Pure: offsets and times are arguments.

Every timestamp narrows the interval in which *skew = the camera's clock minus the agent's* must lie:

```
RTCP sender report   a picture's time by the camera, minus its arrival, is the skew less the delay. Of a minute's
                     reports the quickest counts (a minimum filter of delay, as NTP's): skew ∈ [m, m + 400 ms].
GB/T 28181           `DeviceTime` of a DeviceStatus, to half a second and half a round trip: skew ∈ [m − b, m + b].
pushed picture       as a report, but a device may take its time: skew ∈ [m, m + 10 s], of an hour's pictures.
```

400 ms is assumed to be the most that the quickest of a minute's pictures needs from the sensor to the agent: exposure,
one or two pictures in the encoder, a local network. A recorder in between that delays all of them more makes the skew
seem smaller by the excess.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

REPORT_WAY_MS: Final = 400.0
PICTURE_WAY_MS: Final = 10_000.0
GOOD_MS: Final = 1000.0
"""Largest error of an estimate: a skew that is less certain is None, and only the bound is reported."""
_REPORT_WINDOW_S: Final = 60.0
_PICTURE_WINDOW_S: Final = 3600.0
_LEAST: Final = 3
_MOST: Final = 512
_DRIFT: Final = 1e-4
"""A cheap quartz: 100 ppm, nine seconds a day."""
_NO_WALL_CLOCK_MS: Final = 315_532_800_000
"""1980: RFC 3550, 6.4.1 lets a camera without a wall clock count from its start instead, or say nothing."""


@dataclass(frozen=True, slots=True)
class Skew:
    """The camera's clock minus the agent's."""

    estimate_ms: float | None
    bound_ms: float | None
    """With an estimate its error, without one the most that the skew can be either way. None: nothing is known."""


@dataclass(frozen=True, slots=True)
class _Span:
    low_ms: float
    high_ms: float

    def within(self, other: "_Span") -> "_Span":
        """Intersect both; this one if they contradict each other."""
        low, high = max(self.low_ms, other.low_ms), min(self.high_ms, other.high_ms)
        return _Span(low, high) if low <= high else self

    def skew(self) -> Skew:
        error_ms = (self.high_ms - self.low_ms) / 2
        if error_ms <= GOOD_MS:
            return Skew((self.low_ms + self.high_ms) / 2, error_ms)
        return Skew(None, max(abs(self.low_ms), abs(self.high_ms)))


class ClockSkew:
    """Estimates one camera's clock. `now_s` is monotonic everywhere."""

    def __init__(self) -> None:
        self._reports: deque[tuple[float, float]] = deque(maxlen=_MOST)
        self._pictures: deque[tuple[float, float]] = deque(maxlen=_MOST)
        self._measured: tuple[float, _Span] | None = None

    def reported(self, offset_ms: float, arrived_ms: int, now_s: float) -> None:
        """Add an RTCP report: the camera's time of a picture minus `arrived_ms`, its arrival."""
        if arrived_ms + offset_ms >= _NO_WALL_CLOCK_MS:
            self._reports.append((now_s, offset_ms))

    def pictured(self, offset_ms: float, now_s: float) -> None:
        """Add a pushed picture: its time of capture minus that of its arrival."""
        self._pictures.append((now_s, offset_ms))

    def measured(self, skew_ms: float, bound_ms: float, now_s: float) -> None:
        """Add what a device said of its own clock when it was asked: its skew, and the most that this may be off."""
        self._measured = (now_s, _Span(skew_ms - bound_ms, skew_ms + bound_ms))

    def skew(self, now_s: float) -> Skew:
        """Estimate the skew as of now."""
        reported = _quickest(self._reports, now_s, _REPORT_WINDOW_S, REPORT_WAY_MS)
        if reported is not None:
            return reported.skew()
        known = _quickest(self._pictures, now_s, _PICTURE_WINDOW_S, PICTURE_WAY_MS)
        if self._measured is not None:
            since_s, span = self._measured
            drift_ms = (now_s - since_s) * 1000 * _DRIFT
            measured = _Span(span.low_ms - drift_ms, span.high_ms + drift_ms)
            known = measured if known is None else measured.within(known)
        return Skew(None, None) if known is None else known.skew()


def _quickest(offsets: deque[tuple[float, float]], now_s: float, window_s: float, way_ms: float) -> _Span | None:
    """Bound the skew by the offsets of the last `window_s`; wider if its halves disagree: then a clock was set."""
    while offsets and now_s - offsets[0][0] > window_s:
        offsets.popleft()
    if len(offsets) < _LEAST:
        return None
    half_s = (offsets[0][0] + offsets[-1][0]) / 2
    older = max(offset_ms for at_s, offset_ms in offsets if at_s <= half_s)
    newer = max(offset_ms for at_s, offset_ms in offsets if at_s >= half_s)
    apart_ms = abs(newer - older)
    return _Span(max(older, newer) - apart_ms, max(older, newer) + way_ms + apart_ms)
