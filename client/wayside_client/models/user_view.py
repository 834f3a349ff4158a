from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.grant_view import GrantView


T = TypeVar("T", bound="UserView")


@_attrs_define
class UserView:
    """An account with its grants.

    Attributes:
        created_at_ms (int):
        disabled (bool):
        grants (list[GrantView]):
        second_factor (bool):
        tokens (int):
        username (str):
    """

    created_at_ms: int
    disabled: bool
    grants: list[GrantView]
    second_factor: bool
    tokens: int
    username: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created_at_ms = self.created_at_ms

        disabled = self.disabled

        grants = []
        for grants_item_data in self.grants:
            grants_item = grants_item_data.to_dict()
            grants.append(grants_item)

        second_factor = self.second_factor

        tokens = self.tokens

        username = self.username

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "created_at_ms": created_at_ms,
                "disabled": disabled,
                "grants": grants,
                "second_factor": second_factor,
                "tokens": tokens,
                "username": username,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.grant_view import GrantView

        d = dict(src_dict)
        created_at_ms = d.pop("created_at_ms")

        disabled = d.pop("disabled")

        grants = []
        _grants = d.pop("grants")
        for grants_item_data in _grants:
            grants_item = GrantView.from_dict(grants_item_data)

            grants.append(grants_item)

        second_factor = d.pop("second_factor")

        tokens = d.pop("tokens")

        username = d.pop("username")

        _made = class_(
            created_at_ms=created_at_ms,
            disabled=disabled,
            grants=grants,
            second_factor=second_factor,
            tokens=tokens,
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
