"""Computes the nine indicators from sums of facts. Pure; `docs/assessment.md` says it in words."""

from dataclasses import dataclass
from typing import Final

from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.recording.facts import MINUTES
from center.assessment.settings import Settings
from center.assessment.sums import Sums


@dataclass(frozen=True, slots=True)
class IndicatorTally:
    """Four counts of one unit. Unknown counts neither as good nor as bad, excused not at all."""

    good: int = 0
    bad: int = 0
    unknown: int = 0
    excused: int = 0

    def __add__(self, other: "IndicatorTally") -> "IndicatorTally":
        return IndicatorTally(
            self.good + other.good,
            self.bad + other.bad,
            self.unknown + other.unknown,
            self.excused + other.excused,
        )

    @property
    def known(self) -> int:
        """Good and bad: the denominator of the rate."""
        return self.good + self.bad

    @property
    def rate(self) -> float | None:
        """Share of good in known, 0 to 1; None if nothing is known."""
        return self.good / self.known if self.known else None


@dataclass(frozen=True, slots=True)
class Served:
    """Hours of service in a period: those that count, and those in planned maintenance."""

    counted: int = 0
    excused: int = 0

    def __add__(self, other: "Served") -> "Served":
        return Served(self.counted + other.counted, self.excused + other.excused)


def tallies(sums: Sums, served: Served) -> dict[Indicator, IndicatorTally]:
    """Computes the tallies of the seven indicators that have hours; place and code have none (`of_fault`)."""
    minutes, excused = MINUTES * served.counted, MINUTES * served.excused
    return {
        Indicator.ONLINE: _timed(sums.told - sums.offline, sums.offline, minutes, excused),
        Indicator.CLOCK: _timed(sums.clock_good_hours, sums.clock_bad_hours, served.counted, served.excused),
        Indicator.TIMELINESS: IndicatorTally(sums.timely, sums.pictured - sums.timely, 0, excused),
        Indicator.PICTURE: _timed(sums.picture_hours, sums.missing_hours, served.counted, served.excused),
        Indicator.SNAPSHOT: _timed(sums.looked - sums.abnormal, sums.abnormal, minutes, excused),
        Indicator.DELIVERY: IndicatorTally(sums.archived, sums.rejected + sums.dropped, 0, excused),
        Indicator.COMPLETENESS: IndicatorTally(max(0, sums.selected - sums.astray), sums.astray, 0, excused),
    }


def of_fault(fault: str | None) -> IndicatorTally:
    """Tallies one camera's place or code by its fault: empty if there is none, None if it is not known."""
    if fault is None:
        return IndicatorTally(unknown=1)
    return IndicatorTally(bad=1) if fault else IndicatorTally(good=1)


def _timed(good: int, bad: int, total: int, excused: int) -> IndicatorTally:
    return IndicatorTally(good, bad, max(0, total - good - bad), excused)


def verdict(tally: IndicatorTally, *, pass_at: float, known_share: float) -> IndicatorVerdict:
    """Judges a tally: excused if only maintenance is left, unknown below `known_share`, else by the rate."""
    if not tally.known:
        return IndicatorVerdict.EXCUSED if tally.excused and not tally.unknown else IndicatorVerdict.UNKNOWN
    if tally.known < known_share * (tally.known + tally.unknown):
        return IndicatorVerdict.UNKNOWN
    # As whole numbers: 19 of 20 must pass at .95, however that is rounded.
    return (
        IndicatorVerdict.PASS
        if tally.good >= pass_at * tally.known - _ROUNDING * tally.known
        else IndicatorVerdict.FAIL
    )


_ROUNDING: Final = 1e-12


def score(rates: dict[Indicator, float], settings: Settings) -> float | None:
    """Computes the score, 0 to 100: the weighted mean of the rates with a verdict of pass or fail.

    None if those have less than `known_share` of all weight: a camera hardly known must not lead the table.
    """
    weights = {indicator: settings.weight[indicator] for indicator in rates}
    total = sum(weights.values())
    if total <= 0 or total < settings.known_share * sum(settings.weight.values()):
        return None
    return min(100.0, 100 * sum(rates[indicator] * weights[indicator] for indicator in rates) / total)
