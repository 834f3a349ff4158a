"""Lays a report out as tables, which every file format writes. Cells are text or numbers, nothing that computes.

Their words are Chinese and English side by side: a file is read outside the console's language.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Final

from center.assessment.cause_words import SOURCES, gap_words, sources_of, words_of
from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.maintenance import MaintenanceWindow
from center.assessment.report import AssessmentReport, Card, Gap, IndicatorFinding, ranked
from provisioning.files.spreadsheets import Cell, safe_cell

_INDICATORS: Final = {
    Indicator.ONLINE: "在线率 Online",
    Indicator.CLOCK: "时钟准确率 Clock",
    Indicator.TIMELINESS: "及时率 Timeliness",
    Indicator.PICTURE: "全景图在库率 Picture",
    Indicator.PLACE: "经纬度合格率 Place",
    Indicator.CODE: "国标编码合格率 GB code",
    Indicator.SNAPSHOT: "图像正常率 Normal snapshots",
    Indicator.DELIVERY: "送达率 Delivery",
    Indicator.COMPLETENESS: "数据完整率 Completeness",
}
_VERDICTS: Final = {
    IndicatorVerdict.PASS: "合格 pass",
    IndicatorVerdict.FAIL: "不合格 fail",
    IndicatorVerdict.EXCUSED: "免考 excused",
    IndicatorVerdict.UNKNOWN: "未知 unknown",
}
_VERDICT: Final = "结论 Verdict"
_NO_DISTRICT: Final = "未分区 No district"
_RANK: Final = "名次 Rank"
_DISTRICT: Final = "辖区 District"
_CAMERA: Final = "摄像机 Camera"
_SCORE: Final = "得分 Score"
_AGENT: Final = "前端代理 Agent"
_CAMERA_ID: Final = "摄像机编号 Camera id"
_CAUSE: Final = "原因 Cause"
_INDICATOR: Final = "指标 Indicator"
_FROM: Final = "开始 From"
_TO: Final = "结束 To"


Column = str | Indicator
RatedCell = Cell | IndicatorFinding
"""In the column of an indicator stands the finding: a file shows its rate and its verdict together."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with its title and head."""

    title: str
    head: tuple[Column, ...]
    rows: tuple[tuple[RatedCell, ...], ...]

    def flat_head(self) -> tuple[str, ...]:
        """Writes the head with two columns for each indicator, rate and verdict."""
        return tuple(chain.from_iterable(map(_flat_column, self.head)))

    def flat_rows(self) -> tuple[tuple[Cell, ...], ...]:
        """Writes the rows with two cells for each finding, rate and verdict."""
        return tuple(tuple(chain.from_iterable(map(_flat, row))) for row in self.rows)


def column_words(column: Column) -> str:
    """Names a column; an indicator in both languages."""
    return _INDICATORS[column] if isinstance(column, Indicator) else column


def verdict_words(finding: IndicatorFinding) -> str:
    """Names a verdict in both languages."""
    return _VERDICTS[finding.verdict]


def percent(finding: IndicatorFinding) -> float | None:
    """Returns a rate in per cent, with two decimals; None if nothing is known."""
    share = finding.tally.rate
    return None if share is None else round(100 * share, 2)


def _flat_column(column: Column) -> tuple[str, ...]:
    words = column_words(column)
    return (words, f"{words} {_VERDICT}") if isinstance(column, Indicator) else (words,)


def _flat(cell: RatedCell) -> tuple[Cell, ...]:
    return (percent(cell), verdict_words(cell)) if isinstance(cell, IndicatorFinding) else (cell,)


def sheets(report: AssessmentReport, windows: Iterable[MaintenanceWindow], gaps: Iterable[Gap]) -> tuple[Sheet, ...]:
    """Makes the tables of districts, cameras, every finding, maintenance, and gaps."""
    zone_h = report.period.zone_h
    return (
        _districts(report),
        _cameras(report),
        _findings(report),
        Sheet(
            "计划检修 Planned maintenance",
            ("范围 Scope", _FROM, _TO, "事由 Reason", "登记人 Entered by", "补录 Retroactive"),
            tuple(_window(each, zone_h) for each in windows),
        ),
        Sheet(
            "平台未监测时段 Not watched",
            (_FROM, _TO, _CAUSE),
            tuple(_gap(each, zone_h) for each in gaps),
        ),
    )


