"""A period as it was judged: the report, and what stands beside it."""

from dataclasses import dataclass, replace
from typing import Self

from center.access.permissions import Scope
from center.assessment import report
from center.assessment.maintenance import Window
from center.assessment.report import Report


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which the centre did not watch."""

    from_ms: int
    to_ms: int
    cause: str


@dataclass(frozen=True, slots=True)
class Version:
    """What a closed month was published as. 1 is what it was when it closed; each correction is one more."""

    number: int
    name: str
    """Of a correction: what was corrected, in the words of who did it."""
    actor: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Judged:
    """One period, judged."""

    report: Report
    windows: tuple[Window, ...]
    """Maintenance that excuses hours of it."""
    gaps: tuple[Gap, ...]
    version: Version | None = None
    """None: not closed, and so as it is now."""

    def narrowed(self, sight: Scope) -> Self:
        """The same of the cameras in sight alone."""
        if sight.everywhere:
            return self
        seen = report.narrowed(self.report, sight)
        mine = [card.profile for card in seen.cameras if card.profile is not None]
        windows = tuple(window for window in self.windows if any(map(window.covers, mine)))
        return replace(self, report=seen, windows=windows)
