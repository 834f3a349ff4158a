"""Views of reports for the API. Minutes are lists of 0 to 59, times milliseconds, UTC."""

from typing import Self

from pydantic import BaseModel, ConfigDict

from center.assessment.hour_details import HourEvidence
from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.period import Period
from center.assessment.recording.facts import HOUR_MS, HourFacts, listed, sources_of
from center.assessment.report import Card, IndicatorFinding, LeagueLine, Version
from provisioning.contracts.wire.messages import ClockSource


class AssessmentViewBase(BaseModel):
    """Base of the views of the assessment, some of which are their objects' attributes as they are."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class IndicatorFindingView(AssessmentViewBase):
    """Finding on one indicator. `rate` is the share of good in good and bad; unknown and excused are in neither."""

    indicator: Indicator
    verdict: IndicatorVerdict
    rate: float | None
    good: int
    bad: int
    unknown: int
    excused: int
    cause: str
    sources: tuple[ClockSource, ...]
    """Sources that showed a camera's clock, the one with the most hours first; empty for another indicator."""
    contradictions: tuple[str, ...]
    """Pairs of sources of a camera's clock that contradicted each other, `onvif+rtcp`."""

    @classmethod
    def of(cls, finding: IndicatorFinding) -> Self:
        tally = finding.tally
        return cls(
            indicator=finding.indicator,
            verdict=finding.verdict,
            rate=tally.rate,
            good=tally.good,
            bad=tally.bad,
            unknown=tally.unknown,
            excused=tally.excused,
            cause=finding.cause,
            sources=finding.sources,
            contradictions=finding.contradictions,
        )


class CardView(AssessmentViewBase):
    """Card of a district, the fleet, or one bucket of a series."""

    name: str
    cameras: int
    never_heard: int
    hours: int
    """Hours of service of all cameras together, without those excused."""
    hours_excused: int
    score: float | None
    findings: tuple[IndicatorFindingView, ...]

    @classmethod
    def of(cls, card: Card) -> Self:
        return cls(
            name=card.name,
            cameras=card.cameras,
            never_heard=card.never_heard,
            hours=card.served.counted,
            hours_excused=card.served.excused,
            score=card.score,
            findings=tuple(IndicatorFindingView.of(each) for each in card.findings.values()),
        )


class PlaceView(AssessmentViewBase):
    """One line of a league table."""

    rank: int | None
    value: float | None
    card: CardView

    @classmethod
    def of(cls, line: LeagueLine) -> Self:
        return cls(rank=line.rank, value=line.value, card=CardView.of(line.card))


class CameraPlaceView(PlaceView):
    """One line of a league table of cameras, with the camera's profile."""

    agent_id: str
    camera_id: str
    district: str
    gb_code: str
    latitude: float | None
    longitude: float | None

    @classmethod
    def of(cls, line: LeagueLine) -> Self:
        profile = line.card.profile
        assert profile is not None  # noqa: S101 - narrows the type: a camera's card has one
        return cls(
            rank=line.rank,
            value=line.value,
            card=CardView.of(line.card),
            agent_id=profile.agent_id,
            camera_id=profile.camera_id,
            district=profile.district,
            gb_code=profile.gb_code,
            latitude=profile.latitude,
            longitude=profile.longitude,
        )


class GapView(AssessmentViewBase):
    """A time in which the centre did not watch; the cameras' states then are unknown."""

    from_ms: int
    to_ms: int
    cause: str


class MonthVersionView(AssessmentViewBase):
    """Published version of a closed month: 1 when it closed, one more for each correction, with its name."""

    version: int
    name: str
    published_by: str
    published_at_ms: int

    @classmethod
    def of(cls, version: Version) -> Self:
        return cls(version=version.number, name=version.name, published_by=version.actor, published_at_ms=version.at_ms)


class ReportView(AssessmentViewBase):
    """Report on one period without its cameras."""

    period: str
    version: MonthVersionView | None
    """Version of a closed month; null: as it is now."""
    from_ms: int
    to_ms: int
    """Exclusive; for a period that has not ended, the end of this hour."""
    fleet: CardView
    districts: tuple[PlaceView, ...]
    gaps: tuple[GapView, ...]


class GrowthView(AssessmentViewBase):
    """Pictures since the counters were last reported."""

    selected: int
    archived: int
    rejected: int
    dropped: int
    astray: int
    in_flight: int


class EvidenceView(AssessmentViewBase):
    """One hour of one camera, minute by minute. `known` false: there are no facts on it."""

    hour: str
    from_ms: int
    known: bool
    told: tuple[int, ...]
    offline: tuple[int, ...]
    looked: tuple[int, ...]
    abnormal: tuple[int, ...]
    pictured: tuple[int, ...]
    within_10s: tuple[int, ...]
    within_60s: tuple[int, ...]
    within_300s: tuple[int, ...]
    within_3600s: tuple[int, ...]
    clock_sure_ms: int | None
    clock_most_ms: int | None
    clock_sources: tuple[ClockSource, ...]
    causes: dict[str, tuple[int, ...]]
    growth: GrowthView | None
    excused_by: tuple[int, ...]

    @classmethod
    def of(cls, item: HourEvidence, period: Period) -> Self:
        facts = item.facts or HourFacts()
        return cls(
            hour=period.named(item.hour, "hour"),
            from_ms=item.hour * HOUR_MS,
            known=item.facts is not None,
            told=listed(facts.told),
            offline=listed(facts.offline),
            looked=listed(facts.looked),
            abnormal=listed(facts.abnormal),
            pictured=listed(facts.pictured),
            within_10s=listed(facts.within_10s),
            within_60s=listed(facts.within_60s),
            within_300s=listed(facts.within_300s),
            within_3600s=listed(facts.within_3600s),
            clock_sure_ms=facts.clock_sure_ms,
            clock_most_ms=facts.clock_most_ms,
            clock_sources=sources_of(facts.clock_sources),
            causes={cause: listed(mask) for cause, mask in item.causes.items()},
            growth=item.growth and GrowthView.model_validate(item.growth),
            excused_by=item.excused_by,
        )
