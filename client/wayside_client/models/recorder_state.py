from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="RecorderState")


@_attrs_define
class RecorderState:
    """The state of the counting itself.

    Attributes:
        fault (str): The reason that the newest facts are not written yet; they wait in memory.
        looked_at_ms (int | None): Time at which the state of every camera was last written down; None: not since the
            start.
    """

    fault: str
    looked_at_ms: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        fault = self.fault

        looked_at_ms: int | None
        looked_at_ms = self.looked_at_ms

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "fault": fault,
                "looked_at_ms": looked_at_ms,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        fault = d.pop("fault")

        def _parse_looked_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        looked_at_ms = _parse_looked_at_ms(d.pop("looked_at_ms"))

        _made = class_(
            fault=fault,
            looked_at_ms=looked_at_ms,
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
