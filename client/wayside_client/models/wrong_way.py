from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="WrongWay")


@_attrs_define
class WrongWay:
    """A machine goes against the direction of its lane.

    Attributes:
        kind (Literal['wrong_way']):
        heading_deg (float | None | Unset): Heading of the traffic in the polygon: 0 up, 90 right, 180 down.
        lane (None | str | Unset): Lane of the agent's configuration; None, without a polygon: any lane.
        polygon (list[list[float]] | None | Unset):
        tolerance_deg (float | Unset): Degrees off the heading of the traffic beyond which a machine goes the wrong way.
            Default: 100.0.
    """

    kind: Literal["wrong_way"]
    heading_deg: float | None | Unset = UNSET
    lane: None | str | Unset = UNSET
    polygon: list[list[float]] | None | Unset = UNSET
    tolerance_deg: float | Unset = 100.0

    def to_dict(self) -> dict[str, Any]:
        kind = self.kind

        heading_deg: float | None | Unset
        if isinstance(self.heading_deg, Unset):
            heading_deg = UNSET
        else:
            heading_deg = self.heading_deg

        lane: None | str | Unset
        if isinstance(self.lane, Unset):
            lane = UNSET
        else:
            lane = self.lane

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

        tolerance_deg = self.tolerance_deg

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
            }
        )
        if heading_deg is not UNSET:
            field_dict["heading_deg"] = heading_deg
        if lane is not UNSET:
            field_dict["lane"] = lane
        if polygon is not UNSET:
            field_dict["polygon"] = polygon
        if tolerance_deg is not UNSET:
            field_dict["tolerance_deg"] = tolerance_deg

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        kind = cast(Literal["wrong_way"], d.pop("kind"))
        if kind != "wrong_way":
            raise ValueError(f"kind must match const 'wrong_way', got '{kind}'")

        def _parse_heading_deg(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        heading_deg = _parse_heading_deg(d.pop("heading_deg", UNSET))

        def _parse_lane(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        lane = _parse_lane(d.pop("lane", UNSET))

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

        tolerance_deg = d.pop("tolerance_deg", UNSET)

        _made = class_(
            kind=kind,
            heading_deg=heading_deg,
            lane=lane,
            polygon=polygon,
            tolerance_deg=tolerance_deg,
        )

        return _made
