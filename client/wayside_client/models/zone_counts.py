from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.zone_count import ZoneCount


T = TypeVar("T", bound="ZoneCounts")


@_attrs_define
class ZoneCounts:
    """Answer of `query`: counts of the requested cameras.

    Attributes:
        rows_read (int):
        told_to_ms (int): End of the last reported bin; later bins ended too recently.
        zones (list[ZoneCount]):
        days_left_out (list[str] | Unset): Days not counted, because a request reads only so many rows.
    """

    rows_read: int
    told_to_ms: int
    zones: list[ZoneCount]
    days_left_out: list[str] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        rows_read = self.rows_read

        told_to_ms = self.told_to_ms

        zones = []
        for zones_item_data in self.zones:
            zones_item = zones_item_data.to_dict()
            zones.append(zones_item)

        days_left_out: list[str] | Unset = UNSET
        if not isinstance(self.days_left_out, Unset):
            days_left_out = self.days_left_out

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "rows_read": rows_read,
                "told_to_ms": told_to_ms,
                "zones": zones,
            }
        )
        if days_left_out is not UNSET:
            field_dict["days_left_out"] = days_left_out

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.zone_count import ZoneCount

        d = dict(src_dict)
        rows_read = d.pop("rows_read")

        told_to_ms = d.pop("told_to_ms")

        zones = []
        _zones = d.pop("zones")
        for zones_item_data in _zones:
            zones_item = ZoneCount.from_dict(zones_item_data)

            zones.append(zones_item)

        days_left_out = cast(list[str], d.pop("days_left_out", UNSET))

        _made = class_(
            rows_read=rows_read,
            told_to_ms=told_to_ms,
            zones=zones,
            days_left_out=days_left_out,
        )

        return _made
