from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="NewPassword")


@_attrs_define
class NewPassword:
    """The present password and the next one.

    Attributes:
        new_password (str):
        password (str):
        end_tokens (bool | Unset): False: the account's tokens stay. Default: True.
    """

    new_password: str
    password: str
    end_tokens: bool | Unset = True
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        new_password = self.new_password

        password = self.password

        end_tokens = self.end_tokens

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "new_password": new_password,
                "password": password,
            }
        )
        if end_tokens is not UNSET:
            field_dict["end_tokens"] = end_tokens

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        new_password = d.pop("new_password")

        password = d.pop("password")

        end_tokens = d.pop("end_tokens", UNSET)

        _made = class_(
            new_password=new_password,
            password=password,
            end_tokens=end_tokens,
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
