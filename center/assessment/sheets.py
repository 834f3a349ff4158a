"""Lays a report out as tables, which every file format writes. Cells are text or numbers, nothing that computes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from center.assessment import league, words
from center.assessment.indicators import Indicator
from center.assessment.judged import Gap
from center.assessment.maintenance import MaintenanceWindow
from center.assessment.report import AssessmentReport, Card
from provisioning.files.spreadsheets import Cell, safe_cell


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with its title and head."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def sheets(report: AssessmentReport, windows: Iterable[MaintenanceWindow], gaps: Iterable[Gap]) -> tuple[Sheet, ...]:
    """Makes the tables of districts, cameras, every finding, maintenance, and gaps."""
    zone_h = report.period.zone_h
    return (
        _districts(report),
        _cameras(report),
        _findings(report),
        Sheet(
            words.MAINTENANCE,
            (words.SCOPE, words.FROM, words.TO, words.REASON, words.ENTERED_BY, words.RETROACTIVE),
            tuple(_window(each, zone_h) for each in windows),
        ),
        Sheet(
            words.GAPS,
            (words.FROM, words.TO, words.CAUSE),
            tuple((_local(each.from_ms, zone_h), _local(each.to_ms, zone_h), safe_cell(each.cause)) for each in gaps),
        ),
    )


def _districts(report: AssessmentReport) -> Sheet:
    rows: list[tuple[Cell, ...]] = [
        (
            place.rank,
            safe_cell(place.card.name or words.NO_DISTRICT),
            place.card.cameras,
            place.value,
            *_rates(place.card),
        )
        for place in league.table(report.districts)
    ]
    score = report.fleet.score
    fleet = (None, words.FLEET, report.fleet.cameras, None if score is None else round(score, 2))
    rows.append((*fleet, *_rates(report.fleet)))
    head = (words.RANK, words.DISTRICT, words.CAMERAS, words.SCORE, *words.INDICATORS.values())
    return Sheet(words.DISTRICT, head, tuple(rows))


def _cameras(report: AssessmentReport) -> Sheet:
    rows = []
    for place in league.table(report.cameras):
        card, profile = place.card, place.card.profile
        assert profile is not None  # noqa: S101 - narrows the type: a camera's card has one
        named = (profile.agent_id, profile.camera_id, profile.title, profile.district or words.NO_DISTRICT)
        failed = ", ".join(f"{each.value}: {card.findings[each].cause}" for each in card.failed)
        rows.append(
            (
                place.rank,
                *map(safe_cell, named),
                safe_cell(profile.gb_code),
                place.value,
                *_rates(card),
                safe_cell(failed),
            )
        )
    head = (
        words.RANK,
        words.AGENT,
        words.CAMERA_ID,
        words.CAMERA,
        words.DISTRICT,
        words.CODE,
        words.SCORE,
        *words.INDICATORS.values(),
        words.FAILED,
    )
    return Sheet(words.CAMERA, head, tuple(rows))


def _findings(report: AssessmentReport) -> Sheet:
    rows = []
    for card in report.cameras:
        profile = card.profile
        assert profile is not None  # noqa: S101 - as above
        for indicator, finding in card.findings.items():
            tally = finding.tally
            rows.append(
                (
                    safe_cell(profile.agent_id),
                    safe_cell(profile.camera_id),
                    words.INDICATORS[indicator],
                    words.VERDICTS[finding.verdict],
                    _percent(tally.rate),
                    tally.good,
                    tally.bad,
                    tally.unknown,
                    tally.excused,
                    safe_cell(finding.cause),
                )
            )
    head = (
        words.AGENT,
        words.CAMERA_ID,
        words.INDICATOR,
        words.VERDICT,
        words.RATE,
        words.GOOD,
        words.BAD,
        words.UNKNOWN,
        words.EXCUSED,
        words.CAUSE,
    )
    return Sheet(words.INDICATOR, head, tuple(rows))


def _window(window: MaintenanceWindow, zone_h: int) -> tuple[Cell, ...]:
    scope = " ".join(filter(None, (window.scope, window.district, window.agent_id, window.camera_id)))
    return (
        safe_cell(scope),
        _local(window.from_ms, zone_h),
        words.OPEN if window.to_ms is None else _local(window.to_ms, zone_h),
        safe_cell(window.reason),
        safe_cell(window.entered_by),
        words.YES if window.retroactive else "",
    )


def _rates(card: Card) -> tuple[float | None, ...]:
    return tuple(_percent(card.findings[indicator].tally.rate) for indicator in Indicator)


def _percent(rate: float | None) -> float | None:
    return None if rate is None else round(100 * rate, 2)


def _local(at_ms: int, zone_h: int) -> str:
    return f"{datetime.fromtimestamp(at_ms // 1000 + zone_h * 3600, UTC):%Y-%m-%d %H:%M}"
