from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="AuditEntryView")


@_attrs_define
class AuditEntryView:
    """One entry. `previous` is the hash of the entry before, `sha256` its own (docs/access.md).

    Attributes:
        action (str):
        actor (str):
        at_ms (int):
        detail (str):
        number (int):
        previous (str):
        sha256 (str):
    """

    action: str
    actor: str
    at_ms: int
    detail: str
    number: int
    previous: str
    sha256: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        action = self.action

        actor = self.actor

        at_ms = self.at_ms

        detail = self.detail

        number = self.number

        previous = self.previous

        sha256 = self.sha256

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "action": action,
                "actor": actor,
                "at_ms": at_ms,
                "detail": detail,
                "number": number,
                "previous": previous,
                "sha256": sha256,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        action = d.pop("action")

        actor = d.pop("actor")

        at_ms = d.pop("at_ms")

        detail = d.pop("detail")

        number = d.pop("number")

        previous = d.pop("previous")

        sha256 = d.pop("sha256")

        _made = class_(
            action=action,
            actor=actor,
            at_ms=at_ms,
            detail=detail,
            number=number,
            previous=previous,
            sha256=sha256,
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
