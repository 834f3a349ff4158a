"""Decides whether a request is sent again, and after which pause. Pure: the caller sleeps."""

from dataclasses import dataclass
from typing import Final

from wayside_client.errors import ProblemError, UnavailableError, UnreachableError, WaysideError

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that are sent again.

A `PUT` or `DELETE` that was taken before its answer was lost would be refused the second time (`case_changed`, 404),
so that the caller could not tell a success from a failure. Those are the caller's to repeat, after reading.
"""


@dataclass(frozen=True, slots=True)
class Retries:
    """Bounds of the repetition of a request that only reads.

    Attributes:
        attempts: in all, the first included; 1 repeats nothing.
        first_pause_s: before the second attempt where the centre names no pause; doubled for each one after.
        longest_pause_s: a longer one, also if the centre asks for it, is not waited for: the error is raised at once.
    """

    attempts: int = 4
    first_pause_s: float = 0.5
    longest_pause_s: float = 30.0

    def pause_s(self, method: str, attempt: int, error: WaysideError) -> float | None:
        """Returns the seconds to wait after failed attempt number `attempt`; None: raise the error."""
        if method.upper() not in _SAFE or attempt >= self.attempts or not _passes(error):
            return None
        asked = error.retry_after_s if isinstance(error, ProblemError) else None
        pause_s = self.first_pause_s * 2 ** (attempt - 1) if asked is None else float(asked)
        return pause_s if pause_s <= self.longest_pause_s else None


def _passes(error: WaysideError) -> bool:
    """Tells whether the cause may pass by itself: an absence may, and what the centre gives a time for."""
    if isinstance(error, UnreachableError | UnavailableError):
        return True
    return isinstance(error, ProblemError) and error.retry_after_s is not None
