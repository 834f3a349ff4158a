from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.permission import Permission

T = TypeVar("T", bound="ShownToken")


@_attrs_define
class ShownToken:
    """A token as its owner sees it.

    Attributes:
        created_at_ms (int):
        expires_at_ms (int):
        name (str):
        revoked_at_ms (int | None):
        scopes (list[Permission]):
        token_id (str):
        used_at_ms (int | None):
    """

    created_at_ms: int
    expires_at_ms: int
    name: str
    revoked_at_ms: int | None
    scopes: list[Permission]
    token_id: str
    used_at_ms: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created_at_ms = self.created_at_ms

        expires_at_ms = self.expires_at_ms

        name = self.name

        revoked_at_ms: int | None
        revoked_at_ms = self.revoked_at_ms

        scopes = []
        for scopes_item_data in self.scopes:
            scopes_item = scopes_item_data.value
            scopes.append(scopes_item)

        token_id = self.token_id

        used_at_ms: int | None
        used_at_ms = self.used_at_ms

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "created_at_ms": created_at_ms,
                "expires_at_ms": expires_at_ms,
                "name": name,
                "revoked_at_ms": revoked_at_ms,
                "scopes": scopes,
                "token_id": token_id,
                "used_at_ms": used_at_ms,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        created_at_ms = d.pop("created_at_ms")

        expires_at_ms = d.pop("expires_at_ms")

        name = d.pop("name")

        def _parse_revoked_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        revoked_at_ms = _parse_revoked_at_ms(d.pop("revoked_at_ms"))

        scopes = []
        _scopes = d.pop("scopes")
        for scopes_item_data in _scopes:
            scopes_item = Permission(scopes_item_data)

            scopes.append(scopes_item)

        token_id = d.pop("token_id")

        def _parse_used_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        used_at_ms = _parse_used_at_ms(d.pop("used_at_ms"))

        _made = class_(
            created_at_ms=created_at_ms,
            expires_at_ms=expires_at_ms,
            name=name,
            revoked_at_ms=revoked_at_ms,
            scopes=scopes,
            token_id=token_id,
            used_at_ms=used_at_ms,
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
