from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.hours import Hours


T = TypeVar("T", bound="Duty")


@_attrs_define
class Duty:
    """Duty of one technician: on some hours of the week, from one day to another, both included.

    Attributes:
        username (str):
        from_day (datetime.date | None | Unset):
        hours (Hours | Unset): Spans in a local time zone, given as minutes ahead of UTC; without spans, at no time.
        to_day (datetime.date | None | Unset):
    """

    username: str
    from_day: datetime.date | None | Unset = UNSET
    hours: Hours | Unset = UNSET
    to_day: datetime.date | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        username = self.username

        from_day: None | str | Unset
        if isinstance(self.from_day, Unset):
            from_day = UNSET
        elif isinstance(self.from_day, datetime.date):
            from_day = self.from_day.isoformat()
        else:
            from_day = self.from_day

        hours: dict[str, Any] | Unset = UNSET
        if not isinstance(self.hours, Unset):
            hours = self.hours.to_dict()

        to_day: None | str | Unset
        if isinstance(self.to_day, Unset):
            to_day = UNSET
        elif isinstance(self.to_day, datetime.date):
            to_day = self.to_day.isoformat()
        else:
            to_day = self.to_day

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "username": username,
            }
        )
        if from_day is not UNSET:
            field_dict["from_day"] = from_day
        if hours is not UNSET:
            field_dict["hours"] = hours
        if to_day is not UNSET:
            field_dict["to_day"] = to_day

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.hours import Hours

        d = dict(src_dict)
        username = d.pop("username")

        def _parse_from_day(data: object) -> datetime.date | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from_day_type_0 = datetime.date.fromisoformat(data)

                return from_day_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.date | None | Unset, data)

        from_day = _parse_from_day(d.pop("from_day", UNSET))

        _hours = d.pop("hours", UNSET)
        hours: Hours | Unset
        if isinstance(_hours, Unset):
            hours = UNSET
        else:
            hours = Hours.from_dict(_hours)

        def _parse_to_day(data: object) -> datetime.date | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                to_day_type_0 = datetime.date.fromisoformat(data)

                return to_day_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.date | None | Unset, data)

        to_day = _parse_to_day(d.pop("to_day", UNSET))

        _made = class_(
            username=username,
            from_day=from_day,
            hours=hours,
            to_day=to_day,
        )

        return _made
