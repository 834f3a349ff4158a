from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.hours import Hours


T = TypeVar("T", bound="WorkCalendar")


@_attrs_define
class WorkCalendar:
    """Hours that a contract counts.

    Attributes:
        holidays (list[datetime.date] | Unset): Days that do not count. A span that begins on one is left out whole,
            also past midnight.
        hours (Hours | Unset): Spans in a local time zone, given as minutes ahead of UTC; without spans, at no time.
    """

    holidays: list[datetime.date] | Unset = UNSET
    hours: Hours | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        holidays: list[str] | Unset = UNSET
        if not isinstance(self.holidays, Unset):
            holidays = []
            for holidays_item_data in self.holidays:
                holidays_item = holidays_item_data.isoformat()
                holidays.append(holidays_item)

        hours: dict[str, Any] | Unset = UNSET
        if not isinstance(self.hours, Unset):
            hours = self.hours.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if holidays is not UNSET:
            field_dict["holidays"] = holidays
        if hours is not UNSET:
            field_dict["hours"] = hours

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.hours import Hours

        d = dict(src_dict)
        _holidays = d.pop("holidays", UNSET)
        holidays: list[datetime.date] | Unset = UNSET
        if _holidays is not UNSET:
            holidays = []
            for holidays_item_data in _holidays:
                holidays_item = datetime.date.fromisoformat(holidays_item_data)

                holidays.append(holidays_item)

        _hours = d.pop("hours", UNSET)
        hours: Hours | Unset
        if isinstance(_hours, Unset):
            hours = UNSET
        else:
            hours = Hours.from_dict(_hours)

        _made = class_(
            holidays=holidays,
            hours=hours,
        )

        return _made