def _districts(report: AssessmentReport) -> Sheet:
    rows: list[tuple[RatedCell, ...]] = [
        (
            place.rank,
            safe_cell(place.card.name or _NO_DISTRICT),
            place.card.cameras,
            place.value,
            *_findings_of(place.card),
        )
        for place in ranked(report.districts)
    ]
    score = report.fleet.score
    fleet = (None, "全部 Fleet", report.fleet.cameras, None if score is None else round(score, 2))
    rows.append((*fleet, *_findings_of(report.fleet)))
    head = (_RANK, _DISTRICT, "摄像机数 Cameras", _SCORE, *Indicator)
    return Sheet(_DISTRICT, head, tuple(rows))


def _cameras(report: AssessmentReport) -> Sheet:
    rows: list[tuple[RatedCell, ...]] = []
    for place in ranked(report.cameras):
        card, profile = place.card, place.card.profile
        assert profile is not None  # noqa: S101 - narrows the type: a camera's card has one
        named = (profile.agent_id, profile.camera_id, profile.title, profile.district or _NO_DISTRICT)
        failed = "；".join(f"{_INDICATORS[each]}：{words_of(card.findings[each].cause).both}" for each in card.failed)
        rows.append(
            (
                place.rank,
                *map(safe_cell, named),
                safe_cell(profile.gb_code),
                place.value,
                *_findings_of(card),
                safe_cell(failed),
            )
        )
    head = (
        _RANK,
        _AGENT,
        _CAMERA_ID,
        _CAMERA,
        _DISTRICT,
        "国标编码 GB code",
        _SCORE,
        *Indicator,
        "不合格项 Failed",
    )
    return Sheet(_CAMERA, head, tuple(rows))


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
                    _INDICATORS[indicator],
                    verdict_words(finding),
                    percent(finding),
                    tally.good,
                    tally.bad,
                    tally.unknown,
                    tally.excused,
                    safe_cell(words_of(finding.cause).both),
                    "；".join(SOURCES[each].both for each in finding.sources),
                    "；".join(safe_cell(sources_of(each).both) for each in finding.contradictions),
                )
            )
    head = (
        _AGENT,
        _CAMERA_ID,
        _INDICATOR,
        _VERDICT,
        "比率 Rate %",
        "合格数 Good",
        "不合格数 Bad",
        "未知数 Unknown",
        "免考数 Excused",
        _CAUSE,
        "时钟来源 Clock sources",
        "时钟来源互相矛盾 Contradictory sources",
    )
    return Sheet(_INDICATOR, head, tuple(rows))


def _window(window: MaintenanceWindow, zone_h: int) -> tuple[Cell, ...]:
    scope = " ".join(filter(None, (window.scope, window.district, window.agent_id, window.camera_id)))
    return (
        safe_cell(scope),
        _local(window.from_ms, zone_h),
        "未定 open" if window.to_ms is None else _local(window.to_ms, zone_h),
        safe_cell(window.reason),
        safe_cell(window.entered_by),
        "是 yes" if window.retroactive else "",
    )


def _gap(gap: Gap, zone_h: int) -> tuple[Cell, ...]:
    return _local(gap.from_ms, zone_h), _local(gap.to_ms, zone_h), safe_cell(gap_words(gap.cause).both)


def _findings_of(card: Card) -> tuple[IndicatorFinding, ...]:
    return tuple(card.findings[indicator] for indicator in Indicator)


def _local(at_ms: int, zone_h: int) -> str:
    return f"{datetime.fromtimestamp(at_ms // 1000 + zone_h * 3600, UTC):%Y-%m-%d %H:%M}"
