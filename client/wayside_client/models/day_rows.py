from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="DayRows")


@_attrs_define
class DayRows:
    """Rows of one day (`YYYYMMDD`) that the archive has.

    Attributes:
        day (str):
        machines (int):
        snapshots (int):
    """

    day: str
    machines: int
    snapshots: int

    def to_dict(self) -> dict[str, Any]:
        day = self.day

        machines = self.machines

        snapshots = self.snapshots

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "day": day,
                "machines": machines,
                "snapshots": snapshots,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        day = d.pop("day")

        machines = d.pop("machines")

        snapshots = d.pop("snapshots")

        _made = class_(
            day=day,
            machines=machines,
            snapshots=snapshots,
        )

        return _made
