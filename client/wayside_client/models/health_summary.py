from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.condition import Condition

if TYPE_CHECKING:
    from ..models.health_summary_dependencies import HealthSummaryDependencies


T = TypeVar("T", bound="HealthSummary")


@_attrs_define
class HealthSummary:
    """The condition in one word each; causes are for users who are logged in.

    Attributes:
        dependencies (HealthSummaryDependencies):
        status (Condition): Condition of the centre, or of one dependency.
    """

    dependencies: HealthSummaryDependencies
    status: Condition
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        dependencies = self.dependencies.to_dict()

        status = self.status.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "dependencies": dependencies,
                "status": status,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.health_summary_dependencies import HealthSummaryDependencies

        d = dict(src_dict)
        dependencies = HealthSummaryDependencies.from_dict(d.pop("dependencies"))

        status = Condition(d.pop("status"))

        _made = class_(
            dependencies=dependencies,
            status=status,
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
