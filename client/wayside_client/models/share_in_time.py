from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ShareInTime")


@_attrs_define
class ShareInTime:
    """Clocks that were met among those that were met or missed. `share` null: none was.

    Attributes:
        met (int):
        missed (int):
        share (float | None):
    """

    met: int
    missed: int
    share: float | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        met = self.met

        missed = self.missed

        share: float | None
        share = self.share

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "met": met,
                "missed": missed,
                "share": share,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        met = d.pop("met")

        missed = d.pop("missed")

        def _parse_share(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        share = _parse_share(d.pop("share"))

        _made = class_(
            met=met,
            missed=missed,
            share=share,
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
