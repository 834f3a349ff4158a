from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="StandingLookalike")


@_attrs_define
class StandingLookalike:
    """A machine that looks like one that an approved case seeks. The case says what is sought, where and how alike.

    The one rule of this kind is the cases' own (docs/cases.md): here it is only made louder, quieter or switched off.

        Attributes:
            kind (Literal['standing_lookalike']):
    """

    kind: Literal["standing_lookalike"]

    def to_dict(self) -> dict[str, Any]:
        kind = self.kind

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        kind = cast(Literal["standing_lookalike"], d.pop("kind"))
        if kind != "standing_lookalike":
            raise ValueError(f"kind must match const 'standing_lookalike', got '{kind}'")

        _made = class_(
            kind=kind,
        )

        return _made
