"""Limits a rate by turns: what thousands of devices cause at one moment is spread over as long as it takes."""


class Pacer:
    """Gives out turns, so many a second. Times are monotonic seconds."""

    def __init__(self, per_s: float) -> None:
        self._gap_s = 1 / per_s
        self._next_s = float("-inf")

    def turn_s(self, earliest_s: float) -> float:
        """Takes a turn; returns its moment: not before `earliest_s`, and not together with another."""
        turn_s = max(earliest_s, self._next_s)
        self._next_s = turn_s + self._gap_s
        return turn_s
