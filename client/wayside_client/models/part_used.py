from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="PartUsed")


@_attrs_define
class PartUsed:
    """A part that a technician used.

    Attributes:
        count (int):
        name (str):
    """

    count: int
    name: str

    def to_dict(self) -> dict[str, Any]:
        count = self.count

        name = self.name

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "count": count,
                "name": name,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        count = d.pop("count")

        name = d.pop("name")

        _made = class_(
            count=count,
            name=name,
        )

        return _made
