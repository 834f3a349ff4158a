"""Paces an open page: as often as usual, and less often while the centre is behind."""

from typing import Final

EASE: Final = 4
"""Divides lateness: a tick that begins late by a quarter of `usual_s` leaves out one, by a half two, and so on."""
LEFT_OUT: Final = 9
"""Most ticks that are left out in a row."""


class Cadence:
    """The pace of one page. All pages tick at the same moments, so that they ask for the same pictures together."""

    def __init__(self, usual_s: float) -> None:
        self._usual_s = usual_s
        self._due_s: float | None = None

    def next_s(self, now_s: float) -> float:
        """Returns the seconds until the next tick, as one begins at `now_s` of a clock that all pages share."""
        late_s = 0.0 if self._due_s is None else max(0.0, now_s - self._due_s)
        left_out = min(LEFT_OUT, int(late_s * EASE / self._usual_s))
        # A timer may be a little early: a time near a moment belongs to that moment.
        self._due_s = ((now_s / self._usual_s + 0.25) // 1 + 1 + left_out) * self._usual_s
        return self._due_s - now_s
