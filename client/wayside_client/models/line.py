from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="Line")


@_attrs_define
class Line:
    """A line that machines cross; seen from `start` to `end` they come from its left or from its right.

    Attributes:
        end (list[float]):
        start (list[float]):
    """

    end: list[float]
    start: list[float]

    def to_dict(self) -> dict[str, Any]:
        end = []
        for end_item_data in self.end:
            end_item: float
            end_item = end_item_data
            end.append(end_item)

        start = []
        for start_item_data in self.start:
            start_item: float
            start_item = start_item_data
            start.append(start_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "end": end,
                "start": start,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        end = []
        _end = d.pop("end")
        for end_item_data in _end:

            def _parse_end_item(data: object) -> float:
                return cast(float, data)

            end_item = _parse_end_item(end_item_data)

            end.append(end_item)

        start = []
        _start = d.pop("start")
        for start_item_data in _start:

            def _parse_start_item(data: object) -> float:
                return cast(float, data)

            start_item = _parse_start_item(start_item_data)

            start.append(start_item)

        _made = class_(
            end=end,
            start=start,
        )

        return _made
