from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.condition import Condition

T = TypeVar("T", bound="Dependency")


@_attrs_define
class Dependency:
    """The state of one dependency: what is wrong and what to do.

    Attributes:
        cause (str):
        code (str):
        condition (Condition): Condition of the centre, or of one dependency.
        name (str):
        remedy (str):
    """

    cause: str
    code: str
    condition: Condition
    name: str
    remedy: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        cause = self.cause

        code = self.code

        condition = self.condition.value

        name = self.name

        remedy = self.remedy

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "cause": cause,
                "code": code,
                "condition": condition,
                "name": name,
                "remedy": remedy,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        cause = d.pop("cause")

        code = d.pop("code")

        condition = Condition(d.pop("condition"))

        name = d.pop("name")

        remedy = d.pop("remedy")

        _made = class_(
            cause=cause,
            code=code,
            condition=condition,
            name=name,
            remedy=remedy,
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
