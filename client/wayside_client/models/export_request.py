from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ExportRequest")


@_attrs_define
class ExportRequest:
    """Request of an export: observations, case, purpose and requester.

    Each observation counts once, in the order given.

        Attributes:
            case (str):
            purpose (str):
            requester (str):
            row_keys (list[str]):
    """

    case: str
    purpose: str
    requester: str
    row_keys: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        case = self.case

        purpose = self.purpose

        requester = self.requester

        row_keys = self.row_keys

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "case": case,
                "purpose": purpose,
                "requester": requester,
                "row_keys": row_keys,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        case = d.pop("case")

        purpose = d.pop("purpose")

        requester = d.pop("requester")

        row_keys = cast(list[str], d.pop("row_keys"))

        _made = class_(
            case=case,
            purpose=purpose,
            requester=requester,
            row_keys=row_keys,
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
