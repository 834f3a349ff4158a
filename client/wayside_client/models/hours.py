from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.week_span import WeekSpan


T = TypeVar("T", bound="Hours")


@_attrs_define
class Hours:
    """Spans in a local time zone, given as minutes ahead of UTC; without spans, at no time.

    Attributes:
        offset_minutes (int | Unset):  Default: 480.
        spans (list[WeekSpan] | Unset):
    """

    offset_minutes: int | Unset = 480
    spans: list[WeekSpan] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        offset_minutes = self.offset_minutes

        spans: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.spans, Unset):
            spans = []
            for spans_item_data in self.spans:
                spans_item = spans_item_data.to_dict()
                spans.append(spans_item)

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if offset_minutes is not UNSET:
            field_dict["offset_minutes"] = offset_minutes
        if spans is not UNSET:
            field_dict["spans"] = spans

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.week_span import WeekSpan

        d = dict(src_dict)
        offset_minutes = d.pop("offset_minutes", UNSET)

        _spans = d.pop("spans", UNSET)
        spans: list[WeekSpan] | Unset = UNSET
        if _spans is not UNSET:
            spans = []
            for spans_item_data in _spans:
                spans_item = WeekSpan.from_dict(spans_item_data)

                spans.append(spans_item)

        _made = class_(
            offset_minutes=offset_minutes,
            spans=spans,
        )

        return _made
