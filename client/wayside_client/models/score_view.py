from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ScoreView")


@_attrs_define
class ScoreView:
    """Score of a candidate with its factors: docs/cases.md explains them.

    Attributes:
        colour (float):
        like (float):
        likeness (float):
        reach (float):
        rejected (float | None):
        total (float):
    """

    colour: float
    like: float
    likeness: float
    reach: float
    rejected: float | None
    total: float
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        colour = self.colour

        like = self.like

        likeness = self.likeness

        reach = self.reach

        rejected: float | None
        rejected = self.rejected

        total = self.total

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "colour": colour,
                "like": like,
                "likeness": likeness,
                "reach": reach,
                "rejected": rejected,
                "total": total,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        colour = d.pop("colour")

        like = d.pop("like")

        likeness = d.pop("likeness")

        reach = d.pop("reach")

        def _parse_rejected(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        rejected = _parse_rejected(d.pop("rejected"))

        total = d.pop("total")

        _made = class_(
            colour=colour,
            like=like,
            likeness=likeness,
            reach=reach,
            rejected=rejected,
            total=total,
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
