from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.clock_source import ClockSource
from ..models.indicator import Indicator
from ..models.indicator_verdict import IndicatorVerdict

T = TypeVar("T", bound="IndicatorFindingView")


@_attrs_define
class IndicatorFindingView:
    """Finding on one indicator. `rate` is the share of good in good and bad; unknown and excused are in neither.

    Attributes:
        bad (int):
        cause (str):
        contradictions (list[str]): Pairs of sources of a camera's clock that contradicted each other, `onvif+rtcp`.
        excused (int):
        good (int):
        indicator (Indicator): One of the nine indicators; `docs/assessment.md` has the arithmetic of each.
        rate (float | None):
        sources (list[ClockSource]): Sources that showed a camera's clock, the one with the most hours first; empty for
            another indicator.
        unknown (int):
        verdict (IndicatorVerdict): Verdict on one indicator.
    """

    bad: int
    cause: str
    contradictions: list[str]
    excused: int
    good: int
    indicator: Indicator
    rate: float | None
    sources: list[ClockSource]
    unknown: int
    verdict: IndicatorVerdict
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        bad = self.bad

        cause = self.cause

        contradictions = self.contradictions

        excused = self.excused

        good = self.good

        indicator = self.indicator.value

        rate: float | None
        rate = self.rate

        sources = []
        for sources_item_data in self.sources:
            sources_item = sources_item_data.value
            sources.append(sources_item)

        unknown = self.unknown

        verdict = self.verdict.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "bad": bad,
                "cause": cause,
                "contradictions": contradictions,
                "excused": excused,
                "good": good,
                "indicator": indicator,
                "rate": rate,
                "sources": sources,
                "unknown": unknown,
                "verdict": verdict,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        bad = d.pop("bad")

        cause = d.pop("cause")

        contradictions = cast(list[str], d.pop("contradictions"))

        excused = d.pop("excused")

        good = d.pop("good")

        indicator = Indicator(d.pop("indicator"))

        def _parse_rate(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        rate = _parse_rate(d.pop("rate"))

        sources = []
        _sources = d.pop("sources")
        for sources_item_data in _sources:
            sources_item = ClockSource(sources_item_data)

            sources.append(sources_item)

        unknown = d.pop("unknown")

        verdict = IndicatorVerdict(d.pop("verdict"))

        _made = class_(
            bad=bad,
            cause=cause,
            contradictions=contradictions,
            excused=excused,
            good=good,
            indicator=indicator,
            rate=rate,
            sources=sources,
            unknown=unknown,
            verdict=verdict,
        )

        _made.additional_properties = d
        return _made

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
