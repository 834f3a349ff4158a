"""Estimates a camera's clock skew from its own timestamps. Pure: offsets and times are arguments.

Every source narrows the interval in which *skew = the camera's clock minus the agent's* must lie:

```
RTCP sender report   a picture's time by the camera, minus its arrival, is the skew less the delay. Of a minute's
                     reports the quickest counts (a minimum filter of delay, as NTP's): skew ∈ [m, m + 400 ms].
GB/T 28181           `DeviceTime` of a DeviceStatus, to half a second and half a round trip: skew ∈ [m − b, m + b].
ONVIF                `GetSystemDateAndTime`: the same.
time in the picture  to what its reader says (`clock_text`): the same.
pushed picture       as a report, but a device may take its time: skew ∈ [m, m + 10 s], of an hour's pictures.
```

400 ms is assumed to be the most that the quickest of a minute's pictures needs from the sensor to the agent: exposure,
one or two pictures in the encoder, a local network. A recorder in between that delays all of them more makes the skew
seem smaller by the excess.

The narrowest interval wins. Two that lie over `CONTRADICTION_MS` apart contradict each other: the skew is then
only known to lie within the hull of both.
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from provisioning.contracts.wire.messages import ClockReading, ClockSource

REPORT_WAY_MS: Final = 400.0
PICTURE_WAY_MS: Final = 10_000.0
GOOD_MS: Final = 1000.0
"""Largest error of an estimate: a skew that is less certain is None, and only the bound is reported."""
CONTRADICTION_MS: Final = 2000.0
"""Gap between two intervals from which on they contradict each other: a recorder's delay is no contradiction."""
KEPT_S: Final = 3600.0
"""Seconds for which what was measured counts, if it is not measured again."""
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
    reading: ClockReading | None = None
    """The best reading; None: nothing is known."""
    against: ClockReading | None = None
    """The reading farthest from the best, where it contradicts it."""


@dataclass(frozen=True, slots=True)
class _Span:
    low_ms: float
    high_ms: float

    @property
    def error_ms(self) -> float:
        return (self.high_ms - self.low_ms) / 2

    def within(self, other: "_Span") -> "_Span":
        """Intersect both; this one if they do not touch."""
        low, high = max(self.low_ms, other.low_ms), min(self.high_ms, other.high_ms)
        return _Span(low, high) if low <= high else self

    def hull(self, other: "_Span") -> "_Span":
        """Span both, and what lies between them."""
        return _Span(min(self.low_ms, other.low_ms), max(self.high_ms, other.high_ms))

    def gap_ms(self, other: "_Span") -> float:
        """Distance between both; 0 or less where they touch."""
        return max(self.low_ms - other.high_ms, other.low_ms - self.high_ms)


@dataclass(frozen=True, slots=True)
class _Known:
    """An interval with its source, as of now."""

    source: ClockSource
    span: _Span
    read_at_ms: int

    def reading(self) -> ClockReading:
        middle_ms = (self.span.low_ms + self.span.high_ms) / 2
        return ClockReading(
            source=self.source, skew_ms=middle_ms, bound_ms=self.span.error_ms, read_at_ms=self.read_at_ms
        )


class ClockSkew:
    """Estimates one camera's clock. `now_s` is monotonic everywhere, `now_ms` the agent's wall clock then."""

    def __init__(self) -> None:
        self._reports: deque[tuple[float, float]] = deque(maxlen=_MOST)
        self._pictures: deque[tuple[float, float]] = deque(maxlen=_MOST)
        self._measured: dict[ClockSource, tuple[float, _Known]] = {}
        self._heard_ms = 0

    def reported(self, offset_ms: float, arrived_ms: int, now_s: float) -> None:
        """Add an RTCP report: the camera's time of a picture minus `arrived_ms`, its arrival."""
        if arrived_ms + offset_ms >= _NO_WALL_CLOCK_MS:
            self._reports.append((now_s, offset_ms))
            self._heard_ms = arrived_ms

    def pictured(self, offset_ms: float, arrived_ms: int, now_s: float) -> None:
        """Add a pushed picture: its time of capture minus `arrived_ms`, its arrival."""
        self._pictures.append((now_s, offset_ms))
        self._heard_ms = arrived_ms

    def measured(self, source: ClockSource, skew_ms: float, bound_ms: float, now_ms: int, now_s: float) -> None:
        """Add what a source said of the clock: the skew, and the most that this may be off.

        With what it said before it tells more, unless the clock was set in between: a time in whole seconds is read at
        another fraction of the second each time.
        """
        span = _Span(skew_ms - bound_ms, skew_ms + bound_ms)
        before = next((each for each in self._known(now_s) if each.source is source), None)
        self._measured[source] = (now_s, _Known(source, span if before is None else span.within(before.span), now_ms))

    def lost(self, source: ClockSource) -> None:
        """Forget what a source said."""
        self._measured.pop(source, None)

    def skew(self, now_s: float) -> Skew:
        """Estimate the skew as of now."""
        known = self._known(now_s)
        if not known:
            return Skew(None, None)
        best = min(known, key=lambda each: each.span.error_ms)
        against = max(known, key=lambda each: each.span.gap_ms(best.span))
        if against.span.gap_ms(best.span) > CONTRADICTION_MS:
            hull = best.span.hull(against.span)
            return Skew(None, max(abs(hull.low_ms), abs(hull.high_ms)), best.reading(), against.reading())
        for each in known:
            if each.source is ClockSource.PUSHED:
                best = replace(best, span=best.span.within(each.span))
        if best.span.error_ms <= GOOD_MS:
            reading = best.reading()
            return Skew(reading.skew_ms, reading.bound_ms, reading)
        return Skew(None, max(abs(best.span.low_ms), abs(best.span.high_ms)), best.reading())

    def _known(self, now_s: float) -> list[_Known]:
        known = []
        for source, offsets, window_s, way_ms in (
            (ClockSource.RTCP, self._reports, _REPORT_WINDOW_S, REPORT_WAY_MS),
            (ClockSource.PUSHED, self._pictures, _PICTURE_WINDOW_S, PICTURE_WAY_MS),
        ):
            span = _quickest(offsets, now_s, window_s, way_ms)
            if span is not None:
                known.append(_Known(source, span, self._heard_ms))
        for since_s, each in self._measured.values():
            if now_s - since_s <= KEPT_S:
                drift_ms = (now_s - since_s) * 1000 * _DRIFT
                known.append(replace(each, span=_Span(each.span.low_ms - drift_ms, each.span.high_ms + drift_ms)))
        return known


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
