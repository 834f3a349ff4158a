from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.rule_text import RuleText


T = TypeVar("T", bound="RuleFile")


@_attrs_define
class RuleFile:
    """A rule as a file. A centre refuses a `version` that it does not know.

    Attributes:
        text (RuleText): Content of one version of a rule, as its author writes it.
        format_ (Literal['wayside-rule'] | Unset):  Default: 'wayside-rule'.
        version (Literal[1] | Unset):  Default: 1.
    """

    text: RuleText
    format_: Literal["wayside-rule"] | Unset = "wayside-rule"
    version: Literal[1] | Unset = 1

    def to_dict(self) -> dict[str, Any]:
        text = self.text.to_dict()

        format_ = self.format_

        version = self.version

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "text": text,
            }
        )
        if format_ is not UNSET:
            field_dict["format"] = format_
        if version is not UNSET:
            field_dict["version"] = version

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.rule_text import RuleText

        d = dict(src_dict)
        text = RuleText.from_dict(d.pop("text"))

        format_ = cast(Literal["wayside-rule"] | Unset, d.pop("format", UNSET))
        if format_ != "wayside-rule" and not isinstance(format_, Unset):
            raise ValueError(f"format must match const 'wayside-rule', got '{format_}'")

        version = cast(Literal[1] | Unset, d.pop("version", UNSET))
        if version != 1 and not isinstance(version, Unset):
            raise ValueError(f"version must match const 1, got '{version}'")

        _made = class_(
            text=text,
            format_=format_,
            version=version,
        )

        return _made
