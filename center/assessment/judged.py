"""A judged period: the report, with the maintenance and the gaps in it."""

from dataclasses import dataclass, replace
from typing import Self

from center.access.permissions import Scope
from center.assessment import report
from center.assessment.maintenance import MaintenanceWindow
from center.assessment.report import AssessmentReport


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which the centre did not watch."""

    from_ms: int
    to_ms: int
    cause: str


@dataclass(frozen=True, slots=True)
class Version:
    """A published version of a closed month: 1 as it was when it closed; each correction is one more."""

    number: int
    name: str
    """Name of a correction, in the words of the user who made it."""
    actor: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A period with its report, maintenance and gaps."""

    report: AssessmentReport
    windows: tuple[MaintenanceWindow, ...]
    """Maintenance that excuses hours of the period."""
    gaps: tuple[Gap, ...]
    version: Version | None = None
    """None: the period is not closed, and judged as it is now."""

    def narrowed(self, sight: Scope) -> Self:
        """Returns the same for the cameras in sight alone."""
        if sight.everywhere:
            return self
        seen = report.narrowed(self.report, sight)
        mine = [card.profile for card in seen.cameras if card.profile is not None]
        windows = tuple(window for window in self.windows if any(map(window.covers, mine)))
        return replace(self, report=seen, windows=windows)
