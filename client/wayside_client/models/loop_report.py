from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="LoopReport")


@_attrs_define
class LoopReport:
    """The state of one background loop. `cause`: the bug that ended its last turn; empty: none did.

    Attributes:
        cause (str):
        died (int): Turns that died since the start.
        last_cause (str): The bug that ended the last turn that died; empty: none did.
        name (str):
    """

    cause: str
    died: int
    last_cause: str
    name: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        cause = self.cause

        died = self.died

        last_cause = self.last_cause

        name = self.name

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "cause": cause,
                "died": died,
                "last_cause": last_cause,
                "name": name,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        cause = d.pop("cause")

        died = d.pop("died")

        last_cause = d.pop("last_cause")

        name = d.pop("name")

        _made = class_(
            cause=cause,
            died=died,
            last_cause=last_cause,
            name=name,
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
