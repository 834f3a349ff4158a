"""Builds reports: cards of cameras, districts and the fleet, each with nine findings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from center.access.permissions import Scope
from center.assessment.formulas import IndicatorTally, Served, score, verdict
from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.period import Period
from center.assessment.profiles import Profile
from center.assessment.settings import Settings
from center.assessment.sums import Sums
from provisioning.contracts.wire.messages import PictureCheck

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
) -> Card:
    """Judges tallies into a card with verdicts and score. `causes`: the causes by indicator that the facts name."""
    findings = {}
    for indicator in Indicator:
        tally = tallies.get(indicator, IndicatorTally())
        said = verdict(tally, pass_at=settings.pass_at[indicator], known_share=settings.known_share)
        match said:
            case IndicatorVerdict.PASS:
                cause = ""
            case IndicatorVerdict.EXCUSED:
                cause = "maintenance"
            case IndicatorVerdict.UNKNOWN:
                cause = causes.get(indicator, "") if not tally.known else ""
                cause = cause or _NOTHING_KNOWN[indicator]
            case IndicatorVerdict.FAIL:
                cause = causes.get(indicator, "")
        findings[indicator] = IndicatorFinding(indicator, said, tally, cause)
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
    offline = {cause: n for cause, n in minutes.items() if cause not in from_checks and cause not in unknown}
    unbooked = "" if sums.booked_hours else NOT_BOOKED
    return {
        Indicator.ONLINE: first(offline) or first(unknown).removeprefix("unknown:"),
        Indicator.CLOCK: "clock_off" if sums.clock_bad_hours else "",
        Indicator.TIMELINESS: "late_pictures" if sums.timely < sums.pictured else "",
        Indicator.PICTURE: "no_picture_in_an_hour" if sums.missing_hours else "",
        Indicator.PLACE: place or "",
        Indicator.CODE: code or "",
        Indicator.SNAPSHOT: first(from_checks),
        Indicator.DELIVERY: first({"rejected": sums.rejected, "dropped": sums.dropped}) or unbooked,
        Indicator.COMPLETENESS: "books_do_not_close" if sums.astray else unbooked,
    }


def first(counts: dict[str, int]) -> str:
    """Returns the name of the greatest count; of equal ones the first by name."""
    return min((name for name, n in counts.items() if n), key=lambda name: (-counts[name], name), default="")


def together(name: str, cards: Sequence[Card], settings: Settings) -> Card:
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
        {indicator: first(counts) for indicator, counts in causes.items()},
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
        fleet=together(FLEET, cameras, settings),
        districts=tuple(together(name, parts[name], settings) for name in sorted(parts)),
        cameras=tuple(cameras),
    )


def narrowed(whole: AssessmentReport, sight: Scope) -> AssessmentReport:
    """Returns the report for the cameras in sight alone; a camera's own card is the same for all users."""
    if sight.everywhere:
        return whole
    seen = [each for each in whole.cameras if each.profile is not None and sight.holds(*each.profile.key)]
    return gathered(whole.period, whole.settings, seen)
