"""Turns, so many a second: what thousands of devices cause at one moment is spread over as long as it takes."""


class Pacer:
    """Gives out turns. Times are monotonic seconds."""

    def __init__(self, per_s: float) -> None:
        self._gap_s = 1 / per_s
        self._next_s = float("-inf")

    def turn_s(self, earliest_s: float) -> float:
        """When: not before that moment, and not with another."""
        turn_s = max(earliest_s, self._next_s)
        self._next_s = turn_s + self._gap_s
        return turn_s
