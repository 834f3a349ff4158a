from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="WeekSpan")


@_attrs_define
class WeekSpan:
    """Span from one time of day to another, on some days of the week (0 Monday to 6 Sunday).

    A span that ends before it begins goes on past midnight, and belongs to the day on which it begins.

        Attributes:
            begins (str):
            ends (str):
            days (list[int] | Unset):
    """

    begins: str
    ends: str
    days: list[int] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        begins = self.begins

        ends = self.ends

        days: list[int] | Unset = UNSET
        if not isinstance(self.days, Unset):
            days = self.days

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "begins": begins,
                "ends": ends,
            }
        )
        if days is not UNSET:
            field_dict["days"] = days

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        begins = d.pop("begins")

        ends = d.pop("ends")

        days = cast(list[int], d.pop("days", UNSET))

        _made = class_(
            begins=begins,
            ends=ends,
            days=days,
        )

        return _made
