from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.rule_text import RuleText


T = TypeVar("T", bound="RuleChange")


@_attrs_define
class RuleChange:
    """A new text for a rule, from a user who has read `version`.

    Attributes:
        text (RuleText): Content of one version of a rule, as its author writes it.
        version (int):
    """

    text: RuleText
    version: int

    def to_dict(self) -> dict[str, Any]:
        text = self.text.to_dict()

        version = self.version

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "text": text,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.rule_text import RuleText

        d = dict(src_dict)
        text = RuleText.from_dict(d.pop("text"))

        version = d.pop("version")

        _made = class_(
            text=text,
            version=version,
        )

        return _made
