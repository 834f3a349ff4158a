from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="StorageRoom")


@_attrs_define
class StorageRoom:
    """Disk under the archive.

    Attributes:
        day_bytes (int): Size of the newest day that is over; 0 before the first.
        days_left (float | None): Days of that size that still fit; None before the first day is over.
        free_bytes (int):
        total_bytes (int):
    """

    day_bytes: int
    days_left: float | None
    free_bytes: int
    total_bytes: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        day_bytes = self.day_bytes

        days_left: float | None
        days_left = self.days_left

        free_bytes = self.free_bytes

        total_bytes = self.total_bytes

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "day_bytes": day_bytes,
                "days_left": days_left,
                "free_bytes": free_bytes,
                "total_bytes": total_bytes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        day_bytes = d.pop("day_bytes")

        def _parse_days_left(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        days_left = _parse_days_left(d.pop("days_left"))

        free_bytes = d.pop("free_bytes")

        total_bytes = d.pop("total_bytes")

        _made = class_(
            day_bytes=day_bytes,
            days_left=days_left,
            free_bytes=free_bytes,
            total_bytes=total_bytes,
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
