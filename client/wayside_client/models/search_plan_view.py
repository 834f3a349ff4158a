from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.day_plan_view import DayPlanView


T = TypeVar("T", bound="SearchPlanView")


@_attrs_define
class SearchPlanView:
    """The plan of a search, newest day first; a day that lacks a column that it needs is named.

    Attributes:
        days (list[DayPlanView] | Unset):
        days_without (list[str] | Unset):
        exact (bool | Unset): Always true for filters: only a look-alike search may use an index that approximates.
            Default: True.
    """

    days: list[DayPlanView] | Unset = UNSET
    days_without: list[str] | Unset = UNSET
    exact: bool | Unset = True
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        days: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.days, Unset):
            days = []
            for days_item_data in self.days:
                days_item = days_item_data.to_dict()
                days.append(days_item)

        days_without: list[str] | Unset = UNSET
        if not isinstance(self.days_without, Unset):
            days_without = self.days_without

        exact = self.exact

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if days is not UNSET:
            field_dict["days"] = days
        if days_without is not UNSET:
            field_dict["days_without"] = days_without
        if exact is not UNSET:
            field_dict["exact"] = exact

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.day_plan_view import DayPlanView

        d = dict(src_dict)
        _days = d.pop("days", UNSET)
        days: list[DayPlanView] | Unset = UNSET
        if _days is not UNSET:
            days = []
            for days_item_data in _days:
                days_item = DayPlanView.from_dict(days_item_data)

                days.append(days_item)

        days_without = cast(list[str], d.pop("days_without", UNSET))

        exact = d.pop("exact", UNSET)

        _made = class_(
            days=days,
            days_without=days_without,
            exact=exact,
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
