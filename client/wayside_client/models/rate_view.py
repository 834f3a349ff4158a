from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.rate_state import RateState

T = TypeVar("T", bound="RateView")


@_attrs_define
class RateView:
    """Present rate of a channel, parts a second.

    Attributes:
        per_second (float):
        since_ms (int):
        state (RateState): Rate of a channel: full, or as the carrier has reduced it.
    """

    per_second: float
    since_ms: int
    state: RateState
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        per_second = self.per_second

        since_ms = self.since_ms

        state = self.state.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "per_second": per_second,
                "since_ms": since_ms,
                "state": state,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        per_second = d.pop("per_second")

        since_ms = d.pop("since_ms")

        state = RateState(d.pop("state"))

        _made = class_(
            per_second=per_second,
            since_ms=since_ms,
            state=state,
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
