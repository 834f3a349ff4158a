from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="GrowthView")


@_attrs_define
class GrowthView:
    """Pictures since the counters were last reported.

    Attributes:
        archived (int):
        astray (int):
        dropped (int):
        in_flight (int):
        rejected (int):
        selected (int):
    """

    archived: int
    astray: int
    dropped: int
    in_flight: int
    rejected: int
    selected: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        archived = self.archived

        astray = self.astray

        dropped = self.dropped

        in_flight = self.in_flight

        rejected = self.rejected

        selected = self.selected

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "archived": archived,
                "astray": astray,
                "dropped": dropped,
                "in_flight": in_flight,
                "rejected": rejected,
                "selected": selected,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        archived = d.pop("archived")

        astray = d.pop("astray")

        dropped = d.pop("dropped")

        in_flight = d.pop("in_flight")

        rejected = d.pop("rejected")

        selected = d.pop("selected")

        _made = class_(
            archived=archived,
            astray=astray,
            dropped=dropped,
            in_flight=in_flight,
            rejected=rejected,
            selected=selected,
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
