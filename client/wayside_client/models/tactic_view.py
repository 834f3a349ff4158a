from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.rule_text import RuleText


T = TypeVar("T", bound="TacticView")


@_attrs_define
class TacticView:
    """A rule's text that a district shares under a name.

    Attributes:
        district_id (str):
        id (int):
        name (str):
        shared_at_ms (int):
        shared_by (str):
        text (RuleText): Content of one version of a rule, as its author writes it.
    """

    district_id: str
    id: int
    name: str
    shared_at_ms: int
    shared_by: str
    text: RuleText
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        district_id = self.district_id

        id = self.id

        name = self.name

        shared_at_ms = self.shared_at_ms

        shared_by = self.shared_by

        text = self.text.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "district_id": district_id,
                "id": id,
                "name": name,
                "shared_at_ms": shared_at_ms,
                "shared_by": shared_by,
                "text": text,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.rule_text import RuleText

        d = dict(src_dict)
        district_id = d.pop("district_id")

        id = d.pop("id")

        name = d.pop("name")

        shared_at_ms = d.pop("shared_at_ms")

        shared_by = d.pop("shared_by")

        text = RuleText.from_dict(d.pop("text"))

        _made = class_(
            district_id=district_id,
            id=id,
            name=name,
            shared_at_ms=shared_at_ms,
            shared_by=shared_by,
            text=text,
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
