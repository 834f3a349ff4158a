from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="MultiPolygon")


@_attrs_define
class MultiPolygon:
    """
    Attributes:
        coordinates (list[list[list[list[float]]]]):
        type_ (Literal['MultiPolygon']):
    """

    coordinates: list[list[list[list[float]]]]
    type_: Literal["MultiPolygon"]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        coordinates = []
        for coordinates_item_data in self.coordinates:
            coordinates_item = []
            for coordinates_item_item_data in coordinates_item_data:
                coordinates_item_item = []
                for coordinates_item_item_item_data in coordinates_item_item_data:
                    coordinates_item_item_item = []
                    for coordinates_item_item_item_item_data in coordinates_item_item_item_data:
                        coordinates_item_item_item_item: float
                        coordinates_item_item_item_item = coordinates_item_item_item_item_data
                        coordinates_item_item_item.append(coordinates_item_item_item_item)

                    coordinates_item_item.append(coordinates_item_item_item)

                coordinates_item.append(coordinates_item_item)

            coordinates.append(coordinates_item)

        type_ = self.type_

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "coordinates": coordinates,
                "type": type_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        coordinates = []
        _coordinates = d.pop("coordinates")
        for coordinates_item_data in _coordinates:
            coordinates_item = []
            _coordinates_item = coordinates_item_data
            for coordinates_item_item_data in _coordinates_item:
                coordinates_item_item = []
                _coordinates_item_item = coordinates_item_item_data
                for coordinates_item_item_item_data in _coordinates_item_item:
                    coordinates_item_item_item = []
                    _coordinates_item_item_item = coordinates_item_item_item_data
                    for coordinates_item_item_item_item_data in _coordinates_item_item_item:

                        def _parse_coordinates_item_item_item_item(data: object) -> float:
                            return cast(float, data)

                        coordinates_item_item_item_item = _parse_coordinates_item_item_item_item(
                            coordinates_item_item_item_item_data
                        )

                        coordinates_item_item_item.append(coordinates_item_item_item_item)

                    coordinates_item_item.append(coordinates_item_item_item)

                coordinates_item.append(coordinates_item_item)

            coordinates.append(coordinates_item)

        type_ = cast(Literal["MultiPolygon"], d.pop("type"))
        if type_ != "MultiPolygon":
            raise ValueError(f"type must match const 'MultiPolygon', got '{type_}'")

        _made = class_(
            coordinates=coordinates,
            type_=type_,
        )

        _made.additional_properties = d
        return _made

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
