from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="ZoneEntry")


@_attrs_define
class ZoneEntry:
    """A machine stands or drives with its wheels in a zone.

    Attributes:
        kind (Literal['zone_entry']):
        moving_only (bool | Unset): Only machines that the edge follows and that have a heading: a parked one raises no
            alarm. Default: False.
        polygon (list[list[float]] | None | Unset):
        zone (None | str | Unset):
    """

    kind: Literal["zone_entry"]
    moving_only: bool | Unset = False
    polygon: list[list[float]] | None | Unset = UNSET
    zone: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        kind = self.kind

        moving_only = self.moving_only

        polygon: list[list[float]] | None | Unset
        if isinstance(self.polygon, Unset):
            polygon = UNSET
        elif isinstance(self.polygon, list):
            polygon = []
            for polygon_type_0_item_data in self.polygon:
                polygon_type_0_item = []
                for polygon_type_0_item_item_data in polygon_type_0_item_data:
                    polygon_type_0_item_item: float
                    polygon_type_0_item_item = polygon_type_0_item_item_data
                    polygon_type_0_item.append(polygon_type_0_item_item)

                polygon.append(polygon_type_0_item)

        else:
            polygon = self.polygon

        zone: None | str | Unset
        if isinstance(self.zone, Unset):
            zone = UNSET
        else:
            zone = self.zone

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
            }
        )
        if moving_only is not UNSET:
            field_dict["moving_only"] = moving_only
        if polygon is not UNSET:
            field_dict["polygon"] = polygon
        if zone is not UNSET:
            field_dict["zone"] = zone

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        kind = cast(Literal["zone_entry"], d.pop("kind"))
        if kind != "zone_entry":
            raise ValueError(f"kind must match const 'zone_entry', got '{kind}'")

        moving_only = d.pop("moving_only", UNSET)

        def _parse_polygon(data: object) -> list[list[float]] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                polygon_type_0 = []
                _polygon_type_0 = data
                for polygon_type_0_item_data in _polygon_type_0:
                    polygon_type_0_item = []
                    _polygon_type_0_item = polygon_type_0_item_data
                    for polygon_type_0_item_item_data in _polygon_type_0_item:

                        def _parse_polygon_type_0_item_item(data: object) -> float:
                            return cast(float, data)

                        polygon_type_0_item_item = _parse_polygon_type_0_item_item(polygon_type_0_item_item_data)

                        polygon_type_0_item.append(polygon_type_0_item_item)

                    polygon_type_0.append(polygon_type_0_item)

                return polygon_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[list[float]] | None | Unset, data)

        polygon = _parse_polygon(d.pop("polygon", UNSET))

        def _parse_zone(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        zone = _parse_zone(d.pop("zone", UNSET))

        _made = class_(
            kind=kind,
            moving_only=moving_only,
            polygon=polygon,
            zone=zone,
        )

        return _made
