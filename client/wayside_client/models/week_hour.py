from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.week_hour_machines import WeekHourMachines


T = TypeVar("T", bound="WeekHour")


@_attrs_define
class WeekHour:
    """Machines by class in one hour of the week, by the clock by which the archive cuts days.

    Attributes:
        hour (int):
        machines (WeekHourMachines):
        weekday (int): Day of the week, 0 for Monday.
    """

    hour: int
    machines: WeekHourMachines
    weekday: int

    def to_dict(self) -> dict[str, Any]:
        hour = self.hour

        machines = self.machines.to_dict()

        weekday = self.weekday

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "hour": hour,
                "machines": machines,
                "weekday": weekday,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.week_hour_machines import WeekHourMachines

        d = dict(src_dict)
        hour = d.pop("hour")

        machines = WeekHourMachines.from_dict(d.pop("machines"))

        weekday = d.pop("weekday")

        _made = class_(
            hour=hour,
            machines=machines,
            weekday=weekday,
        )

        return _made
