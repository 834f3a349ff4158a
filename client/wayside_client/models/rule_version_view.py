from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.rule_text import RuleText


T = TypeVar("T", bound="RuleVersionView")


@_attrs_define
class RuleVersionView:
    """One version of a rule.

    Attributes:
        text (RuleText): Content of one version of a rule, as its author writes it.
        version (int):
        written_at_ms (int):
        written_by (str):
    """

    text: RuleText
    version: int
    written_at_ms: int
    written_by: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        text = self.text.to_dict()

        version = self.version

        written_at_ms = self.written_at_ms

        written_by = self.written_by

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "text": text,
                "version": version,
                "written_at_ms": written_at_ms,
                "written_by": written_by,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.rule_text import RuleText

        d = dict(src_dict)
        text = RuleText.from_dict(d.pop("text"))

        version = d.pop("version")

        written_at_ms = d.pop("written_at_ms")

        written_by = d.pop("written_by")

        _made = class_(
            text=text,
            version=version,
            written_at_ms=written_at_ms,
            written_by=written_by,
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
