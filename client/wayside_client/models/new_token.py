from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.permission import Permission
from ..types import UNSET, Unset

T = TypeVar("T", bound="NewToken")


@_attrs_define
class NewToken:
    """The scopes and the life of a token, and the credentials of its owner, since it outlasts the session.

    Attributes:
        name (str):
        scopes (list[Permission]):
        days (int | None | Unset): Days that the token lives: 30 by default, at most `token_max_days` of the centre
            (90).
        one_time_code (str | Unset): For an account with a second factor: a code that no log-in has used, or a recovery
            code. Default: ''.
        password (str | Unset): Left out for an account that the identity provider opens: it has to have logged in a few
            minutes ago. Default: ''.
    """

    name: str
    scopes: list[Permission]
    days: int | None | Unset = UNSET
    one_time_code: str | Unset = ""
    password: str | Unset = ""
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        scopes = []
        for scopes_item_data in self.scopes:
            scopes_item = scopes_item_data.value
            scopes.append(scopes_item)

        days: int | None | Unset
        if isinstance(self.days, Unset):
            days = UNSET
        else:
            days = self.days

        one_time_code = self.one_time_code

        password = self.password

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
                "scopes": scopes,
            }
        )
        if days is not UNSET:
            field_dict["days"] = days
        if one_time_code is not UNSET:
            field_dict["one_time_code"] = one_time_code
        if password is not UNSET:
            field_dict["password"] = password

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        name = d.pop("name")

        scopes = []
        _scopes = d.pop("scopes")
        for scopes_item_data in _scopes:
            scopes_item = Permission(scopes_item_data)

            scopes.append(scopes_item)

        def _parse_days(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        days = _parse_days(d.pop("days", UNSET))

        one_time_code = d.pop("one_time_code", UNSET)

        password = d.pop("password", UNSET)

        _made = class_(
            name=name,
            scopes=scopes,
            days=days,
            one_time_code=one_time_code,
            password=password,
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
