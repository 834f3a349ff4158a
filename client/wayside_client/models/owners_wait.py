from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="OwnersWait")


@_attrs_define
class OwnersWait:
    """`waits`: true while the owner has to act first.

    Attributes:
        waits (bool):
        note (str | Unset):  Default: ''.
    """

    waits: bool
    note: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        waits = self.waits

        note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "waits": waits,
            }
        )
        if note is not UNSET:
            field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        waits = d.pop("waits")

        note = d.pop("note", UNSET)

        _made = class_(
            waits=waits,
            note=note,
        )

        return _made
