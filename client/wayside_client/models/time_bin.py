from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.time_bin_machines import TimeBinMachines


T = TypeVar("T", bound="TimeBin")


@_attrs_define
class TimeBin:
    """Machines by class in one bin; absent classes have none.

    Attributes:
        from_ms (int):
        machines (TimeBinMachines):
    """

    from_ms: int
    machines: TimeBinMachines

    def to_dict(self) -> dict[str, Any]:
        from_ms = self.from_ms

        machines = self.machines.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "from_ms": from_ms,
                "machines": machines,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.time_bin_machines import TimeBinMachines

        d = dict(src_dict)
        from_ms = d.pop("from_ms")

        machines = TimeBinMachines.from_dict(d.pop("machines"))

        _made = class_(
            from_ms=from_ms,
            machines=machines,
        )

        return _made
