"""The document of one closed month: types, whose JSON schema is published, and one canonical encoding. Pure.

It names cameras and districts. Users who entered, corrected or excused something, and what they wrote, stay out of it.
"""

import json
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.report import Card, Gap, IndicatorFinding, Judged, Version
from center.assessment.settings import Settings

SCHEMA: Final = "wayside-assessment-month-1"
Number = Annotated[int, Field(ge=0)]


class FeedPart(BaseModel):
    """Base of the document's parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MonthFinding(FeedPart):
    """Verdict on one indicator. `rate`: good of good and bad in per cent; null if neither is known."""

    indicator: Indicator
    verdict: IndicatorVerdict
    rate: float | None
    good: Number
    bad: Number
    unknown: Number
    excused: Number
    cause: str
    """One word of docs/assessment.md; empty where the indicator passes."""


class MonthCard(FeedPart):
    """The fleet, or a district by its name (empty: cameras without one)."""

    name: str
    cameras: Number
    score: float | None
    findings: tuple[MonthFinding, ...]


class MonthCamera(FeedPart):
    """Camera of the month, by agent and id."""

    agent_id: str
    camera_id: str
    gb_code: str
    name: str
    district: str
    score: float | None
    findings: tuple[MonthFinding, ...]


class MonthRules(FeedPart):
    """Thresholds by which the month was judged; `pass_at` and `weight` by indicator."""

    pass_at: dict[Indicator, float]
    weight: dict[Indicator, float]
    known_share: float
    clock_ms: int
    timely_s: int
    online_minutes: int
    zone_h: int


class MonthMaintenance(FeedPart):
    """Planned maintenance that excuses hours. `to_ms` null: still open."""

    scope: str
    district: str
    agent_id: str
    camera_id: str
    from_ms: int
    to_ms: int | None


class MonthGap(FeedPart):
    """Time in which the centre did not watch, with its cause in one word."""

    from_ms: int
    to_ms: int
    cause: str


class MonthDocument(FeedPart):
    """One version of a closed month. Times are milliseconds since the Unix epoch, UTC."""

    schema_name: Literal["wayside-assessment-month-1"] = Field(default=SCHEMA, alias="schema")
    month: str = Field(pattern=r"^\d{4}-\d{2}$")
    version: int = Field(ge=1)
    """1 as it was closed; a correction is one more and takes the place of those before."""
    published_at_ms: int
    rules: MonthRules
    fleet: MonthCard
    districts: tuple[MonthCard, ...]
    cameras: tuple[MonthCamera, ...]
    maintenance: tuple[MonthMaintenance, ...]
    gaps: tuple[MonthGap, ...]


def document(judged: Judged, version: Version) -> MonthDocument:
    """Makes the document of a published month."""
    report = judged.report
    return MonthDocument.model_validate(
        {
            "schema": SCHEMA,
            "month": report.period.text,
            "version": version.number,
            "published_at_ms": version.at_ms,
            "rules": _rules(report.settings),
            "fleet": _card(report.fleet),
            "districts": tuple(map(_card, report.districts)),
            "cameras": tuple(map(_camera, report.cameras)),
            "maintenance": tuple(
                MonthMaintenance(**{name: getattr(window, name) for name in MonthMaintenance.model_fields})
                for window in judged.windows
            ),
            "gaps": tuple(map(_gap, judged.gaps)),
        }
    )


def encode(made: MonthDocument) -> bytes:
    """Writes the canonical bytes: names in order, no white space, UTF-8, no line break at the end."""
    plain = made.model_dump(mode="json", by_alias=True)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _rules(settings: Settings) -> MonthRules:
    return MonthRules(**{name: getattr(settings, name) for name in MonthRules.model_fields})


def _card(card: Card) -> MonthCard:
    return MonthCard(name=card.name, cameras=card.cameras, score=_rounded(card.score), findings=_findings(card))


def _camera(card: Card) -> MonthCamera:
    profile = card.profile
    assert profile is not None  # noqa: S101 - narrows the type: a camera's card has one
    return MonthCamera(
        agent_id=profile.agent_id,
        camera_id=profile.camera_id,
        gb_code=profile.gb_code,
        name=profile.title,
        district=profile.district,
        score=_rounded(card.score),
        findings=_findings(card),
    )


def _findings(card: Card) -> tuple[MonthFinding, ...]:
    return tuple(_finding(card.findings[indicator]) for indicator in Indicator)


def _finding(finding: IndicatorFinding) -> MonthFinding:
    tally = finding.tally
    return MonthFinding(
        indicator=finding.indicator,
        verdict=finding.verdict,
        rate=None if tally.rate is None else _rounded(100 * tally.rate),
        good=tally.good,
        bad=tally.bad,
        unknown=tally.unknown,
        excused=tally.excused,
        cause=finding.cause,
    )


def _gap(gap: Gap) -> MonthGap:
    return MonthGap(from_ms=gap.from_ms, to_ms=gap.to_ms, cause=gap.cause)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
