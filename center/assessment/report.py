"""Builds reports: cards of cameras, districts and the fleet, each with nine findings, and ranks them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from center.access.permissions import Scope
from center.assessment.formulas import IndicatorTally, Served, score, verdict
from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.maintenance import MaintenanceWindow
from center.assessment.period import Period
from center.assessment.profiles import Profile
from center.assessment.recording.reading import CONTRADICTION
from center.assessment.settings import Settings
from center.assessment.sums import Sums
from provisioning.contracts.wire.messages import ClockSource, PictureCheck

FLEET: Final = "fleet"
_DECIDED: Final = frozenset({IndicatorVerdict.PASS, IndicatorVerdict.FAIL})
CHECKS: Final = frozenset(check.value for check in PictureCheck)
_NOTHING_KNOWN: Final = {
    Indicator.ONLINE: "state_not_known",
    Indicator.CLOCK: "clock_not_told",
    Indicator.TIMELINESS: "no_pictures",
    Indicator.PICTURE: "not_known_whether_due",
    Indicator.PLACE: "not_registered",
    Indicator.CODE: "not_registered",
    Indicator.SNAPSHOT: "not_looked_at",
    Indicator.DELIVERY: "nothing_ended",
    Indicator.COMPLETENESS: "nothing_selected",
}
"""Cause of an unknown verdict, if the facts name none."""
NO_CAMERAS: Final = "no_cameras"
"""Cause of each unknown verdict of a district to which no camera belongs."""
NOT_BOOKED: Final = "books_not_told_twice"
"""Cause if the growth of the agent's counters is not known, not even that there was none."""


@dataclass(frozen=True, slots=True)
class IndicatorFinding:
    """Verdict on one indicator of one card, with tally and cause."""

    indicator: Indicator
    verdict: IndicatorVerdict
    tally: IndicatorTally
    cause: str
    """One word; empty if the indicator passes."""
    sources: tuple[ClockSource, ...] = ()
    """Sources that showed a camera's clock, the one with the most hours first; empty for another indicator."""
    contradictions: tuple[str, ...] = ()
    """Pairs of sources of a camera's clock that contradicted each other, `onvif+rtcp`, in order of their minutes."""


@dataclass(frozen=True, slots=True)
class ClockNotes:
    """Sources of a camera's clock, as `IndicatorFinding` has them."""

    sources: tuple[ClockSource, ...] = ()
    contradictions: tuple[str, ...] = ()

    @classmethod
    def of(cls, sums: Sums, minutes: Mapping[str, int]) -> Self:
        """Reads them from a camera's sums and its minutes by cause."""
        hours = sums.clock_hours()
        against = {cause: n for cause, n in minutes.items() if cause.startswith(CONTRADICTION)}
        return cls(
            tuple(sorted(hours, key=lambda source: -hours[source])),
            tuple(each.removeprefix(CONTRADICTION) for each in sorted(against, key=lambda each: -against[each])),
        )


@dataclass(frozen=True, slots=True)
class Card:
    """One camera, one district (empty name: cameras without one) or the fleet."""

    name: str
    profile: Profile | None
    """Profile of a camera; None for a district and the fleet."""
    cameras: int
    findings: dict[Indicator, IndicatorFinding]
    score: float | None
    served: Served
    never_heard: int = 0
    """Registered cameras that no agent has reported."""

    @property
    def failed(self) -> tuple[Indicator, ...]:
        """Indicators that did not pass."""
        return tuple(each for each, finding in self.findings.items() if finding.verdict is IndicatorVerdict.FAIL)


@dataclass(frozen=True, slots=True)
class AssessmentReport:
    """Report on one period."""

    period: Period
    settings: Settings
    fleet: Card
    districts: tuple[Card, ...]
    cameras: tuple[Card, ...]
    """Cards of the cameras, by agent and id."""

    def narrowed(self, sight: Scope) -> "AssessmentReport":
        """Returns the report for the cameras in sight alone; a camera's own card is the same for all users."""
        if sight.everywhere:
            return self
        seen = [each for each in self.cameras if each.profile is not None and sight.holds(*each.profile.key)]
        return gathered(self.period, self.settings, seen)


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
        seen = self.report.narrowed(sight)
        mine = [card.profile for card in seen.cameras if card.profile is not None]
        windows = tuple(window for window in self.windows if any(map(window.covers, mine)))
        return replace(self, report=seen, windows=windows)


@dataclass(frozen=True, slots=True)
class LeagueLine:
    """One line of a league table."""

    rank: int | None
    """Equal cards share a rank and the next is skipped (1, 2, 2, 4); None: there is no value to rank by."""
    value: float | None
    """The score, 0 to 100, or 100 times the rate of the indicator."""
    card: Card


