from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="Box")


@_attrs_define
class Box:
    """An axis-aligned rectangle in pixels, `x1`/`y1` exclusive.

    Attributes:
        x0 (int):
        x1 (int):
        y0 (int):
        y1 (int):
    """

    x0: int
    x1: int
    y0: int
    y1: int

    def to_dict(self) -> dict[str, Any]:
        x0 = self.x0

        x1 = self.x1

        y0 = self.y0

        y1 = self.y1

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "x0": x0,
                "x1": x1,
                "y0": y0,
                "y1": y1,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        x0 = d.pop("x0")

        x1 = d.pop("x1")

        y0 = d.pop("y0")

        y1 = d.pop("y1")

        _made = class_(
            x0=x0,
            x1=x1,
            y0=y0,
            y1=y1,
        )

        return _made
