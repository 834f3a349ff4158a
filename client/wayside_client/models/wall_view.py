from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.capacity import Capacity
    from ..models.collected import Collected
    from ..models.coverage import Coverage
    from ..models.wall_results import WallResults
    from ..models.wall_view_faults import WallViewFaults


T = TypeVar("T", bound="WallView")


@_attrs_define
class WallView:
    """All figures of the wall at one time.

    Attributes:
        at_ms (int):
        capacity (Capacity): Use of the chain, and what it could do.
        collected (Collected): Rows that the archive has, and its disk.
        coverage (Coverage): Cameras that have reported, by district, protocol and state.
        faults (WallViewFaults): Code of the error for each source that does not answer.
        results (WallResults): Alarms of the last seven days; cases, machines and exports that the centre keeps.
    """

    at_ms: int
    capacity: Capacity
    collected: Collected
    coverage: Coverage
    faults: WallViewFaults
    results: WallResults
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at_ms = self.at_ms

        capacity = self.capacity.to_dict()

        collected = self.collected.to_dict()

        coverage = self.coverage.to_dict()

        faults = self.faults.to_dict()

        results = self.results.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at_ms": at_ms,
                "capacity": capacity,
                "collected": collected,
                "coverage": coverage,
                "faults": faults,
                "results": results,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.capacity import Capacity
        from ..models.collected import Collected
        from ..models.coverage import Coverage
        from ..models.wall_results import WallResults
        from ..models.wall_view_faults import WallViewFaults

        d = dict(src_dict)
        at_ms = d.pop("at_ms")

        capacity = Capacity.from_dict(d.pop("capacity"))

        collected = Collected.from_dict(d.pop("collected"))

        coverage = Coverage.from_dict(d.pop("coverage"))

        faults = WallViewFaults.from_dict(d.pop("faults"))

        results = WallResults.from_dict(d.pop("results"))

        _made = class_(
            at_ms=at_ms,
            capacity=capacity,
            collected=collected,
            coverage=coverage,
            faults=faults,
            results=results,
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
