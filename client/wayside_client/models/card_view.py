from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.indicator_finding_view import IndicatorFindingView


T = TypeVar("T", bound="CardView")


@_attrs_define
class CardView:
    """Card of a district, the fleet, or one bucket of a series.

    Attributes:
        cameras (int):
        findings (list[IndicatorFindingView]):
        hours (int): Hours of service of all cameras together, without those excused.
        hours_excused (int):
        name (str):
        never_heard (int):
        score (float | None):
    """

    cameras: int
    findings: list[IndicatorFindingView]
    hours: int
    hours_excused: int
    name: str
    never_heard: int
    score: float | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        cameras = self.cameras

        findings = []
        for findings_item_data in self.findings:
            findings_item = findings_item_data.to_dict()
            findings.append(findings_item)

        hours = self.hours

        hours_excused = self.hours_excused

        name = self.name

        never_heard = self.never_heard

        score: float | None
        score = self.score

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "cameras": cameras,
                "findings": findings,
                "hours": hours,
                "hours_excused": hours_excused,
                "name": name,
                "never_heard": never_heard,
                "score": score,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.indicator_finding_view import IndicatorFindingView

        d = dict(src_dict)
        cameras = d.pop("cameras")

        findings = []
        _findings = d.pop("findings")
        for findings_item_data in _findings:
            findings_item = IndicatorFindingView.from_dict(findings_item_data)

            findings.append(findings_item)

        hours = d.pop("hours")

        hours_excused = d.pop("hours_excused")

        name = d.pop("name")

        never_heard = d.pop("never_heard")

        def _parse_score(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        score = _parse_score(d.pop("score"))

        _made = class_(
            cameras=cameras,
            findings=findings,
            hours=hours,
            hours_excused=hours_excused,
            name=name,
            never_heard=never_heard,
            score=score,
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
