from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Confirmation")


@_attrs_define
class Confirmation:
    """`confirms` false sends the order back to its technician.

    Attributes:
        confirms (bool | Unset):  Default: True.
        note (str | Unset):  Default: ''.
    """

    confirms: bool | Unset = True
    note: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        confirms = self.confirms

        note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if confirms is not UNSET:
            field_dict["confirms"] = confirms
        if note is not UNSET:
            field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        confirms = d.pop("confirms", UNSET)

        note = d.pop("note", UNSET)

        _made = class_(
            confirms=confirms,
            note=note,
        )

        return _made
