from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="MonthVersionView")


@_attrs_define
class MonthVersionView:
    """Published version of a closed month: 1 when it closed, one more for each correction, with its name.

    Attributes:
        name (str):
        published_at_ms (int):
        published_by (str):
        version (int):
    """

    name: str
    published_at_ms: int
    published_by: str
    version: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        published_at_ms = self.published_at_ms

        published_by = self.published_by

        version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
                "published_at_ms": published_at_ms,
                "published_by": published_by,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        name = d.pop("name")

        published_at_ms = d.pop("published_at_ms")

        published_by = d.pop("published_by")

        version = d.pop("version")

        _made = class_(
            name=name,
            published_at_ms=published_at_ms,
            published_by=published_by,
            version=version,
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