def card(
    name: str,
    tallies: dict[Indicator, IndicatorTally],
    causes: dict[Indicator, str],
    settings: Settings,
    *,
    served: Served,
    cameras: int,
    profile: Profile | None = None,
    never_heard: int = 0,
    clock: ClockNotes = ClockNotes(),
) -> Card:
    """Judges tallies into a card with verdicts and score. `causes`: the causes by indicator that the facts name."""
    findings = {}
    for indicator in Indicator:
        tally = tallies.get(indicator, IndicatorTally())
        judged = verdict(tally, pass_at=settings.pass_at[indicator], known_share=settings.known_share)
        match judged:
            case IndicatorVerdict.PASS:
                cause = ""
            case IndicatorVerdict.EXCUSED:
                cause = "maintenance"
            case IndicatorVerdict.UNKNOWN:
                cause = causes.get(indicator, "") if not tally.known else ""
                cause = cause or (_NOTHING_KNOWN[indicator] if cameras else NO_CAMERAS)
            case IndicatorVerdict.FAIL:
                cause = causes.get(indicator, "")
        findings[indicator] = IndicatorFinding(indicator, judged, tally, cause)
    findings[Indicator.CLOCK] = replace(
        findings[Indicator.CLOCK], sources=clock.sources, contradictions=clock.contradictions
    )
    rates = {
        indicator: finding.tally.good / finding.tally.known
        for indicator, finding in findings.items()
        if finding.verdict in _DECIDED
    }
    return Card(name, profile, cameras, findings, score(rates, settings), served, never_heard)


def causes_of(sums: Sums, minutes: dict[str, int], place: str | None, code: str | None) -> dict[Indicator, str]:
    """Returns the first cause of each indicator, from the minutes that have one."""
    from_checks = {cause: n for cause, n in minutes.items() if cause in CHECKS}
    unknown = {cause: n for cause, n in minutes.items() if cause.startswith("unknown:")}
    against = {cause: n for cause, n in minutes.items() if cause.startswith(CONTRADICTION)}
    offline = {cause: n for cause, n in minutes.items() if cause not in {*from_checks, *unknown, *against}}
    unbooked = "" if sums.booked_hours else NOT_BOOKED
    return {
        Indicator.ONLINE: _first(offline) or _first(unknown).removeprefix("unknown:"),
        Indicator.CLOCK: "clock_off" if sums.clock_bad_hours else "clock_contradiction" if against else "",
        Indicator.TIMELINESS: "late_pictures" if sums.timely < sums.pictured else "",
        Indicator.PICTURE: "no_picture_in_an_hour" if sums.missing_hours else "",
        Indicator.PLACE: place or "",
        Indicator.CODE: code or "",
        Indicator.SNAPSHOT: _first(from_checks),
        Indicator.DELIVERY: _first({"rejected": sums.rejected, "dropped": sums.dropped}) or unbooked,
        Indicator.COMPLETENESS: "books_do_not_close" if sums.astray else unbooked,
    }


def _first(counts: dict[str, int]) -> str:
    """Returns the name of the greatest count; of equal ones the first by name."""
    return min((name for name, n in counts.items() if n), key=lambda name: (-counts[name], name), default="")


def _together(name: str, cards: Sequence[Card], settings: Settings) -> Card:
    """Adds the tallies of several cards into one, so that a camera weighs as much as is known of it."""
    tallies = dict.fromkeys(Indicator, IndicatorTally())
    served, causes = Served(), {indicator: dict[str, int]() for indicator in Indicator}
    for each in cards:
        served += each.served
        for indicator, finding in each.findings.items():
            tallies[indicator] += finding.tally
            if finding.cause and finding.tally.bad:
                causes[indicator][finding.cause] = causes[indicator].get(finding.cause, 0) + finding.tally.bad
    return card(
        name,
        tallies,
        {indicator: _first(counts) for indicator, counts in causes.items()},
        settings,
        served=served,
        cameras=len(cards),
        never_heard=sum(each.never_heard for each in cards),
    )


def gathered(
    period: Period, settings: Settings, cameras: Sequence[Card], districts: Iterable[str] = ()
) -> AssessmentReport:
    """Builds the report of these cameras: the fleet, their districts, and those named, even without cameras."""
    parts: dict[str, list[Card]] = {name: [] for name in districts}
    for each in cameras:
        parts.setdefault(each.profile.district if each.profile is not None else "", []).append(each)
    return AssessmentReport(
        period=period,
        settings=settings,
        fleet=_together(FLEET, cameras, settings),
        districts=tuple(_together(name, parts[name], settings) for name in sorted(parts)),
        cameras=tuple(cameras),
    )


def ranked(cards: Iterable[Card], indicator: Indicator | None = None) -> list[LeagueLine]:
    """Ranks cards, best first; equal ones by name, agent and id; those without a value last."""
    valued = [(_value(card, indicator), card) for card in cards]
    valued.sort(key=lambda pair: (pair[0] is None, -(pair[0] or 0.0), _identity(pair[1])))
    lines: list[LeagueLine] = []
    for position, (value, card) in enumerate(valued, 1):
        before = lines[-1] if lines else None
        is_equal = before is not None and before.value == value
        rank = None if value is None else before.rank if is_equal and before else position
        lines.append(LeagueLine(rank, value, card))
    return lines


def _value(card: Card, indicator: Indicator | None) -> float | None:
    """Returns the value as rounded for display: cards that look equal are equal."""
    if indicator is None:
        return None if card.score is None else round(card.score, 2)
    finding = card.findings[indicator]
    is_decided = finding.verdict in _DECIDED
    return round(100 * finding.tally.rate, 2) if is_decided and finding.tally.rate is not None else None


def _identity(card: Card) -> tuple[str, str, str]:
    return (card.name, *(card.profile.key if card.profile else ("", "")))
