from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ComparedRowView")


@_attrs_define
class ComparedRowView:
    """Parts of one day and template on both sides.

    Attributes:
        carrier (int):
        day (str):
        difference (int): Parts that the carrier counts more.
        own (int): Parts that the gateway accepted.
        template (None | str): Null: the carrier's file tells no template.
    """

    carrier: int
    day: str
    difference: int
    own: int
    template: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        carrier = self.carrier

        day = self.day

        difference = self.difference

        own = self.own

        template: None | str
        template = self.template

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "carrier": carrier,
                "day": day,
                "difference": difference,
                "own": own,
                "template": template,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        carrier = d.pop("carrier")

        day = d.pop("day")

        difference = d.pop("difference")

        own = d.pop("own")

        def _parse_template(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        template = _parse_template(d.pop("template"))

        _made = class_(
            carrier=carrier,
            day=day,
            difference=difference,
            own=own,
            template=template,
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
