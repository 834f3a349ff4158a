from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.permission import Permission

if TYPE_CHECKING:
    from ..models.grant_view import GrantView


T = TypeVar("T", bound="CallerAccess")


@_attrs_define
class CallerAccess:
    """The account of the request, and its permissions. `token_id` is of the API token, null for a session.

    Attributes:
        expires_at_ms (int):
        grants (list[GrantView]):
        permissions (list[Permission]): Permissions outside any case; some of them perhaps in some districts alone.
        token_id (None | str):
        username (str):
    """

    expires_at_ms: int
    grants: list[GrantView]
    permissions: list[Permission]
    token_id: None | str
    username: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        expires_at_ms = self.expires_at_ms

        grants = []
        for grants_item_data in self.grants:
            grants_item = grants_item_data.to_dict()
            grants.append(grants_item)

        permissions = []
        for permissions_item_data in self.permissions:
            permissions_item = permissions_item_data.value
            permissions.append(permissions_item)

        token_id: None | str
        token_id = self.token_id

        username = self.username

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "expires_at_ms": expires_at_ms,
                "grants": grants,
                "permissions": permissions,
                "token_id": token_id,
                "username": username,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.grant_view import GrantView

        d = dict(src_dict)
        expires_at_ms = d.pop("expires_at_ms")

        grants = []
        _grants = d.pop("grants")
        for grants_item_data in _grants:
            grants_item = GrantView.from_dict(grants_item_data)

            grants.append(grants_item)

        permissions = []
        _permissions = d.pop("permissions")
        for permissions_item_data in _permissions:
            permissions_item = Permission(permissions_item_data)

            permissions.append(permissions_item)

        def _parse_token_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        token_id = _parse_token_id(d.pop("token_id"))

        username = d.pop("username")

        _made = class_(
            expires_at_ms=expires_at_ms,
            grants=grants,
            permissions=permissions,
            token_id=token_id,
            username=username,
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
