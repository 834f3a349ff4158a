from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.quota_state import QuotaState

T = TypeVar("T", bound="QuotaView")


@_attrs_define
class QuotaView:
    """Parts of the month, used and agreed.

    Attributes:
        month (str):
        overflow (bool):
        parts (int):
        state (QuotaState): State of one channel's quota in one month.
        used (int):
    """

    month: str
    overflow: bool
    parts: int
    state: QuotaState
    used: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        month = self.month

        overflow = self.overflow

        parts = self.parts

        state = self.state.value

        used = self.used

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "month": month,
                "overflow": overflow,
                "parts": parts,
                "state": state,
                "used": used,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        month = d.pop("month")

        overflow = d.pop("overflow")

        parts = d.pop("parts")

        state = QuotaState(d.pop("state"))

        used = d.pop("used")

        _made = class_(
            month=month,
            overflow=overflow,
            parts=parts,
            state=state,
            used=used,
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
