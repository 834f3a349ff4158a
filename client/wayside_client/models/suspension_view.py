from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="SuspensionView")


@_attrs_define
class SuspensionView:
    """One suspension of a channel, in force while `lifted_at_ms` is null.

    Attributes:
        lifted_at_ms (int | None):
        lifted_by (str):
        reason (str):
        since_ms (int):
    """

    lifted_at_ms: int | None
    lifted_by: str
    reason: str
    since_ms: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        lifted_at_ms: int | None
        lifted_at_ms = self.lifted_at_ms

        lifted_by = self.lifted_by

        reason = self.reason

        since_ms = self.since_ms

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "lifted_at_ms": lifted_at_ms,
                "lifted_by": lifted_by,
                "reason": reason,
                "since_ms": since_ms,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)

        def _parse_lifted_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        lifted_at_ms = _parse_lifted_at_ms(d.pop("lifted_at_ms"))

        lifted_by = d.pop("lifted_by")

        reason = d.pop("reason")

        since_ms = d.pop("since_ms")

        _made = class_(
            lifted_at_ms=lifted_at_ms,
            lifted_by=lifted_by,
            reason=reason,
            since_ms=since_ms,
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
