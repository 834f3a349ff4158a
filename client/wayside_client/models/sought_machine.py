from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="SoughtMachine")


@_attrs_define
class SoughtMachine:
    """A machine of an observation: of the archive, or of a picture that the desk agent brought for this case.

    Attributes:
        index (int):
        row_key (str):
    """

    index: int
    row_key: str

    def to_dict(self) -> dict[str, Any]:
        index = self.index

        row_key = self.row_key

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "index": index,
                "row_key": row_key,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        index = d.pop("index")

        row_key = d.pop("row_key")

        _made = class_(
            index=index,
            row_key=row_key,
        )

        return _made
