from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="AssessedDistrict")


@_attrs_define
class AssessedDistrict:
    """District of the assessment: name, GB/T 28181 region code, outline.

    Attributes:
        name (str):
        outline (list[list[float]] | Unset): [[longitude, latitude], …] in WGS 84, once around; empty: not checked.
        region (str | Unset): Digits that the GB/T 28181 codes of its cameras begin with; empty: not checked. Default:
            ''.
    """

    name: str
    outline: list[list[float]] | Unset = UNSET
    region: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        outline: list[list[float]] | Unset = UNSET
        if not isinstance(self.outline, Unset):
            outline = []
            for outline_item_data in self.outline:
                outline_item = []
                for outline_item_item_data in outline_item_data:
                    outline_item_item: float
                    outline_item_item = outline_item_item_data
                    outline_item.append(outline_item_item)

                outline.append(outline_item)

        region = self.region

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
            }
        )
        if outline is not UNSET:
            field_dict["outline"] = outline
        if region is not UNSET:
            field_dict["region"] = region

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        name = d.pop("name")

        _outline = d.pop("outline", UNSET)
        outline: list[list[float]] | Unset = UNSET
        if _outline is not UNSET:
            outline = []
            for outline_item_data in _outline:
                outline_item = []
                _outline_item = outline_item_data
                for outline_item_item_data in _outline_item:

                    def _parse_outline_item_item(data: object) -> float:
                        return cast(float, data)

                    outline_item_item = _parse_outline_item_item(outline_item_item_data)

                    outline_item.append(outline_item_item)

                outline.append(outline_item)

        region = d.pop("region", UNSET)

        _made = class_(
            name=name,
            outline=outline,
            region=region,
        )

        return _made
