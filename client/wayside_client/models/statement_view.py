from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="StatementView")


@_attrs_define
class StatementView:
    """The carrier's file that is compared.

    Attributes:
        sha256 (str): Hash of the file as it was uploaded.
        taken_at_ms (int):
        taken_by (str):
    """

    sha256: str
    taken_at_ms: int
    taken_by: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        sha256 = self.sha256

        taken_at_ms = self.taken_at_ms

        taken_by = self.taken_by

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "sha256": sha256,
                "taken_at_ms": taken_at_ms,
                "taken_by": taken_by,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        sha256 = d.pop("sha256")

        taken_at_ms = d.pop("taken_at_ms")

        taken_by = d.pop("taken_by")

        _made = class_(
            sha256=sha256,
            taken_at_ms=taken_at_ms,
            taken_by=taken_by,
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
